/** Records that this user did not write here: looked at, never acted on, until they are taken over. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { contentHash } from '../../../src/base/contentHash.ts';
import { AdapterLedger } from '../../../src/finetune/serving/adapterLedger.ts';
import {
  foreignJob,
  jobFiles,
  readExit,
  readStart,
  writeExit,
  writeStart,
} from '../../../src/finetune/command/jobFolder.ts';
import { ownSeal, sealAt, sealUnder } from '../../../src/home/seal.ts';
import { sealedText } from '../../../src/home/sealedText.ts';
import { openMemo } from '../../../src/lm/memo.ts';
import { adoptMemo } from '../../../src/lm/memoAdopt.ts';
import { encodeLine } from '../../../src/lm/memoLine.ts';
import { MemoReader } from '../../../src/lm/memoReader.ts';
import { adoptAll } from '../../../src/run/adopt/adopt.ts';
import { findAdoptable, foreignRun, isNothing } from '../../../src/run/adopt/adoptable.ts';
import {
  comparisonFiles,
  comparisonsFolder,
  readComparisons,
  readOwnComparison,
} from '../../../src/run/compare/comparisonFolder.ts';
import { beginComparison, findSame } from '../../../src/run/compare/openComparison.ts';
import { readRunSoFar } from '../../../src/run/compare/cellOutcome.ts';
import { findPrunable, removePrunable } from '../../../src/run/prune/prune.ts';
import { requestCancel } from '../../../src/run/record/cancelRequest.ts';
import { createRun } from '../../../src/run/record/createRun.ts';
import { EventLog } from '../../../src/run/record/eventLog.ts';
import { ForeignRecord } from '../../../src/run/record/foreign.ts';
import { RunJournal } from '../../../src/run/record/journal.ts';
import { sealLog } from '../../../src/run/record/logSeal.ts';
import { isOwnHolder, lockHolder, tryLock } from '../../../src/run/record/lock.ts';
import { readManifest, readOwnManifest, writeManifest } from '../../../src/run/record/manifest.ts';
import { adaptersFolder, cacheFolder, listRuns, runFiles, runLocation } from '../../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../../src/run/record/runFolder.ts';
import { FileSpendLedger, readAccount, readSpent } from '../../../src/run/record/spendLedger.ts';
import {
  readLatticeRequest,
  readOwnStates,
  readStates,
  writeLatticeRequest,
  writeStates,
} from '../../../src/run/record/stateFile.ts';
import { adoptSeen, isAsSeen, keepSeen } from '../../../src/run/surroundings/seenByRun.ts';
import { SeenThings } from '../../../src/run/surroundings/seenThings.ts';
import { adoptionLines } from '../../../src/run/text/adoption.ts';
import { readRun } from '../../../src/run/reading/summary.ts';
import { sampleConfig as config } from '../../fakes/sampleConfig.ts';
import { temporaryFolder } from './folder.ts';
import { description, state, wholeRun } from './samples.ts';

const hashes = { train: { file: '/w/train.jsonl', sha256: 'aa' }, dev: null, test: null };
const states = { final: { prefix: 'p', state }, best: { prefix: 'p', state } };
const stranger = sealUnder(() => Buffer.alloc(32, 7));
const cost = (calls: number) => ({ calls, tokens: calls * 10, usd: calls / 100 });

/** A run with all that is sealed of it. */
async function ownRun() {
  const workspace = temporaryFolder();
  const run = await createRun(workspace, config, hashes, [], new Date(2020, 1, 1));
  await writeStates(run.folder, states);
  await writeLatticeRequest(run.folder, [{ prefix: 'w', state }]);
  const files = runFiles(run.folder);
  const ledger = new FileSpendLedger(files.spent, { spent: cost(1), jobs: new Map() });
  await ledger.hold(1, cost(2));
  ledger.settle(1, cost(1));
  ledger.charge('job', cost(3));
  ledger.close();
  return { workspace, run, files };
}

/** Its events, as a run writes them to its end. */
async function finish(workspace: string, run: RunLocation): Promise<void> {
  const memo = await openMemo(cacheFolder(workspace));
  const journal = await RunJournal.open({ workspace, run, memo, onEvent: () => undefined });
  for (const event of wholeRun) journal.append(event);
  journal.close();
  await memo.close();
}

/** As another person's file is, or one of a version that knew no seal. */
const unseal = (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace(/,\n {2}"seal": "\w+"/, ''));
const change = (file: string, from: string | RegExp, to: string) =>
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));

describe('a run', () => {
  it('of this user is their own, also when its workspace was renamed', async () => {
    const { workspace, run } = await ownRun();
    const renamed = `${workspace}-renamed`;
    renameSync(workspace, renamed);
    const { folder } = runLocation(renamed, run.id);
    expect((await readOwnManifest(folder)).asked.key).toBe(config.key);
    expect(await readOwnStates(folder)).toEqual(states);
    expect(await readLatticeRequest(folder)).toHaveLength(1);
    expect(readSpent(runFiles(folder).spent, true)).toMatchObject({ calls: 5 });
    expect(isNothing(await findAdoptable(renamed))).toBe(true);
  });

  it('of this user is not their own where it was copied into another workspace, until it is adopted', async () => {
    const { workspace, run } = await ownRun();
    const memo = await openMemo(cacheFolder(workspace));
    await memo.put(contentHash('asked'), 'answered');
    await memo.close();
    const other = temporaryFolder();
    cpSync(join(workspace, '.bettertogether'), join(other, '.bettertogether'), { recursive: true });
    const { folder } = runLocation(other, run.id);
    await expect(readOwnManifest(folder)).rejects.toThrow(ForeignRecord);
    await expect(readOwnStates(folder)).rejects.toThrow(ForeignRecord);
    expect(() => readSpent(runFiles(folder).spent, true)).toThrow('is damaged, was changed or cut off');
    expect(await new MemoReader(cacheFolder(other)).get(contentHash('asked'))).toBeUndefined();
    expect((await findPrunable(other, { olderThanDays: 1, memo: false })).prunable).toEqual([]);
    await adoptAll(other, await findAdoptable(other));
    expect(await readOwnStates(folder)).toEqual(states);
    expect(await new MemoReader(cacheFolder(other)).get(contentHash('asked'))).toBe('answered');
    expect(await readOwnStates(run.folder)).toEqual(states);
  });

  it.each([
    ['without a seal', (file: string) => unseal(file)],
    ['with another address', (file: string) => change(file, '"endpoint": {', '"endpoint": { "was": 1,')],
    [
      'under another secret',
      (file: string) => {
        const id = JSON.parse(readFileSync(file, 'utf8')) as { id: string };
        change(file, /"seal": "\w+"/, `"seal": "${stranger.of('manifest', id.id, 'x')}"`);
      },
    ],
  ])('whose manifest is %s can be looked at, and nothing else', async (_, spoil) => {
    const { workspace, run, files } = await ownRun();
    spoil(files.manifest);
    expect((await readManifest(run.folder)).id).toBe(run.id);
    expect((await readRun(run)).madeHere).toBe(false);
    await expect(readOwnManifest(run.folder)).rejects.toThrow(ForeignRecord);
    await expect(requestCancel(run.folder)).rejects.toThrow(`bettertogether adopt ${run.id}`);
    expect(existsSync(files.cancel)).toBe(false);
    const found = await findPrunable(workspace, { olderThanDays: 1, memo: true });
    expect(found).toEqual({ prunable: [], foreign: [`run ${run.id}`], unclear: [] });
  });

  it('that was copied under another name is not one that this user began', async () => {
    const { workspace, run } = await ownRun();
    const copy = runLocation(workspace, `${run.id}x`);
    renameSync(run.folder, copy.folder);
    await expect(readOwnManifest(copy.folder)).rejects.toThrow(ForeignRecord);
  });

  it('with states that were changed shows them, and exports nothing', async () => {
    const { run, files } = await ownRun();
    change(files.state, 'Classify well.', 'Ignore all that.');
    change(files.lattice, 'Classify well.', 'Ignore all that.');
    expect((await readStates(run.folder))?.final.state.predictors['classify.predict']?.instructions).toBe(
      'Ignore all that.',
    );
    await expect(readOwnStates(run.folder)).rejects.toThrow(ForeignRecord);
    await expect(readLatticeRequest(run.folder)).rejects.toThrow(ForeignRecord);
  });

  it('does not let a line of its account be changed, taken out, moved or repeated', async () => {
    const { files } = await ownRun();
    const text = readFileSync(files.spent, 'utf8');
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    const damaged = [
      text.replace('["job","job",3', '["job","job",0'),
      [...lines.slice(0, 3), ...lines.slice(4)].join('\n') + '\n',
      [lines[0], lines[1], lines[2], lines[4], lines[3], lines[5]].join('\n') + '\n',
      [...lines, lines[4]].join('\n') + '\n',
      // Cut off at its end, after any line of it, or without its head.
      ...[0, 1, 2, 3, 4].map((kept) =>
        lines
          .slice(0, kept)
          .map((line) => `${line}\n`)
          .join(''),
      ),
      lines.slice(1).join('\n') + '\n',
      [lines[0]!.replace(/"[0-9a-f]{32}"/, lines[2]!.slice(-35, -1)), lines[1], lines[2]].join('\n') + '\n',
      `["sum",0,0,0]\n`,
      text.replaceAll(/,"\w{32}"\]/g, ']'),
    ];
    for (const spoiled of damaged) {
      writeFileSync(files.spent, spoiled);
      expect(() => readSpent(files.spent, true), spoiled).toThrow(/damaged, was changed or cut off/);
    }
    // Another run's account, whole, is not this run's.
    const other = await ownRun();
    writeFileSync(files.spent, readFileSync(other.files.spent));
    expect(() => readSpent(files.spent, true)).toThrow(/damaged, was changed or cut off/);
  });

  it('whose account was deleted or cut off does not go on until it is taken over, and then counts from what is left', async () => {
    const { workspace, run, files } = await ownRun();
    await writeManifest(run.folder, { ...(await readOwnManifest(run.folder)), program: description });
    const log = new EventLog(files.events);
    const usage = { calls: 4, cached: 0, inputTokens: 0, outputTokens: 0, usd: 0 };
    log.append({ type: 'usage', usage, spent: cost(4) });
    log.close();
    expect(isNothing(await findAdoptable(workspace))).toBe(true);
    const whole = readFileSync(files.spent, 'utf8');
    for (const [spoil, left] of [
      [() => rmSync(files.spent), 4],
      [() => writeFileSync(files.spent, whole.slice(0, whole.indexOf('["held"'))), 4],
      [() => change(files.spent, /"\w{32}","\w{32}"\]/g, `"${'0'.repeat(32)}","${'0'.repeat(32)}"]`), 5],
    ] as const) {
      writeFileSync(files.spent, whole);
      spoil();
      expect(() => readSpent(files.spent, true)).toThrow(`bettertogether adopt ${run.id}`);
      const found = await findAdoptable(workspace);
      expect(found.runs.map((one) => one.run.id)).toEqual([run.id]);
      await adoptAll(workspace, found);
      expect(readSpent(files.spent, true).calls).toBe(left);
    }
  });

  it('has an account that is whole after each write, wherever it is killed', async () => {
    const { files } = await ownRun();
    const ledger = new FileSpendLedger(files.spent, readAccount(files.spent, true));
    await ledger.hold(1, cost(2));
    const before = readFileSync(files.spent, 'utf8');
    await ledger.hold(2, cost(4));
    const after = readFileSync(files.spent, 'utf8');
    ledger.close();
    const head = before.indexOf('["sum"');
    expect(after.slice(0, head)).not.toBe(before.slice(0, head));
    // The line is there and the head not yet; or half of the line.
    for (const [text, calls] of [
      [before, 7],
      // A head that was torn.
      [after.replace(before.slice(20, 40), '0'.repeat(20)), 11],
      [before.slice(0, head) + after.slice(head), 11],
      [before.slice(0, head) + after.slice(head, -9), 7],
      [after, 11],
      // A line whose seal a crash of the machine tore off, wholly or in part.
      [after.slice(0, -1), 11],
      [after.slice(0, -7), 11],
      [after.slice(0, -36), 11],
    ] as const) {
      writeFileSync(files.spent, text);
      expect(readSpent(files.spent, true).calls).toBe(calls);
    }
    const forged = after.replace(/\["held",2,4,/, '["held",2,1,').slice(0, -7);
    for (const text of [after.slice(0, -45), forged, `${after.split('\n').slice(0, 3).join('\n')}\n["free",1`]) {
      writeFileSync(files.spent, text);
      expect(() => readSpent(files.spent, true), text).toThrow(/damaged, was changed or cut off/);
    }
  });

  it('that finished has its result where its whole log is as it was written, and nowhere else', async () => {
    const { workspace, run, files } = await ownRun();
    await finish(workspace, run);
    const isOwn = async () => [(await readRunSoFar(run.folder))?.view.result != null, await foreignRun(run)];
    expect(await isOwn()).toEqual([true, null]);
    const [log, seal] = [files.events, files.logSeal].map((file) => readFileSync(file, 'utf8'));
    const other = await ownRun();
    await finish(other.workspace, other.run);
    for (const spoil of [
      () => change(files.events, '"best":"', '"best": "'),
      () => change(files.events, /"time":"20\d\d/, '"time":"2001'),
      () => writeFileSync(files.events, `${log}${log!.trimEnd().split('\n').at(-1)!}\n`),
      () => rmSync(files.logSeal),
      () => writeFileSync(files.logSeal, '{'.repeat(1_000_000)),
      () => writeFileSync(files.logSeal, readFileSync(other.files.logSeal)),
      () => unseal(files.logSeal),
    ]) {
      writeFileSync(files.events, log!);
      writeFileSync(files.logSeal, seal!);
      spoil();
      expect((await readRun(run)).status).toBe('finished');
      expect(await isOwn(), spoil.toString()).toMatchObject([false, { run }]);
    }
    await adoptAll(workspace, await findAdoptable(workspace));
    expect(await isOwn()).toEqual([true, null]);
  });

  it('that was killed between the seal of its log and its result has none yet, and is the user’s own', async () => {
    const { workspace, run, files } = await ownRun();
    await finish(workspace, run);
    const lines = readFileSync(files.events, 'utf8').trimEnd().split('\n');
    writeFileSync(files.events, lines.slice(0, -1).join('\n') + '\n');
    expect((await readRunSoFar(run.folder))?.view.result).toBeNull();
    expect(isNothing(await findAdoptable(workspace))).toBe(true);
  });

  it('is as old as its sealed log says; one that is not sealed as its file is', async () => {
    const { workspace, run, files } = await ownRun();
    const log = new EventLog(files.events, () => new Date(2020, 1, 2));
    log.append({ type: 'run.stopped', reason: 'cancelled', message: 'm' });
    log.close();
    const paths = async () =>
      (await findPrunable(workspace, { olderThanDays: 30, memo: false })).prunable.map(({ path }) => path);
    expect(await paths()).toEqual([]);
    sealLog(run.folder);
    expect(await paths()).toEqual([run.folder]);
    rmSync(files.logSeal);
    utimesSync(files.events, new Date(2020, 1, 3), new Date(2020, 1, 3));
    expect(await paths()).toEqual([run.folder]);
  });

  it('says what it read under a seal, else all counts as changed', async () => {
    const { workspace, files } = await ownRun();
    await keepSeen(files.reads, new SeenThings().all());
    expect(await isAsSeen(files.reads, workspace)).toBe(true);
    unseal(files.reads);
    expect(await isAsSeen(files.reads, workspace)).toBe(false);
    await adoptSeen(files.reads);
    expect(await isAsSeen(files.reads, workspace)).toBe(true);
  });

  it.each(['events.jsonl', 'manifest.json', 'cancel', 'traces/000001.jsonl', 'label.json'])(
    'that holds a link at %s is not read, and nothing is written through it',
    async (name) => {
      const { workspace, run } = await ownRun();
      const outside = join(temporaryFolder(), 'precious');
      writeFileSync(outside, 'precious');
      const place = join(run.folder, name);
      mkdirSync(join(place, '..'), { recursive: true });
      if (existsSync(place)) renameSync(place, `${outside}.json`);
      symlinkSync(existsSync(`${outside}.json`) ? `${outside}.json` : outside, place);
      await expect(readManifest(run.folder)).rejects.toThrow(/is a link/);
      await expect(requestCancel(run.folder)).rejects.toThrow(/is a link/);
      const { prunable } = await findPrunable(workspace, { olderThanDays: 1, memo: false });
      expect(prunable).toEqual([]);
      expect(readFileSync(outside, 'utf8')).toBe('precious');
    },
  );

  it.each(['.bettertogether', '.bettertogether/runs'])('behind a link at %s is none', async (link) => {
    const { workspace } = await ownRun();
    const hostile = temporaryFolder();
    mkdirSync(join(hostile, link, '..'), { recursive: true });
    symlinkSync(join(workspace, link), join(hostile, link));
    await expect(listRuns(hostile)).rejects.toThrow(/is a link/);
    await expect(findPrunable(hostile, { olderThanDays: 0, memo: true })).rejects.toThrow(/is a link/);
    await expect(createRun(hostile, config, hashes, [])).rejects.toThrow(/is a link/);
    expect(await listRuns(workspace)).toHaveLength(1);
  });

  it('whose manifest holds a million wrong values is told in a few lines', async () => {
    const { run, files } = await ownRun();
    const few = JSON.parse(readFileSync(files.manifest, 'utf8')) as object;
    writeFileSync(files.manifest, JSON.stringify({ ...few, consent: Array(1_000_000).fill(1) }));
    await expect(readManifest(run.folder)).rejects.toThrow(/holds more than 200000 values/);
    writeFileSync(files.manifest, JSON.stringify({ ...few, consent: Array(100_000).fill(1) }));
    const error = await readManifest(run.folder).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect((error as Error).message.split('\n').length).toBeLessThan(20);
    writeFileSync(files.manifest, '['.repeat(100_000));
    await expect(readManifest(run.folder)).rejects.toThrow(/nests without end/);
  });

  it('is never looked for outside of its folder', () => {
    for (const id of ['../x', '..', 'a/b', 'a\\b', '', '.x', '/etc', 'a\0b'])
      expect(() => runLocation('/w', id)).toThrow('is not the id of a run');
  });
});

describe('other records', () => {
  it('an adapter that a committed ledger names is neither loaded nor removed', async () => {
    const workspace = temporaryFolder();
    const ledger = new AdapterLedger(adaptersFolder(workspace), workspace);
    const victim = temporaryFolder();
    const entry = {
      v: 1 as const,
      model: 'm',
      name: 'm',
      base: 'b',
      folder: join(workspace, '.bettertogether', 'jobs', 'x', 'out'),
      served: victim,
      server: { kind: 'vllm' as const, endpoint: 'lab', baseURL: 'http://127.0.0.1:9/v1', apiKeyEnv: 'HOME' },
      created: '2020-01-01T00:00:00Z',
    };
    await ledger.put(entry);
    expect(await ledger.list()).toEqual([entry]);
    unseal(ledger.path(entry));
    expect(await ledger.find('m')).toBeNull();
    expect(await ledger.listForeign()).toEqual([entry]);
    const found = await findPrunable(workspace, { olderThanDays: 0, memo: false });
    expect(found).toEqual({ prunable: [], foreign: ['adapter m'], unclear: [] });
    // A name is a folder's, and leads into no other.
    for (const name of ['../../precious', 'a/b', '..', 'a..b', '.x']) {
      const file = join(adaptersFolder(workspace), 'hostile.json');
      writeFileSync(file, JSON.stringify({ ...entry, name, server: { ...entry.server, kind: 'embedded' } }));
      expect(
        (await ledger.listForeign()).map((one) => one.name),
        name,
      ).toEqual(['m']);
      rmSync(file);
    }
    // A sealed entry under another name is no other adapter.
    await ledger.put(entry);
    renameSync(ledger.path(entry), join(adaptersFolder(workspace), 'n.json'));
    expect(await ledger.list()).toEqual([]);
  });

  it('a training job that came with the folder starts nothing, and counts as none', async () => {
    const folder = join(temporaryFolder(), 'a'.repeat(32));
    await writeStart(folder, { v: 1, attempt: 1, command: ['touch', 'x'], cwd: '/', env: {} });
    await writeExit(folder, 1, { code: 0, signal: null });
    expect(await foreignJob(folder, dirname(folder))).toBeNull();
    unseal(jobFiles(folder).start);
    unseal(jobFiles(folder, 1).exit);
    expect([await readStart(folder), await readExit(folder, 1)]).toEqual([null, null]);
    expect((await foreignJob(folder, dirname(folder)))?.exit).toEqual({ code: 0, signal: null });
    // One that has not ended is nobody's to go on with: its command is somebody else's choice.
    rmSync(jobFiles(folder, 1).exit);
    expect(await foreignJob(folder, dirname(folder))).toBeNull();
    // What lies in the folder of an attempt before it begins is not taken for what it made.
    writeFileSync(join(jobFiles(folder, 1).out, 'adapter_config.json'), '{}');
    await writeStart(folder, { v: 1, attempt: 1, command: ['true'], cwd: '/', env: {} });
    expect(readdirSync(jobFiles(folder, 1).out)).toEqual([]);
    // Its own records of one attempt do not speak for another.
    await writeExit(folder, 1, { code: 0, signal: null });
    mkdirSync(jobFiles(folder, 2).attempt);
    renameSync(jobFiles(folder, 1).exit, jobFiles(folder, 2).exit);
    expect(await readExit(folder, 2)).toBeNull();
  });

  it('a lock is read neither through a link, nor from a pipe, nor whole where it is no lock', () => {
    const folder = temporaryFolder();
    const nobody = expect.objectContaining({ pid: 0 }) as unknown;
    symlinkSync('/dev/zero', join(folder, 'link.json'));
    writeFileSync(join(folder, 'large.json'), ' '.repeat(70_000) + '{"pid":1,"started":null,"host":"h","token":"t"}');
    for (const name of ['link.json', 'large.json']) expect(lockHolder(join(folder, name)), name).toEqual(nobody);
    if (process.platform === 'win32') return;
    execFileSync('mkfifo', [join(folder, 'pipe.json')]);
    expect(lockHolder(join(folder, 'pipe.json'))).toEqual(nobody);
  });

  it('no process is ended for a lock that somebody else wrote', () => {
    const file = join(temporaryFolder(), 'lock.json');
    tryLock(file);
    const holder = lockHolder(file)!;
    expect(isOwnHolder(holder)).toBe(true);
    expect(isOwnHolder({ ...holder, pid: holder.pid + 1 })).toBe(false);
    const { pid, started, host, token } = holder;
    expect(isOwnHolder({ pid, started, host, token })).toBe(false);
  });

  it('a comparison that came with the folder is shown, and not gone on with', async () => {
    const workspace = temporaryFolder();
    const question = { config, strategies: ['p'], seeds: [0], data: hashes };
    const open = await beginComparison(workspace, question, config.budget);
    await open.saveCell({ ...open.comparison.cells[0]!, run: 'r1', status: 'stopped' });
    await open.close();
    expect((await findSame(workspace, question))?.madeHere).toBe(true);
    const { folder } = open.location;
    change(comparisonFiles(folder).record, '"r1"', '"../../../elsewhere"');
    expect(await findSame(workspace, question)).toBeNull();
    expect(await readComparisons(workspace)).toMatchObject([{ madeHere: false }]);
    await expect(readOwnComparison(folder)).rejects.toThrow(ForeignRecord);
  });
});

describe('the memo', () => {
  const key = contentHash('k');

  it('takes no answer that somebody else put there, and loses none of its own to it', async () => {
    const folder = join(temporaryFolder(), 'cache');
    const memo = await openMemo(folder);
    await memo.put(key, 'mine');
    await memo.close();
    const later = Date.now() + 1e6;
    writeFileSync(join(folder, 'zzz-h-1-a.memo'), encodeLine(key, later, '"theirs"', stranger));
    writeFileSync(join(folder, 'zzy-h-1-a.memo'), encodeLine(contentHash('new'), later, '"theirs"', stranger));
    const again = await openMemo(folder);
    expect(await again.get(key)).toBe('mine');
    expect(await again.get(contentHash('new'))).toBeUndefined();
    // A key that others wrote first is this user's to put.
    await again.put(contentHash('new'), 'mine too');
    await again.close();
    expect(await (await openMemo(folder)).get(contentHash('new'))).toBe('mine too');
    expect(await new MemoReader(folder).get(contentHash('new'))).toBe('mine too');
    expect(await new MemoReader(folder, null).get(key)).toBe('theirs');
  });
});

describe('taking over', () => {
  it('asks again for what somebody else agreed to', async () => {
    const workspace = temporaryFolder();
    const run = await createRun(workspace, config, hashes, ['evil.example', 'AWS_SECRET to evil.example']);
    unseal(runFiles(run.folder).manifest);
    await adoptAll(workspace, await findAdoptable(workspace));
    expect((await readOwnManifest(run.folder)).consent).toEqual([]);
  });

  it('is stopped by no line of a memo that is none', async () => {
    const folder = join(temporaryFolder(), 'cache');
    mkdirSync(folder);
    const lines = ['{"a"', '['.repeat(1_000_000), '"good"'];
    const keys = ['bad', 'deep', 'good'].map(contentHash);
    const bytes = lines.map((json, i) => encodeLine(keys[i]!, 1, json, stranger));
    writeFileSync(join(folder, '000000001-ffffffff-1-a.memo'), Buffer.concat(bytes));
    expect(await adoptMemo(folder)).toBe(1);
    expect(await (await openMemo(folder)).get(keys[2]!)).toBe('good');
  });

  it('or going on leaves a run alone that a later version asked for more', async () => {
    const workspace = temporaryFolder();
    const run = await createRun(workspace, config, hashes, []);
    const { manifest: file } = runFiles(run.folder);
    unseal(file);
    const record = JSON.parse(readFileSync(file, 'utf8')) as Record<string, object>;
    const later = { ...record, versions: { ...record['versions'], bettertogether: '9.1.0' } };
    const write = (content: object): void =>
      writeFileSync(file, sealedText(sealAt(run.folder), 'manifest', run.id, content));
    write(later);
    expect((await readOwnManifest(run.folder)).id).toBe(run.id);
    write({ ...later, asked: { ...record['asked'], thinking: true } });
    const told =
      /begun by BetterTogether 9\.1\.0 and asks for "asked\.thinking", which this version \(.+\) does not know/;
    await expect(readOwnManifest(run.folder)).rejects.toThrow(told);
    unseal(file);
    const before = readFileSync(file, 'utf8');
    const { failed } = await adoptAll(workspace, await findAdoptable(workspace));
    expect(failed).toEqual([{ what: `run ${run.id}`, why: expect.stringMatching(told) as string }]);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('takes the youngest value of a key, in whatever segment it lies: a training job that has ended, not one that was meant', async () => {
    const folder = join(temporaryFolder(), 'cache');
    mkdirSync(folder);
    const job = contentHash('job');
    const lines = (...values: readonly (readonly [number, string])[]) =>
      Buffer.concat(values.map(([written, phase]) => encodeLine(job, written, JSON.stringify({ phase }), stranger)));
    writeFileSync(join(folder, '000000001-ffffffff-1-a.memo'), lines([1, 'intended'], [2, 'submitted'], [9, 'done']));
    writeFileSync(join(folder, '000000002-ffffffff-1-a.memo'), lines([3, 'submitted']));
    expect(await adoptMemo(folder)).toBe(1);
    expect(await (await openMemo(folder)).get(job)).toEqual({ phase: 'done' });
  });

  it('says what a run would use: addresses with their variables, files, commands', async () => {
    const workspace = temporaryFolder();
    const wire = { concurrency: 1, revision: null, prices: null };
    const endpoint = {
      kind: 'openai' as const,
      ...wire,
      name: 'evil',
      baseURL: 'https://evil.example/v1',
      apiKeyEnv: 'AWS_SECRET',
      loraServing: 'vllm' as const,
      fineTune: {
        ...{
          kind: 'command' as const,
          model: null,
          pollSeconds: 1,
          parentArguments: null,
          files: { 'nested.yml': 'text of it' },
        },
        ...{
          rowsFormat: 'messages' as const,
          command: ['sh', '-c', 'rm -r ~\u001B[2K', 'x'.repeat(3000), 'at the end'],
          env: { LD_PRELOAD: '/tmp/evil.so' },
          cwd: '/etc',
          folder: '/tmp/j',
        },
      },
    };
    const judge = { ...wire, name: 'judge', baseURL: 'https://judge.example', apiKeyEnv: 'JUDGE_KEY' };
    const hostile = {
      ...config,
      endpoint,
      services: [judge],
      data: { train: '/home/me/.ssh/id_rsa', dev: null, test: null },
    };
    const run = await createRun(workspace, hostile, hashes, []);
    unseal(runFiles(run.folder).manifest);
    const text = adoptionLines(await findAdoptable(workspace)).join('\n');
    expect(text).toMatch(/^Once taken over, what is listed below\n  would /);
    for (const part of [
      run.id,
      'https://evil.example/v1',
      'AWS_SECRET',
      'judge.example',
      'JUDGE_KEY',
      '/home/me/.ssh/id_rsa',
      "sh '-c' 'rm -r ~",
      "'at the end'",
      'LD_PRELOAD=/tmp/evil.so',
      'nested.yml',
      'text of it',
      '/etc',
      '/tmp/j',
    ])
      expect(text).toContain(part);
    expect(text).not.toContain('\u001B');
  });

  it('makes everything of an earlier version the user’s own', async () => {
    const { workspace, run, files } = await ownRun();
    const memo = await openMemo(cacheFolder(workspace));
    await memo.put(contentHash('a'), { answer: 1 });
    await memo.close();
    const [segment] = readdirSync(cacheFolder(workspace));
    // As it was before there were seals: all but the seal, with the checksum over the rest.
    const line = encodeLine(contentHash('old'), 5, '{"answer":2}', ownSeal());
    writeFileSync(join(cacheFolder(workspace), `${segment!.replace(/-\d+-/, `-${2 ** 22 + 1}-`)}`), withoutSeal(line));
    for (const file of [files.manifest, files.state, files.lattice]) unseal(file);
    change(files.spent, /^\["head".*\n/gm, '');
    change(files.spent, /,"\w{32}"\]/g, ']');
    const question = { config, strategies: ['p'], seeds: [0], data: hashes };
    const open = await beginComparison(workspace, question, config.budget);
    await open.saveCell({ ...open.comparison.cells[0]!, run: run.id, status: 'stopped' });
    await open.close();
    unseal(comparisonFiles(open.location.folder).record);
    expect(readdirSync(comparisonsFolder(workspace))).toHaveLength(1);
    const job = join(workspace, '.bettertogether', 'jobs', 'b'.repeat(32));
    await writeStart(job, { v: 1, attempt: 1, command: ['true'], cwd: '/', env: {} });
    await writeExit(job, 1, { code: 0, signal: null });
    for (const file of [jobFiles(job).start, jobFiles(job, 1).exit]) unseal(file);

    const found = await findAdoptable(workspace);
    expect([
      found.runs.length,
      found.comparisons.length,
      found.jobs.map(({ folder }) => folder),
      found.memo.segments,
    ]).toEqual([1, 1, [job], 1]);
    expect(await adoptAll(workspace, found)).toEqual({ answers: 1, failed: [] });

    expect(isNothing(await findAdoptable(workspace))).toBe(true);
    expect((await readOwnManifest(run.folder)).id).toBe(run.id);
    expect(await readOwnStates(run.folder)).toEqual(states);
    expect(await readLatticeRequest(run.folder)).toHaveLength(1);
    expect(readSpent(files.spent, true)).toMatchObject({ calls: 5, tokens: 50 });
    expect((await findSame(workspace, question))?.madeHere).toBe(true);
    expect(await readExit(job, 1)).toMatchObject({ code: 0 });
    const after = await openMemo(cacheFolder(workspace));
    expect([await after.get(contentHash('a')), await after.get(contentHash('old'))]).toEqual([
      { answer: 1 },
      { answer: 2 },
    ]);
    await after.close();
    const { prunable, foreign } = await findPrunable(workspace, { olderThanDays: 1, memo: false });
    expect([prunable.map(({ path }) => path), foreign]).toEqual([[run.folder], []]);
    await removePrunable(prunable);
    expect(existsSync(run.folder)).toBe(false);
  });
});

/** The line as versions without seals wrote it. */
function withoutSeal(line: Buffer): Buffer {
  const [key, written, length] = line.toString('utf8').split(' ');
  const json = line.toString('utf8').split(' ').slice(5).join(' ').trimEnd();
  const head = `${key!} ${written!} ${length!}`;
  return Buffer.from(`${head} ${crc32(json, crc32(head)).toString(16).padStart(8, '0')} ${json}\n`);
}
