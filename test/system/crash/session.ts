/** A run composed as the command line composes it, in this process: everything is real but the program's host. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FakeCall } from '../../fakes/fakeEndpoint.ts';
import { resolveProgram } from '../../../src/config/resolve.ts';
import { parseConfig } from '../../../src/config/load.ts';
import type { BudgetCaps, ResolvedProgram } from '../../../src/config/resolved.ts';
import type { LoggedEvent, RunResult } from '../../../src/protocol.ts';
import { startRun } from '../../../src/run/work/startRun.ts';
import { createRun } from '../../../src/run/record/createRun.ts';
import { loadProgramData } from '../../../src/run/data/loadData.ts';
import type { RunLocation } from '../../../src/run/record/runFolder.ts';

export interface ProjectOptions {
  readonly strategy?: string;
  readonly rows?: { readonly train: number; readonly dev: number; readonly test: number };
  readonly endpoint?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A workspace whose program is `FakeProgram` of the engine's tests: two predictors in a row. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'bettertogether-session-'));
  readonly config: Promise<ResolvedProgram>;

  constructor(baseURL: string, options: ProjectOptions = {}) {
    const { train, dev, test } = options.rows ?? { train: 10, dev: 4, test: 3 };
    writeFileSync(join(this.folder, 'program.ts'), 'export const Fake = null;\n');
    this.#rows('train', train);
    this.#rows('dev', dev);
    this.#rows('test', test);
    const entry = {
      program: 'program.ts#Fake',
      metric: 'exactMatch:answer',
      train: 'train.jsonl',
      dev: 'dev.jsonl',
      test: 'test.jsonl',
      endpoint: 'fake',
      model: 'base',
      strategy: options.strategy ?? 'p -> w -> p',
      sampling: { maxTokens: 16 },
      p: { candidates: 1, maxBootstrappedDemos: 1, maxLabeledDemos: 1, train: 4, validation: 4 },
      ...options.settings,
    };
    const fake = { kind: 'openai', baseURL, concurrency: 4, fineTune: { pollSeconds: 0.005 }, ...options.endpoint };
    const text = JSON.stringify({ programs: { fake: entry }, endpoints: { fake } });
    const file = join(this.folder, 'bettertogether.json');
    writeFileSync(file, text);
    const loaded = { workspace: this.folder, file, config: parseConfig(text, file) };
    this.config = resolveProgram(loaded, 'fake', {}, this.folder);
  }

  #rows(split: string, count: number): void {
    const rows = Array.from({ length: count }, (_, i) => ({ question: `${split} ${i}`, answer: `a ${split} ${i}` }));
    writeFileSync(join(this.folder, `${split}.jsonl`), rows.map((row) => JSON.stringify(row)).join('\n'));
  }

  /** Where a run keeps its things. */
  get state(): string {
    return join(this.folder, '.bettertogether');
  }

  async begin(): Promise<RunLocation> {
    const config = await this.config;
    return createRun(this.folder, config, (await loadProgramData(config)).hashes, []);
  }

  /** One session of a run, to its end. */
  async sit(run: RunLocation, options: SittingOptions = {}): Promise<RunResult> {
    const config = await this.config;
    return startRun(
      { workspace: this.folder, config, run, resumed: options.resumed ?? false, budget: options.caps ?? config.budget },
      {
        onEvent: (event) => options.events?.push(event),
        signal: options.signal ?? new AbortController().signal,
        log: () => undefined,
      },
    );
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface SittingOptions {
  readonly resumed?: boolean;
  readonly caps?: BudgetCaps;
  readonly events?: LoggedEvent[];
  readonly signal?: AbortSignal;
}

/** The LM behind it: the base model knows every third row, two of three with demos; a tuned one knows all. */
export function answerOf(call: FakeCall): string {
  const lines = call.prompt.split('\n');
  const [, split = '', id = ''] = /^(\w+) (\d+)$/.exec(lines.at(-1)!) ?? [];
  const shown = lines.length > 2;
  const number = Number(id);
  const knows = call.model !== 'base' || number % 3 === 0 || (shown && number % 3 === 1);
  return knows ? `a ${split} ${id}` : 'no idea';
}

/** What must not depend on how often and where a run was interrupted. */
export const essence = ({ scores, final, best, state }: RunResult) => ({ scores, final, best, state });
