/** A user's folder with a program, data and a fake endpoint, and the built command line run in it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FakeCall } from '../fakes/fakeEndpoint.ts';

const builtCli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Two predictors in a row; the second sees what the first said. */
export const twoInTypeScript = `import { Module, Predict } from 'bettertogether';

export class Two extends Module {
  hint = new Predict('question -> hint');
  answer = new Predict('question, hint -> answer');

  async forward({ question }: { question: string }) {
    const { hint } = await this.hint({ question });
    return this.answer({ question, hint });
  }
}
`;

const program = `${twoInTypeScript}
export const metric = (example: { answer: string }, prediction: { answer: string }) =>
  example.answer === prediction.answer;
`;

export interface WorkspaceOptions {
  readonly baseURL: string;
  readonly strategy?: string;
  readonly program?: string;
  /** Merged into the program's entry of `bettertogether.json`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly endpoint?: Readonly<Record<string, unknown>>;
  /** How many rows each split has, where a test is about something else. Default 40, 15 and 12. */
  readonly rows?: Readonly<Record<'train' | 'dev' | 'test', number>>;
  /** The program's name in `bettertogether.json`. Default `two`. */
  readonly entry?: string;
}

/** A command line that was begun. */
export interface Started {
  readonly child: ChildProcess;
  readonly done: Promise<Finished>;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Workspace {
  /** The command line that is run. */
  cli = builtCli;
  folder = mkdtempSync(join(tmpdir(), 'bettertogether-ws-'));

  constructor(options: WorkspaceOptions) {
    this.write('program.ts', options.program ?? program);
    for (const [split, count] of Object.entries(options.rows ?? { train: 40, dev: 15, test: 12 })) {
      const rows = Array.from({ length: count }, (_, id) => ({
        question: `${split} ${id}`,
        answer: `a ${split} ${id}`,
      }));
      this.write(`${split}.jsonl`, rows.map((row) => JSON.stringify(row)).join('\n'));
    }
    const entry = {
      program: 'program.ts#Two',
      metric: 'program.ts#metric',
      train: 'train.jsonl',
      dev: 'dev.jsonl',
      test: 'test.jsonl',
      inputs: ['question'],
      endpoint: 'fake',
      model: 'base',
      strategy: options.strategy ?? 'p -> w -> p',
      p: { candidates: 4, maxBootstrappedDemos: 2, maxLabeledDemos: 2, train: 12, validation: 20 },
      ...options.settings,
    };
    const fake = {
      kind: 'openai',
      baseURL: options.baseURL,
      concurrency: 8,
      fineTune: { pollSeconds: 0.05 },
      ...options.endpoint,
    };
    this.write(
      'bettertogether.json',
      JSON.stringify({ programs: { [options.entry ?? 'two']: entry }, endpoints: { fake } }),
    );
  }

  write(name: string, text: string): void {
    const file = join(this.folder, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }

  /** The user calls the folder otherwise. */
  rename(): void {
    const before = this.folder;
    this.folder = `${before}-renamed`;
    renameSync(before, this.folder);
  }

  /** The folder goes to another place. */
  moveTo(folder: string): void {
    renameSync(this.folder, folder);
    this.folder = folder;
  }

  /** A file gets another name. */
  move(file: string, name: string): void {
    renameSync(join(this.folder, file), join(this.folder, name));
  }

  /** Starts the command line; `done` settles when it has ended. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
    return startIn(this.folder, args, env, this.cli);
  }

  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
    return this.start(args, env).done;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts the built command line in a folder; `done` settles when it has ended. */
export function startIn(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cli: string = builtCli,
): Started {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString('utf8')));
  const done = new Promise<Finished>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  return { child, done };
}

/** The last line of `--json`. */
export function lastJson<T>({ stdout }: Finished): T {
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}

/**
 * The LM of the fake endpoint: it fills in the ChatAdapter's last output field. The base model knows every third row,
 * two of three when it is shown demos; a tuned one knows all.
 */
export function studentAnswer(call: FakeCall): string {
  const asked = call.messages.at(-1)!.content;
  const [, split, id] = /\[\[ ## question ## \]\]\n(\w+) (\d+)/.exec(asked) ?? [];
  const field = /starting with the field `\[\[ ## (\w+) ## \]\]`/.exec(asked)?.[1] ?? 'answer';
  const number = Number(id);
  const knows = call.model !== 'base' || number % 3 === 0 || (call.messages.length > 2 && number % 3 === 1);
  const value = field === 'hint' ? `hint for ${split} ${id}` : knows ? `a ${split} ${id}` : 'no idea';
  return `[[ ## ${field} ## ]]\n${value}\n\n[[ ## completed ## ]]`;
}
