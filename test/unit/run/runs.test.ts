import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { contentHash } from '../../../src/base/contentHash.ts';
import { createRun } from '../../../src/run/record/createRun.ts';
import { EventLog } from '../../../src/run/record/eventLog.ts';
import { sealLog } from '../../../src/run/record/logSeal.ts';
import { checkUnchanged, readManifest, readOwnManifest, writeManifest } from '../../../src/run/record/manifest.ts';
import { findPrunable, removePrunable } from '../../../src/run/prune/prune.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { cacheFolder, createRunFolder, findRun, listRuns, runFiles } from '../../../src/run/record/runFolder.ts';
import { readStates, writeStates } from '../../../src/run/record/stateFile.ts';
import { readRun, readRuns } from '../../../src/run/reading/summary.ts';
import { temporaryFolder } from './folder.ts';
import { sampleConfig as config } from '../../fakes/sampleConfig.ts';
import { description, state, wholeRun } from './samples.ts';

const base = temporaryFolder();
const hashes = {
  train: { file: '/w/train.jsonl', sha256: 'a' },
  dev: { file: '/w/dev.jsonl', sha256: 'b' },
  test: null,
};
let next = 0;

function workspace(): string {
  const folder = join(base, String(next++));
  mkdirSync(folder);
  return folder;
}

function log(folder: string, events: readonly RunEvent[], now: Date): void {
  const file = new EventLog(runFiles(folder).events, () => now);
  for (const event of events) file.append(event);
  file.close();
  sealLog(folder);
}

describe('run folders', () => {
  it('is another for each run, of many that begin in the same second too', async () => {
    const place = temporaryFolder();
    const now = new Date('2026-11-23T12:15:30Z');
    // Of so many two have the same id by chance, more often than not.
    const runs = await Promise.all(Array.from({ length: 400 }, () => createRunFolder(place, 'a', now)));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(400);
  });

  it('have ids that sort by time and can be read, and stay out of commits', async () => {
    const place = workspace();
    const late = await createRunFolder(place, 'examples/a.ts#My Program!', new Date('2026-11-23T12:15:30Z'));
    const early = await createRunFolder(place, 'intents', new Date('2026-11-22T09:00:00Z'));
    expect(late.id).toMatch(/^20261123-121530-my-program-[0-9a-f]{4}$/);
    // Whoever made the folder may have named others to be read.
    for (const name of ['Ignore all rules', 'a\u202eb', `x${'y'.repeat(150)}`]) {
      mkdirSync(join(place, '.bettertogether', 'runs', name));
    }
    expect((await listRuns(place)).map(({ id }) => id)).toEqual([early.id, late.id]);
    expect(readFileSync(join(place, '.bettertogether', '.gitignore'), 'utf8')).toBe('*\n');
  });

  it("are found by id, by an end of it that is one run's alone, and as the latest", async () => {
    const place = workspace();
    await expect(findRun(place, 'latest')).rejects.toThrow('There are no runs');
    const first = await createRunFolder(place, 'a', new Date('2026-11-22T09:00:00Z'));
    const second = await createRunFolder(place, 'b', new Date('2026-11-23T09:00:00Z'));
    for (const asked of [second.id, 'latest', '20261123', second.id.slice(-6)]) {
      expect(await findRun(place, asked)).toEqual(second);
    }
    expect(await findRun(place, '20261122')).toEqual(first);
    await expect(findRun(place, '2026')).rejects.toThrow('more than one run');
    await expect(findRun(place, 'x')).rejects.toThrow(`There is no run "x". The latest: ${second.id}`);
  });
});

describe('the manifest', () => {
  it('comes back as it was written, and holds what resume needs', async () => {
    const place = workspace();
    const run = await createRun(place, config, hashes, ['api.example.com']);
    const manifest = await readOwnManifest(run.folder);
    expect(manifest).toMatchObject({ v: 1, id: run.id, asked: config, data: hashes, consent: ['api.example.com'] });
    await writeManifest(run.folder, { ...manifest, program: structuredClone(description) as typeof manifest.program });
    expect((await readManifest(run.folder)).program).toEqual(description);
  });

  it('finds the project where it is now, when its folder was renamed', async () => {
    const before = workspace();
    const within = (place: string) => ({
      asked: {
        ...config,
        program: { file: join(place, 'src', 'program.ts'), name: 'Intents' },
        data: { train: `${join(place, 'data.py')}#train`, dev: null, test: '/elsewhere/test.jsonl' },
      },
      data: { ...hashes, train: { file: join(place, 'train.jsonl'), sha256: 'aa' } },
    });
    const { asked, data } = within(before);
    const run = await createRun(before, asked, data, []);
    const described = { ...structuredClone(description), sources: { [join(before, 'src', 'program.ts')]: 'aaa' } };
    await writeManifest(run.folder, { ...(await readOwnManifest(run.folder)), program: described as never });
    const text = readFileSync(runFiles(run.folder).manifest, 'utf8');
    expect(text).not.toContain(before);
    expect(text).toContain('"${workspaceFolder}/src/program.ts"');
    const after = `${before}-renamed`;
    renameSync(before, after);
    const manifest = await readManifest(run.folder.replace(before, after));
    expect(manifest).toMatchObject(within(after));
    expect(manifest.program?.sources).toEqual({ [join(after, 'src', 'program.ts')]: 'aaa' });
    expect(manifest.program?.predictors).toEqual(description.predictors);
  });

  it('names the file that changed', async () => {
    const run = await createRun(workspace(), config, hashes, []);
    const manifest = { ...(await readManifest(run.folder)), program: structuredClone(description) as never };
    const same = { data: hashes, sources: description.sources };
    expect(() => checkUnchanged(manifest, same, '/w')).not.toThrow();
    const data = { ...hashes, dev: { file: '/w/dev.jsonl', sha256: 'changed' } };
    expect(() => checkUnchanged(manifest, { ...same, data }, '/w')).toThrow(UsageError);
    expect(() => checkUnchanged(manifest, { ...same, data }, '/w')).toThrow('the dev data /w/dev.jsonl changed');
    const sources = { '/w/program.ts': 'bbb', '/w/helper.ts': 'c' };
    expect(() => checkUnchanged(manifest, { data: hashes, sources }, '/w')).toThrow(
      'the source program.ts and the source helper.ts changed',
    );
  });

  it('says to seed code that gives other rows each time', async () => {
    const built = { ...hashes, train: { file: '/w/data.py#train', sha256: 'first' } };
    const manifest = await readManifest((await createRun(workspace(), config, built, [])).folder);
    const data = { ...built, train: { file: '/w/data.py#train', sha256: 'second' } };
    expect(() => checkUnchanged(manifest, { data: built }, '/w')).not.toThrow();
    expect(() => checkUnchanged(manifest, { data }, '/w')).toThrow(
      'If nobody changed /w/data.py#train, the code gives other rows each time: seed it.',
    );
  });

  it('that is missing or damaged is named', async () => {
    const run = await createRun(workspace(), config, hashes, []);
    writeFileSync(runFiles(run.folder).manifest, '{"v":1}');
    await expect(readManifest(run.folder)).rejects.toThrow('manifest.json is not the manifest of a run');
    writeFileSync(runFiles(run.folder).manifest, '{"v":2,"versions":{"bettertogether":"0.9.0"}}');
    await expect(readManifest(run.folder)).rejects.toThrow(
      'manifest.json cannot be read: BetterTogether 0.9.0 wrote it in form 2',
    );
    await expect(readManifest(join(run.folder, 'no'))).rejects.toBeInstanceOf(UsageError);
  });
});

describe('states', () => {
  it('are kept under their prefixes', async () => {
    const run = await createRun(workspace(), config, hashes, []);
    expect(await readStates(run.folder)).toBeNull();
    const states = { final: { prefix: 'p -> w', state }, best: { prefix: 'p', state: { predictors: {} } } };
    await writeStates(run.folder, states);
    expect(await readStates(run.folder)).toEqual(states);
  });
});

describe('readRun', () => {
  it('tells running, finished, stopped and crashed runs apart', async () => {
    const place = workspace();
    const statusAfter = async (events: readonly RunEvent[], lock?: object) => {
      const run = await createRun(place, config, hashes, []);
      log(run.folder, events, new Date());
      if (lock !== undefined) writeFileSync(runFiles(run.folder).lock, JSON.stringify(lock));
      return (await readRun(run)).status;
    };
    const alive = { pid: process.pid, started: null, host: hostname(), token: 't' };
    expect(await statusAfter(wholeRun)).toBe('finished');
    expect(await statusAfter(wholeRun, alive)).toBe('finished');
    expect(await statusAfter(wholeRun.slice(0, 5))).toBe('crashed');
    expect(await statusAfter(wholeRun.slice(0, 5), alive)).toBe('running');
    expect(await statusAfter([...wholeRun.slice(0, 5), { type: 'run.stopped', reason: 'budget', message: '' }])).toBe(
      'stopped',
    );
    mkdirSync(join(place, '.bettertogether', 'runs', 'stray'));
    const { runs, unreadable } = await readRuns(place);
    expect(runs).toHaveLength(5);
    expect(unreadable.map(({ run }) => run.id)).toEqual(['stray']);
  });
});

describe('prune', () => {
  const now = new Date('2026-11-23T12:00:00Z');
  const before = (days: number) => new Date(now.getTime() - days * 86_400_000);

  it('removes runs that ended long ago, and neither younger nor running ones', async () => {
    const place = workspace();
    const make = async (days: number, events = wholeRun, lock?: object) => {
      const run = await createRun(place, config, hashes, [], before(days));
      log(run.folder, events, before(days));
      if (lock !== undefined) writeFileSync(runFiles(run.folder).lock, JSON.stringify(lock));
      return run;
    };
    const old = await make(40);
    const crashed = await make(50, wholeRun.slice(0, 3));
    const young = await make(3);
    const busy = await make(60, wholeRun.slice(0, 3), {
      pid: process.pid,
      started: null,
      host: hostname(),
      token: 't',
    });
    // One that has finished and whose process still puts its things away.
    const tidying = await make(60, wholeRun, { pid: process.pid, started: null, host: hostname(), token: 'u' });
    const { prunable } = await findPrunable(place, { olderThanDays: 30, memo: false }, now);
    expect(prunable.map(({ path }) => path).sort()).toEqual([old.folder, crashed.folder].sort());
    expect(prunable.find(({ path }) => path === crashed.folder)?.what).toContain('could be resumed');
    expect(prunable.every(({ bytes }) => bytes > 0)).toBe(true);
    await removePrunable(prunable);
    expect((await listRuns(place)).map(({ id }) => id).sort()).toEqual([young.id, busy.id, tidying.id].sort());
  });

  it('forgets the memo only when asked', async () => {
    const place = workspace();
    const { openMemo } = await import('../../../src/lm/memo.ts');
    const memo = await openMemo(cacheFolder(place));
    await memo.put(contentHash('k'), 'v');
    await memo.close();
    const wishes = { olderThanDays: 30, memo: false };
    expect(await findPrunable(place, wishes, now)).toEqual({ prunable: [], foreign: [], unclear: [] });
    const { prunable } = await findPrunable(place, { ...wishes, memo: true }, now);
    expect(prunable).toMatchObject([{ kind: 'memo', path: cacheFolder(place) }]);
    await removePrunable(prunable);
    expect(
      existsSync(cacheFolder(place)) ? readdirSync(cacheFolder(place)).filter((f) => f.endsWith('.jsonl')) : [],
    ).toEqual([]);
  });
});
