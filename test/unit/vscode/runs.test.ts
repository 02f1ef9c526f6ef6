import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TaskDefinition, Task as VsTask } from 'vscode';
import { messageOf } from '../../../src/base/errors.ts';
import { BudgetExhausted } from '../../../src/engine/errors.ts';
import { withCapAdvice } from '../../../src/run/work/advice.ts';
import { readLabel, writeLabel } from '../../../src/run/record/label.ts';
import { EventLog, readEvents } from '../../../src/run/record/eventLog.ts';
import { newManifest, writeManifest } from '../../../src/run/record/manifest.ts';
import { createRunFolder, runFiles } from '../../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../../src/run/record/runFolder.ts';
import { RunTail } from '../../../src/run/reading/runTail.ts';
import { workerOf } from '../../../src/run/reading/summary.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { ApiKeys } from '../../../src/vscode/keys/apiKeys.ts';
import type { Secrets } from '../../../src/vscode/keys/apiKeys.ts';
import { childEnvironment, runCli } from '../../../src/vscode/processes/childProcess.ts';
import { Dismissed } from '../../../src/vscode/base/errors.ts';
import { requireOwnRun } from '../../../src/vscode/session/adoption.ts';
import { notifyOfEnds } from '../../../src/vscode/views/notifier.ts';
import { isResumable } from '../../../src/editor/items/runItem.ts';
import type { RunItem } from '../../../src/editor/items/runItem.ts';
import { lastOutput, spawnDetached, spawnRun } from '../../../src/editor/processes/runProcess.ts';
import { ComparisonStore } from '../../../src/vscode/runs/comparisonStore.ts';
import { RunStarter } from '../../../src/vscode/runs/runStarter.ts';
import { RunStore } from '../../../src/vscode/runs/runStore.ts';
import { RunsView } from '../../../src/vscode/views/runsView.ts';
import { RunTaskProvider } from '../../../src/vscode/runs/runTask.ts';
import { RunTerminal } from '../../../src/vscode/runs/runTerminal.ts';
import { howItEnded, whatItReached, whatRuns } from '../../../src/editor/items/runText.ts';
import { runTreeItem } from '../../../src/vscode/views/runTreeItem.ts';
import { TaskRevealKind, fake, resetFake } from '../../fakes/fakeVscode.ts';
import { temporaryFolder } from '../run/folder.ts';
import { sampleConfig as config } from '../../fakes/sampleConfig.ts';
import { runWithGains, started, testedToo, wholeRun } from '../run/samples.ts';
import { runItem } from '../editor/samples.ts';
import type { Log } from '../../../src/vscode/base/log.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { editorHost } from '../../../src/vscode/tools/editorHost.ts';

beforeEach(resetFake);

const quiet = { warn: () => undefined };
const hashes = { train: { file: 'x', sha256: 'x' }, dev: null, test: null };

async function makeRun(root: string, events: readonly RunEvent[]): Promise<RunLocation> {
  const run = await createRunFolder(root, 'intents', new Date());
  await writeManifest(run.folder, newManifest(run.id, new Date(), config, hashes, []));
  append(run, events);
  return run;
}

function append(run: RunLocation, events: readonly RunEvent[]): void {
  const log = new EventLog(runFiles(run.folder).events);
  for (const event of events) log.append(event);
  log.close();
}

/** A command line that prints and then waits for a file to appear. */
function fakeCli(root: string, body: string): string {
  const file = join(root, 'cli.mjs');
  writeFileSync(file, body);
  return file;
}

describe('RunStore', () => {
  it('shows runs from their folders, takes in what is appended, and says once when one ends', async () => {
    const root = temporaryFolder();
    const run = await makeRun(root, wholeRun.slice(0, 4));
    // This process stands for the one that works on the run.
    const lock = { pid: process.pid, started: null, host: (await import('node:os')).hostname(), token: 't' };
    writeFileSync(runFiles(run.folder).lock, JSON.stringify(lock));
    const runs = new RunStore(() => [root], quiet);
    const ended: RunItem[] = [];
    runs.onDidEnd((item) => ended.push(item));
    await runs.refresh();
    expect(runs.get(run.folder)).toMatchObject({ status: 'running', label: {} });
    append(run, wholeRun.slice(4));
    await writeLabel(run.folder, { name: 'first try', note: 'small p' });
    await runs.refresh();
    expect(runs.get(run.folder)).toMatchObject({ status: 'finished', label: { name: 'first try' } });
    await runs.refresh();
    expect(ended).toHaveLength(1);
    runs.dispose();
  });

  it('knows a run whose process is gone, one that is starting, and forgets one that was removed', async () => {
    const root = temporaryFolder();
    const run = await makeRun(root, wholeRun.slice(0, 4));
    const runs = new RunStore(() => [root], quiet);
    await runs.refresh();
    expect(runs.all.map(({ status }) => status)).toEqual(['crashed']);
    expect(isResumable(runs.all[0]!)).toBe(true);
    (await import('node:fs')).rmSync(run.folder, { recursive: true });
    await runs.refresh();
    expect(runs.all).toEqual([]);
    runs.dispose();
  });
});

describe('a run of a later version', () => {
  it('is named in the Runs view, with what reads it, and nothing can be done with it', async () => {
    const root = temporaryFolder();
    const [own, later] = [await makeRun(root, wholeRun), await makeRun(root, wholeRun)];
    const { manifest } = runFiles(later.folder);
    const written = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, written.replace('"v": 1', '"v": 2'));
    const warned: string[] = [];
    const runs = new RunStore(() => [root], { warn: (text) => void warned.push(text) });
    const comparisons = new ComparisonStore(() => [root]);
    const view = new RunsView(runs, comparisons);
    await runs.refresh();
    expect(runs.all.map(({ run }) => run.id)).toEqual([own.id]);
    const items = view.getChildren().map((node) => view.getTreeItem(node));
    const item = items.find(({ label }) => label === later.id);
    expect(item).toMatchObject({ contextValue: 'laterRun' });
    expect(item).not.toHaveProperty('command');
    expect(item?.description).toMatch(/^of a later version/);
    expect(JSON.stringify(item?.tooltip)).toContain('update BetterTogether');
    expect(warned).toEqual([]);
    // After an update, or when somebody mends it.
    writeFileSync(manifest, written);
    await runs.refresh();
    expect([runs.all.length, runs.later.length]).toEqual([2, 0]);
    for (const part of [view, runs, comparisons]) part.dispose();
  });
});

describe('a run that came with the folder', () => {
  const unseal = (run: RunLocation): void => {
    const { manifest } = runFiles(run.folder);
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/,\n {2}"seal": "\w+"/, ''));
  };

  it('is in the list, and says nothing of its own when it seems to end', async () => {
    const root = temporaryFolder();
    const [own, foreign] = [await makeRun(root, wholeRun.slice(0, 4)), await makeRun(root, wholeRun.slice(0, 4))];
    unseal(foreign);
    const lock = { pid: process.pid, started: null, host: (await import('node:os')).hostname(), token: 't' };
    for (const run of [own, foreign]) writeFileSync(runFiles(run.folder).lock, JSON.stringify(lock));
    const runs = new RunStore(() => [root], quiet);
    const comparisons = new ComparisonStore(() => [root]);
    const notifier = notifyOfEnds(runs, comparisons);
    await runs.refresh();
    expect(runs.all.map(({ madeHere }) => madeHere).sort()).toEqual([false, true]);
    append(foreign, wholeRun.slice(4));
    await runs.refresh();
    await sleep(5);
    expect(fake.messages).toEqual([]);
    append(own, wholeRun.slice(4));
    await runs.refresh();
    await expect.poll(() => fake.messages).toHaveLength(1);
    expect(runTreeItem(runs.get(foreign.folder)!, 'inRuns').description).toContain('not yours');
    notifier.dispose();
    runs.dispose();
  });

  it('is taken over only by who is asked, in a workspace that is trusted', async () => {
    const root = temporaryFolder();
    const run = await makeRun(root, wholeRun.slice(0, 4));
    unseal(run);
    const runs = new RunStore(() => [root], quiet);
    await runs.refresh();
    const item = runs.get(run.folder)!;
    fake.trusted = false;
    await expect(requireOwnRun(item)).rejects.toThrow('not trusted');
    fake.trusted = true;
    await expect(requireOwnRun(item)).rejects.toThrow(Dismissed);
    await runs.refresh();
    expect(runs.get(run.folder)?.madeHere).toBe(false);
    fake.answers.push('Take Over');
    await requireOwnRun(item);
    expect(fake.messages.at(-1)).toContain('was not made by you on this machine');
    await runs.refresh();
    expect(runs.get(run.folder)?.madeHere).toBe(true);
    // One's own run asks nothing.
    await requireOwnRun(runs.get(run.folder)!);
    expect(fake.messages).toHaveLength(2);
    runs.dispose();
  });

  it.skipIf(process.platform === 'win32')('whose output is a link empties no file elsewhere', async () => {
    const root = temporaryFolder();
    const precious = join(root, 'precious');
    writeFileSync(precious, 'precious');
    symlinkSync(precious, join(root, 'output.log'));
    const cli = fakeCli(root, 'console.log("x")');
    const asked = { cli, cwd: root, args: [], env: process.env, output: join(root, 'output.log') };
    await expect(spawnDetached(asked)).rejects.toMatchObject({ code: 'ELOOP' });
    expect(readFileSync(precious, 'utf8')).toBe('precious');
  });

  it('in a folder behind a link hides no run of another folder', async () => {
    const [root, hostile] = [temporaryFolder(), temporaryFolder()];
    const run = await makeRun(root, wholeRun);
    symlinkSync(join(root, '.bettertogether'), join(hostile, '.bettertogether'));
    const warned: string[] = [];
    const runs = new RunStore(() => [hostile, root], { warn: (text: string) => void warned.push(text) });
    await runs.refresh();
    await runs.refresh();
    expect(runs.all.map(({ run: { folder } }) => folder)).toEqual([run.folder]);
    expect(warned).toEqual([expect.stringContaining('is a link')]);
    runs.dispose();
  });
});

describe('RunTail and labels', () => {
  it('reads on from where it stopped, and folds the whole', async () => {
    const run = await makeRun(temporaryFolder(), wholeRun.slice(0, 5));
    const tail = new RunTail(run.folder);
    expect(await tail.read()).toHaveLength(5);
    expect(await tail.read()).toEqual([]);
    append(run, wholeRun.slice(5));
    expect(await tail.read()).toHaveLength(wholeRun.length - 5);
    expect(tail.view.end).toBe('finished');
  });

  it('leaves out what need not be read', async () => {
    const run = await makeRun(temporaryFolder(), wholeRun);
    const { events, next } = await readEvents(runFiles(run.folder).events, 0, new Set(['example'] as const));
    const all = wholeRun.filter(({ type }) => type !== 'example');
    expect(events.map(({ type }) => type)).toEqual(all.map(({ type }) => type));
    expect(next).toBe(readFileSync(runFiles(run.folder).events).length);
  });

  it('gives no label where the file is damaged', async () => {
    const run = await makeRun(temporaryFolder(), []);
    writeFileSync(runFiles(run.folder).label, '{');
    expect(await readLabel(run.folder)).toEqual({});
  });
});

describe('the run process', () => {
  it('is detached, writes to the run folder, is known before it takes the lock, and gets no variable of VS Code', async () => {
    const root = temporaryFolder();
    const run = await makeRun(root, []);
    const cli = fakeCli(
      root,
      `import { existsSync } from 'node:fs';
       console.error(process.argv.slice(2).join(' '), process.env.LAB_KEY, process.env.VSCODE_PID, process.env.ELECTRON_RUN_AS_NODE);
       const timer = setInterval(() => { if (existsSync('go')) clearInterval(timer); }, 20);`,
    );
    const env = childEnvironment({ ...process.env, VSCODE_PID: '1', ELECTRON_NO_ASAR: '1' }, '/home', { LAB_KEY: 'k' });
    const { pid, exited } = await spawnRun(cli, root, run, env, ['--budget-usd', '3']);
    expect(workerOf(run)?.pid).toBe(pid);
    writeFileSync(join(root, 'go'), '');
    expect(await exited).toBe(0);
    expect(await lastOutput(runFiles(run.folder).output)).toBe(`resume ${run.id} --budget-usd 3 k undefined 1`);
    await expect.poll(() => workerOf(run)).toBeNull();
    expect(readFileSync(runFiles(run.folder).process, 'utf8')).not.toContain('LAB_KEY');
  });

  it('is not started where there is no trust', async () => {
    fake.trusted = false;
    const root = temporaryFolder();
    const runs = new RunStore(() => [root], quiet);
    const keys = new ApiKeys({
      get: () => Promise.resolve(undefined),
      store: () => Promise.resolve(),
      delete: () => Promise.resolve(),
    });
    const log = { info: () => undefined } as unknown as Log;
    const ready = () => Promise.resolve();
    const starter = new RunStarter({ ready, cli: '/none', environment: () => Promise.resolve({}), keys, runs, log });
    await expect(starter.start({ root, config, consent: [] })).rejects.toThrow('not trusted');
    await expect(starter.resume(runItem('a', { status: 'stopped' }))).rejects.toThrow('not trusted');
    expect(existsSync(join(root, '.bettertogether'))).toBe(false);
  });

  it('of an agent is started as a person’s is: allowed to ask, where spans go, and taken away where it may not be', async () => {
    const root = temporaryFolder();
    const row = JSON.stringify({ utterance: 'q', answer: 'a' });
    writeFileSync(join(root, 'rows.jsonl'), Array.from({ length: 12 }, () => row).join('\n'));
    const cli = fakeCli(root, `console.error(process.argv.slice(2).join(' '));`);
    fake.settings.set('otlp.url', 'http://127.0.0.1:4318');
    const runs = new RunStore(() => [root], quiet);
    const keys = new ApiKeys({ get: () => Promise.resolve(undefined) } as unknown as Secrets);
    const log = { info: () => undefined } as unknown as Log;
    const order: string[] = [];
    const ready = () => Promise.resolve(void order.push('ready'));
    const starter = new RunStarter({ ready, cli, environment: () => Promise.resolve(process.env), keys, runs, log });
    const host = editorHost({ starter, context: { extensionPath: root } } as unknown as Session);
    const file = join(root, 'rows.jsonl');
    const wanted = {
      ...{ root, consent: ['api.example.com'] },
      config: { ...config, data: { ...config.data, train: file, dev: null, test: null } },
      checked: ({ dev }: { readonly dev: readonly unknown[] }) =>
        Promise.resolve(void order.push(`${dev.length} rows`)),
    };
    const run = await host.start({ ...wanted, made: ({ id }) => Promise.resolve(void order.push(id)) });
    expect(order).toEqual(['ready', expect.stringMatching(/[1-9] rows/), run.id]);
    const said = () => readFileSync(runFiles(run.folder).output, 'utf8');
    await expect.poll(said).toMatch(/^resume .* --otlp http:\/\/127\.0\.0\.1:4318/);
    // What it said before it began stays to be read.
    await expect.poll(() => workerOf(run)).toBeNull();
    expect(said()).toContain(run.id);
    await expect(host.start({ ...wanted, made: () => Promise.reject(new Error('revoked')) })).rejects.toThrow(
      'revoked',
    );
    expect(readdirSync(join(root, '.bettertogether', 'runs'))).toEqual([run.id]);
  });

  it('says what a command line that failed said', async () => {
    const root = temporaryFolder();
    const cli = fakeCli(root, `console.error('one'); console.error('there is no program'); process.exitCode = 2;`);
    const lines: string[] = [];
    const failing = runCli(['evaluate'], { cli, cwd: root, env: process.env, onLine: (line) => lines.push(line) });
    await expect(failing).rejects.toThrow('one\nthere is no program');
    expect(lines).toEqual(['one', 'there is no program']);
  });
});

describe('a command line of ours that failed', () => {
  it('says its error alone, without the lines before it', async () => {
    const root = temporaryFolder();
    const failing = `console.error('3 calls to find out'); console.error('It failed.'); process.send({ failed: 'It failed.' });`;
    const cli = fakeCli(root, `${failing} process.exitCode = 1;`);
    const lines: string[] = [];
    const failed = runCli(['optimize'], { cli, cwd: root, env: process.env, onLine: (line) => lines.push(line) });
    await expect(failed).rejects.toThrow(/^It failed\.$/);
    expect(lines).toEqual(['3 calls to find out', 'It failed.']);
  });
});

describe('RunTerminal', () => {
  async function follow(run: RunLocation): Promise<{ readonly text: string; readonly code: number }> {
    let text = '';
    const terminal = new RunTerminal({
      begin: () => Promise.resolve(run),
      left: () => undefined,
      failed: (error) => {
        throw error;
      },
    });
    terminal.onDidWrite((written) => (text += written));
    const code = new Promise<number>((resolve) => terminal.onDidClose((value) => resolve(Number(value))));
    terminal.open({ columns: 100, rows: 30 });
    return { code: await code, text };
  }

  it('replays a finished run with its table, in lines that a terminal reads', async () => {
    const { text, code } = await follow(await makeRun(temporaryFolder(), wholeRun));
    expect(code).toBe(0);
    expect(text).toContain('p: prompt search on 140 examples\r\n');
    expect(text).toMatch(/p -> w +80\.0 \(70\.0–89\.0\)/);
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('ends with the code of the command line, and says how to go on', async () => {
    const stopped: RunEvent = { type: 'run.stopped', reason: 'budget', message: 'The cap of $1 is reached.' };
    const { text, code } = await follow(await makeRun(temporaryFolder(), [...wholeRun.slice(0, 4), stopped]));
    expect(code).toBe(3);
    expect(text).toContain('The cap of $1 is reached.');
    expect(text).toContain('Resume Run');
  });

  it('ends well for who cancelled it, and names what goes on with it in the editor', async () => {
    const message = 'The run was cancelled. `bettertogether resume 2026` goes on where it stopped.';
    const stopped: RunEvent = { type: 'run.stopped', reason: 'cancelled', message };
    const { text, code } = await follow(await makeRun(temporaryFolder(), [...wholeRun.slice(0, 4), stopped]));
    expect(code).toBe(0);
    expect(text).toContain('stopped: it was cancelled.');
    expect(text).toContain('Resume Run');
    expect(text).not.toContain('bettertogether resume');
  });

  it('shows what a process said that never began', async () => {
    const run = await makeRun(temporaryFolder(), []);
    writeFileSync(runFiles(run.folder).output, 'program.ts has no export "Intents".\n');
    expect(await follow(run)).toMatchObject({ code: 1, text: expect.stringContaining('has no export') as string });
  });

  it('leaves the run alone when it is closed', async () => {
    const run = await makeRun(temporaryFolder(), [started]);
    const lock = { pid: process.pid, started: null, host: (await import('node:os')).hostname(), token: 't' };
    writeFileSync(runFiles(run.folder).lock, JSON.stringify(lock));
    const left: RunLocation[] = [];
    const terminal = new RunTerminal({
      begin: () => Promise.resolve(run),
      left: (each) => left.push(each),
      failed: () => undefined,
    });
    terminal.open(undefined);
    await sleep(50);
    terminal.close();
    expect(left).toEqual([run]);
    expect(existsSync(runFiles(run.folder).cancel)).toBe(false);
  });
});

describe('RunTaskProvider', () => {
  const folder = { uri: { scheme: 'file', path: '/w', fsPath: '/w' }, name: 'w', index: 0 };
  const started: unknown[] = [];
  const provider = new RunTaskProvider({
    programs: () => Promise.resolve([{ folder: folder as never, root: '/w/sub', key: 'intents' }]),
    start: (root, definition) => {
      started.push([root, definition]);
      return Promise.reject(new Error('enough'));
    },
    follow: () => Promise.reject(new Error('enough')),
    left: () => undefined,
    failed: () => undefined,
  });

  it('offers a task per configured program', async () => {
    const [task] = await provider.provideTasks();
    expect(task).toMatchObject({
      name: 'optimize intents',
      definition: { type: 'bettertogether', program: 'intents', folder: 'sub' },
    });
  });

  it('gives back the very definition that it was asked to resolve, and nothing for one that says nothing', () => {
    const definition: TaskDefinition = { type: 'bettertogether', program: 'intents', strategy: 'p' };
    const asked = { definition, scope: folder, name: 'mine' } as unknown as VsTask;
    expect(provider.resolveTask(asked)?.definition).toBe(definition);
    expect(
      provider.resolveTask({ definition: { type: 'bettertogether' }, name: 'x' } as unknown as VsTask),
    ).toBeUndefined();
  });

  it('brings a terminal to the front only for who asks to follow a run', () => {
    const run = { id: 'a', folder: '/w/.bettertogether/runs/a' };
    const shown = provider.followTask(folder as never, '/w', run, 'a', true);
    expect(shown.presentationOptions.reveal).toBe(TaskRevealKind.Always);
    const silent = provider.followTask(folder as never, '/w', run, 'a', false);
    expect(silent.presentationOptions.reveal).toBe(TaskRevealKind.Silent);
  });

  it('starts what the definition says, in its folder', async () => {
    const definition = { type: 'bettertogether', program: 'intents', folder: 'sub', budget: { usd: 2 } };
    const task = provider.resolveTask({ definition, scope: folder, name: 'mine' } as unknown as VsTask);
    const { callback } = task!.execution as unknown as { callback(resolved: unknown): Promise<RunTerminal> };
    const terminal = await callback(definition);
    const closed = new Promise((resolve) => terminal.onDidClose(resolve));
    terminal.open(undefined);
    expect(await closed).toBe(1);
    expect(started).toEqual([['/w/sub', definition]]);
  });
});

describe('a run in words', () => {
  it('says what it does and what it reached', () => {
    expect(whatRuns(runItem('a', { events: [] }))).toBe('starting');
    expect(whatRuns(runItem('a', { events: wholeRun.slice(0, 2) }))).toBe('baseline: dev 1/40');
    expect(whatRuns(runItem('a', { events: wholeRun.slice(0, 8) }))).toBe('p: candidates, 0 of 2 done');
    expect(whatRuns(runItem('a', { events: wholeRun.slice(0, 17) }))).toBe('p -> w: training 5/75');
    expect(whatItReached(runItem('a'))).toBe('80.0 % (+30.0), 4 calls');
    expect(whatItReached(runItem('a', { events: [started] }))).toBe('');
  });

  it('tells a finish from a stop and from a failure', () => {
    expect(howItEnded(runItem('a', { label: { name: 'try' } }))).toEqual({
      kind: 'done',
      text: 'try: 80.0 % (+30.0), 4 calls; best on dev: p -> w.',
    });
    expect(howItEnded(runItem('a', { label: { name: 'try' }, events: runWithGains(40) })).text).toBe(
      'try: 80.0 % (+30.0, may be chance), 4 calls. p -> w scores +30.0 points against the baseline on 40 dev rows ' +
        '(95 % interval −10.0 to +70.0), which may be chance. It was chosen on these rows, which flatters it a little: ' +
        'rows under "test" would say more.',
    );
    const stopped = (reason: 'budget' | 'failed' | 'cancelled', message = 'm\u001B[31m'): RunItem =>
      runItem('a', { status: 'stopped', events: [started, { type: 'run.stopped', reason, message }] });
    const atCap = withCapAdvice(new BudgetExhausted('The cap of 9 calls is met.', 'calls'), 'resume');
    expect(howItEnded(stopped('budget', messageOf(atCap)))).toEqual({
      kind: 'stopped',
      text: expect.stringMatching(/stopped: The cap of 9 calls is met\.$/) as string,
    });
    expect(howItEnded(stopped('cancelled', '`bettertogether resume x` goes on')).text).toMatch(
      /stopped: it was cancelled\.$/,
    );
    expect(howItEnded(stopped('failed'))).toMatchObject({
      kind: 'failed',
      text: expect.not.stringContaining('\u001B') as string,
    });
    expect(howItEnded(runItem('a', { status: 'crashed', events: [started] })).kind).toBe('failed');
  });

  it('says in the tooltip whether its gain is real, and in the line no more than that it may be chance', () => {
    const item = runTreeItem(runItem('a', { events: testedToo(runWithGains(10)) }), 'inRuns');
    expect(item.tooltip).toContain(
      'p -> w scores +5.0 points against the baseline on 40 test rows (95 % interval −15.0 to +25.0), which may be chance.',
    );
    expect(item.description).not.toContain('interval');
    const atWork = runItem('a', { events: runWithGains(5).slice(0, 12), status: 'running' });
    expect(runTreeItem(atWork, 'inRuns').tooltip).toContain(
      'p is really better than the baseline on 40 dev rows, by 10.0 points (95 % interval +5.0 to +15.0).',
    );
    expect(runTreeItem(runItem('a'), 'inRuns').tooltip).not.toContain('interval');
  });

  it('tells the menus what can be done with it', () => {
    expect(runTreeItem(runItem('a'), 'inRuns').contextValue).toBe('run.finished.state');
    expect(runTreeItem(runItem('a', { status: 'running', states: null }), 'inRuns').contextValue).toBe('run.running');
    expect(runTreeItem(runItem('a', { label: { name: 'mine', note: 'a note' } }), 'inRuns')).toMatchObject({
      label: 'mine',
      tooltip: expect.stringContaining('a note') as string,
    });
  });
});
