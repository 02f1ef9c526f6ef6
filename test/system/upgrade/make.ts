/**
 * Makes a workspace with a build of before, for `upgrade.test.ts`:
 *
 *     git worktree add --detach <folder> <commit>     (and node_modules and `node scripts/build.mjs` there)
 *     node --import jiti/register test/system/upgrade/make.ts <folder> <name>
 *
 * It is kept as `test/fixtures/upgrade/<name>`: the workspace (`.bettertogether` as `records`), the home with the secret that its
 * records are sealed under, and `made.json`.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { answer, asked, endpointPort, here, latencyMs, madeBy, recordsName, unset } from './made.ts';
import type { Made } from './made.ts';

const program = `import { Module, Predict } from 'bettertogether';

export class Two extends Module {
  hint = new Predict('question -> hint');
  answer = new Predict('question, hint -> answer');

  async forward({ question }: { question: string }) {
    const { hint } = await this.hint({ question });
    return this.answer({ question, hint });
  }
}

export const metric = (example: { answer: string }, prediction: { answer: string }) =>
  example.answer === prediction.answer;
`;

const configuration = {
  programs: {
    two: {
      program: 'program.ts#Two',
      metric: 'program.ts#metric',
      train: 'train.jsonl',
      dev: 'dev.jsonl',
      test: 'test.jsonl',
      inputs: ['question'],
      endpoint: 'fake',
      model: 'base',
      strategy: 'p -> w -> p',
      p: { candidates: 2, maxBootstrappedDemos: 1, maxLabeledDemos: 1, train: 6, validation: 3 },
    },
  },
  // One call at a time: what is paid for does not depend on timing then.
  endpoints: {
    fake: {
      kind: 'openai',
      baseURL: `http://127.0.0.1:${endpointPort}/v1`,
      concurrency: 1,
      fineTune: { pollSeconds: 0.05 },
    },
  },
};

class Old {
  readonly folder = mkdtempSync(join(tmpdir(), 'bettertogether-old-'));
  readonly home = mkdtempSync(join(tmpdir(), 'bettertogether-old-home-'));
  readonly #cli: string;

  constructor(build: string) {
    this.#cli = join(build, 'dist/cli.js');
    writeFileSync(join(this.folder, 'program.ts'), program);
    writeFileSync(join(this.folder, 'bettertogether.json'), `${JSON.stringify(configuration, null, 2)}\n`);
    for (const [split, count] of [
      ['train', 9],
      ['dev', 3],
      ['test', 3],
    ] as const) {
      const rows = Array.from({ length: count }, (_, id) => ({
        question: `${split} ${id}`,
        answer: `a ${split} ${id}`,
      }));
      writeFileSync(join(this.folder, `${split}.jsonl`), `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
    }
  }

  start(args: readonly string[]) {
    return spawn(process.execPath, [this.#cli, ...args], {
      cwd: this.folder,
      env: {
        ...process.env,
        HOME: this.home,
        XDG_DATA_HOME: join(this.home, 'data'),
        BETTERTOGETHER_HOME: '',
        ...unset,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async run(args: readonly string[]): Promise<string> {
    const child = this.start(args);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString('utf8')));
    child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString('utf8')));
    const code = await new Promise((done) => child.on('close', done));
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}:\n${stderr}`);
    return stdout;
  }

  /** Kills the second search of a run once its tuned model has answered some calls; gives what was asked until then. */
  async interrupted(fake: FakeEndpoint): Promise<readonly string[]> {
    fake.reset();
    const known = new Set(fake.jobs.map(({ id }) => id));
    const child = this.start(['optimize', 'two', '--seed', '7', '--yes', '--json']);
    const closed = new Promise((done) => child.on('close', done));
    for (;;) {
      const tuned = fake.jobs.find(({ id }) => !known.has(id))?.model;
      if (tuned !== undefined && tuned !== null && fake.callsFor(tuned).length >= 12) break;
      if (child.exitCode !== null) throw new Error('The run was over before it could be interrupted.');
      await sleep(1);
    }
    child.kill('SIGKILL');
    await closed;
    return asked(fake);
  }

  runs(): readonly string[] {
    return readdirSync(join(this.folder, '.bettertogether', 'runs')).sort();
  }
}

const lastLine = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1)!);

type Scores = Made['scores'];

/** The runs before the interrupted one, which is told apart by the new folder. */
async function begin(
  old: Old,
  fake: FakeEndpoint,
): Promise<{
  finished: string;
  scores: Scores;
  comparison: string;
  before: readonly string[];
  paid: readonly string[];
}> {
  const { run, scores } = lastLine(await old.run(['optimize', 'two', '--yes', '--json'])) as {
    run: string;
    scores: Scores;
  };
  const paid = asked(fake);
  await old.run(['export', run, '--format', 'json', '--out', 'state.json']);
  await old.run(['export', run, '--format', 'dspy', '--out', 'state.dspy.json']);
  await old.run(['compare', 'two', '--strategies', 'p,w', '--seeds', '3', '--yes', '--json']);
  const [comparison] = readdirSync(join(old.folder, '.bettertogether', 'comparisons'));
  return { finished: run, scores, comparison: comparison!, before: old.runs(), paid };
}

async function make(build: string, name: string): Promise<void> {
  const fake = await startFakeEndpoint({ answer, latencyMs, port: endpointPort });
  const aside = new Old(build);
  await begin(aside, fake);
  fake.reset();
  const undisturbed = lastLine(await aside.run(['optimize', 'two', '--seed', '7', '--yes', '--json'])) as {
    scores: Scores;
  };
  const calls = fake.counters.answered;
  await fake.close();

  const again = await startFakeEndpoint({ answer, latencyMs, port: endpointPort });
  const old = new Old(build);
  const { finished, scores, comparison, before, paid } = await begin(old, again);
  const interruptedPaid = await old.interrupted(again);
  const interrupted = old.runs().find((run) => !before.includes(run))!;
  const made: Made = {
    version: (await old.run(['--version'])).trim(),
    commit: execFileSync('git', ['rev-parse', 'HEAD'], { cwd: build, encoding: 'utf8' }).trim(),
    tuned: again.jobs.flatMap(({ model }) => model ?? []),
    runs: { finished, interrupted },
    comparison,
    scores,
    paid: { finished: paid, interrupted: interruptedPaid },
    undisturbed: { calls, scores: undisturbed.scores },
    workspace: workspaceOf(old),
  };
  await again.close();
  keep(old, name, made);
  for (const folder of [aside.folder, aside.home, old.folder, old.home])
    rmSync(folder, { recursive: true, force: true });
}

const homeOf = (old: Old): string => join(old.home, 'data', 'bettertogether');

/** The workspace as the old home knows it; `null`: builds before seals know none. */
function workspaceOf(old: Old): string | null {
  const known = join(homeOf(old), 'workspaces');
  if (!existsSync(known)) return null;
  const [file] = readdirSync(known);
  return (JSON.parse(readFileSync(join(known, file!), 'utf8')) as { id: string }).id;
}

function keep(old: Old, name: string, made: Made): void {
  const to = madeBy(name);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  cpSync(old.folder, join(to, 'workspace'), { recursive: true });
  renameSync(join(to, 'workspace', recordsName.there), join(to, 'workspace', recordsName.kept));
  rmSync(join(to, 'workspace', recordsName.kept, '.gitignore'), { force: true });
  const secret = join(homeOf(old), 'secret');
  if (existsSync(secret)) cpSync(secret, join(to, 'secret'));
  writeFileSync(join(to, 'made.json'), `${JSON.stringify(made, null, 2)}\n`);
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const text = readFileSync(file, 'utf8');
    if (entry.name === 'lock.json') writeFileSync(file, text.replace(JSON.stringify(hostname()), JSON.stringify(here)));
    else if (entry.name !== 'made.json' && text.includes(old.folder)) throw new Error(`${file} names its folder.`);
  }
}

const [build, name] = process.argv.slice(2);
if (build === undefined || name === undefined) throw new Error('make.ts <folder of a build> <name>');
await make(resolve(build), name);
