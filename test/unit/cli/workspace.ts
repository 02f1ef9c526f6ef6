import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../../src/cli/base/context.ts';
import { main } from '../../../src/cli/main.ts';
import type { RunHooks, RunRequest } from '../../../src/run/work/request.ts';
import type { RunEvent, RunResult, Usage } from '../../../src/protocol.ts';
import { EventLog } from '../../../src/run/record/eventLog.ts';
import { sealLog } from '../../../src/run/record/logSeal.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { writeStates } from '../../../src/run/record/stateFile.ts';
import { temporaryFolder } from '../run/folder.ts';
import { result, state, wholeRun } from '../run/samples.ts';

const lab = {
  kind: 'openai',
  baseURL: 'https://api.example.com/v1',
  fineTune: { baseURL: 'https://train.example.com/v1' },
};
const local = { kind: 'openai', baseURL: 'http://127.0.0.1:8000/v1' };

/** A folder with a program, its data and a configuration for three endpoints; removed after the file's tests. */
export function makeWorkspace(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'program.ts'), 'export class Intents {}\n');
  const rows = Array.from({ length: 20 }, (_, i) => JSON.stringify({ utterance: `say ${i}`, answer: 'home' }));
  for (const split of ['train', 'dev', 'test']) writeFileSync(join(folder, `${split}.jsonl`), `${rows.join('\n')}\n`);
  const entry = {
    program: 'program.ts#Intents',
    metric: 'exactMatch:answer',
    train: 'train.jsonl',
    dev: 'dev.jsonl',
    strategy: 'p -> w',
  };
  const programs = {
    intents: entry,
    remote: { ...entry, endpoint: 'lab', model: 'm', budget: { calls: 1000 } },
    promptsOnly: { ...entry, endpoint: 'lab', model: 'm', strategy: 'p' },
    local: { ...entry, endpoint: 'local', model: 'm' },
  };
  const priced = { ...local, prices: { '*': { input: 1, output: 2 } } };
  const config = { programs, endpoints: { lab, local, priced } };
  writeFileSync(join(folder, 'bettertogether.json'), JSON.stringify(config, null, 2));
  return folder;
}

export interface Wishes {
  /** What `startRun` logs, and how it ends. */
  readonly events?: readonly RunEvent[];
  readonly fails?: Error;
  readonly startRun?: (request: RunRequest, hooks: RunHooks) => Promise<RunResult>;
  readonly compose?: Partial<Context['compose']>;
  readonly serve?: Context['serve'];
  readonly interactive?: boolean;
  readonly live?: boolean;
  readonly answer?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Calls this once a handler for Ctrl-C is there. */
  readonly interrupt?: (press: () => void) => void;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly started: readonly RunRequest[];
  readonly questions: readonly string[];
  readonly killed: readonly number[];
  readonly spent: readonly Usage[];
}

/** Runs a command line against a composition that only writes the log it is told to. */
export async function cli(cwd: string, args: readonly string[], wishes: Wishes = {}): Promise<Ran> {
  const seen = {
    out: '',
    err: '',
    started: [] as RunRequest[],
    questions: [] as string[],
    killed: [] as number[],
    spent: [] as Usage[],
  };
  const context: Context = {
    terminal: {
      out: (text) => void (seen.out += String(text)),
      err: (text) => void (seen.err += String(text)),
      interactive: wishes.interactive ?? false,
      live: wishes.live ?? false,
      columns: () => 100,
      failed: () => undefined,
      spent: (usage) => void seen.spent.push(usage),
      confirm: (question) => {
        seen.questions.push(String(question));
        return Promise.resolve(wishes.answer ?? false);
      },
      cwd,
      env: wishes.env ?? {},
      onInterrupt: (handler) => {
        wishes.interrupt?.(handler);
        return () => undefined;
      },
      kill: (code) => void seen.killed.push(code),
    },
    compose: {
      startRun: (request, hooks) => {
        seen.started.push(request);
        return (wishes.startRun ?? recorded(wishes))(request, hooks);
      },
      planRun: () => Promise.reject(new Error('not asked for')),
      evaluateOnce: () => Promise.reject(new Error('not asked for')),
      showPrompt: () => Promise.reject(new Error('not asked for')),
      reportEndpoint: () => Promise.reject(new Error('not asked for')),
      examine: () => {
        throw new Error('not asked for');
      },
      ...wishes.compose,
    },
    serve: wishes.serve ?? (() => Promise.resolve(0)),
  };
  return { code: await main(args, context), ...seen };
}

/** Writes a log as a run does, under the run's own name. */
function recorded({ events = wholeRun, fails }: Wishes) {
  return async ({ run }: RunRequest, hooks: RunHooks): Promise<RunResult> => {
    const log = new EventLog(runFiles(run.folder).events);
    const own = { ...result, run: run.id };
    for (const event of events) {
      if (event.type === 'run.finished') hooks.onEvent(log.append({ ...event, result: own }));
      else hooks.onEvent(log.append(event.type === 'run.started' ? { ...event, run: run.id } : event));
    }
    log.close();
    sealLog(run.folder);
    if (fails !== undefined) throw fails;
    await writeStates(run.folder, {
      final: { prefix: 'p -> w', state },
      best: { prefix: 'p', state: { predictors: {} } },
    });
    return own;
  };
}

/** A workspace with a run that has finished. */
export async function finishedRun() {
  const place = makeWorkspace();
  const { started } = await cli(place, ['optimize', 'intents']);
  return { place, run: started[0]!.run };
}
