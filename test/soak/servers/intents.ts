/** The example `intents` in a folder of its own, in a slice that takes minutes, at an endpoint of a test's. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'jsonc-parser';
import * as z from 'zod';
import { policyUpdatedSchema, resultSchema } from '../../../src/protocol.ts';
import type { BaseModel } from './baseModel.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

const scoreSchema = z.object({ score: z.number(), low: z.number(), high: z.number() });

/** Rows that are kept of each split. */
const rows = { train: 40, dev: 40, test: 6 } as const;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Intents {
  readonly folder = mkdtempSync(join(tmpdir(), 'bt-servers-'));

  /**
   * @param endpoint the block of the endpoint `server` in `bettertogether.json`.
   * @param settings of the program, before the example's own.
   */
  constructor(base: BaseModel, endpoint: object, settings: object = {}) {
    const examples = join(this.folder, 'examples', 'intents');
    cpSync(join(repository, 'examples', 'intents'), examples, { recursive: true });
    for (const [split, count] of Object.entries(rows)) {
      const file = join(examples, `${split}.jsonl`);
      writeFileSync(file, readFileSync(file, 'utf8').split('\n').slice(0, count).join('\n'));
    }
    const config = parse(readFileSync(join(repository, 'bettertogether.json'), 'utf8')) as {
      programs: { intents: { p: object; w: object } };
    };
    const { intents } = config.programs;
    const program = {
      ...intents,
      ...{ endpoint: 'server', model: base.name, metric: 'exactMatch:answer' },
      p: { ...intents.p, candidates: 2, rounds: 2, train: 16, validation: 16 },
      w: { ...intents.w, rounds: 2, epochs: 2 },
      steps: { grpo: { kind: 'grpo', updates: 3, evaluateEvery: 3 } },
      ...settings,
    };
    const server = { kind: 'openai', concurrency: 16, fineTune: commandOf(base), ...endpoint };
    const endpoints = { server, embedded: { kind: 'embedded' } };
    writeFileSync(
      join(this.folder, 'bettertogether.json'),
      JSON.stringify({ programs: { intents: program }, endpoints }),
    );
  }

  /** The built command line. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const child = spawn(process.execPath, [join(repository, 'dist', 'cli.js'), ...args], {
      ...{ cwd: this.folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
  }

  /** @throws Error with all that was printed, where it does not end well. */
  async optimize(strategy: string, env: NodeJS.ProcessEnv = {}) {
    return resultSchema.parse(await this.json(['optimize', 'intents', '--strategy', strategy, '--yes', '--json'], env));
  }

  /** What the log of a run says of its policy updates. */
  policyUpdates(run: string) {
    const log = readFileSync(join(this.folder, '.bettertogether', 'runs', run, 'events.jsonl'), 'utf8');
    const events: unknown[] = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    return events.flatMap((event) => policyUpdatedSchema.safeParse(event).data ?? []);
  }

  /** Of the latest run, as a file. */
  async exportState(name: string): Promise<string> {
    const file = join(this.folder, name);
    const { code, stderr } = await this.run(['export', 'latest', '--format', 'json', '--out', file]);
    if (code !== 0) throw new Error(stderr);
    return file;
  }

  /** Score on the dev rows, per cent, with its interval. @param state a file; `null`: the program as written. */
  async evaluate(
    endpoint: string,
    state: string | null = null,
    more: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ) {
    const of = state === null ? [] : ['--state', state];
    const args = ['evaluate', 'intents', '--endpoint', endpoint, ...of, ...more, '--yes', '--json'];
    return scoreSchema.parse(await this.json(args, env));
  }

  private async json(args: readonly string[], env: NodeJS.ProcessEnv): Promise<unknown> {
    const { code, stdout, stderr } = await this.run(args, env);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}:\n${stderr}\n${stdout.slice(-4000)}`);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as unknown;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Our own trainer as the `command` back end, as docs/training-back-ends.md shows it. */
function commandOf({ python, sources, file }: BaseModel): object {
  const steps = ['--epochs', '{epochs}', '--learning-rate', '{learningRate}', '--schedule', '{schedule}'];
  const lora = ['--rank', '{rank}', '--alpha', '{alpha}', '--targets', '{targets}', '--seed', '{seed}'];
  const command = [
    ...[python, '-m', 'bettertogether_trainer.once', '--model', '{model}', '--rows', '{rows}', '--out', '{out}'],
    ...[...steps, '--batch-size', '{batchSize}', ...lora],
  ];
  return {
    ...{ kind: 'command', model: file, rowsFormat: 'apart', parentArguments: ['--parent', '{parent}'], pollSeconds: 1 },
    command,
    commands: {
      dpo: [...command, '--method', 'dpo', '--beta', '{beta}'],
      grpo: [...command, '--method', 'grpo', '--clip', '{clipLow}', '{clipHigh}'],
    },
    env: { PYTHONPATH: sources, PYTHONDONTWRITEBYTECODE: '1' },
  };
}
