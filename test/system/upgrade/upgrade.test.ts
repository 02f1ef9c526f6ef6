/** Workspaces of earlier builds (`test/fixtures/upgrade`), opened by this one: looked at, resumed, repeated, compared, exported. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/protocol.ts';
import { resultSchema } from '../../../src/protocol.ts';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { dspyPython, two } from '../dspyPython.ts';
import { lastJson } from '../workspace.ts';
import type { Finished } from '../workspace.ts';
import { answer, asked, endpointPort } from './made.ts';
import type { Made } from './made.ts';
import { OldWorkspace } from './oldWorkspace.ts';

let old: OldWorkspace;
let fake: FakeEndpoint;

async function open(build: string, whose: 'own' | 'copied' = 'own'): Promise<void> {
  old = new OldWorkspace(build, whose);
  // The jobs that were sent then are forgotten there: one that is asked for again is seen.
  fake = await startFakeEndpoint({ answer, port: endpointPort, models: ['base', ...old.made.tuned] });
}

afterEach(async () => {
  old.dispose();
  await fake.close();
});

async function done(...args: readonly string[]): Promise<Finished> {
  const finished = await old.run(args);
  expect(finished.code, `${args.join(' ')}: ${finished.stderr}`).toBe(0);
  return finished;
}

async function refused(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await old.run(args);
  expect(code, `${args.join(' ')}: ${stdout}`).not.toBe(0);
  return stderr.replaceAll(/\s+/g, ' ');
}

/** How many of these requests were made again since the endpoint was last reset. */
const repeated = (before: readonly string[]): number =>
  asked(fake).filter((request) => before.includes(request)).length;

const scoresOf = ({ scores }: RunResult): Made['scores'] =>
  Object.fromEntries(Object.entries(scores).map(([step, { dev, test }]) => [step, { dev, test }]));

/** Model and instructions of each predictor, as DSPy has them. */
function loadedByDspy(state: string): unknown {
  writeFileSync(join(old.folder, 'two.py'), two);
  const load = `import json, sys
from two import Two
program = Two()
program.load(sys.argv[1])
print(json.dumps({name: [each.lm.model, each.signature.instructions] for name, each in program.named_predictors()}))`;
  return JSON.parse(execFileSync(dspyPython(), ['-c', load, state], { cwd: old.folder, encoding: 'utf8' }));
}

const builds = [
  { build: '2026-11-30', whose: 'own', said: 'of its own user' },
  { build: '2026-11-24', whose: 'copied', said: 'from before records were sealed, to be taken over' },
] as const;

describe.each(builds)('a workspace $said', ({ build, whose }) => {
  it('is looked at as it is: configuration, runs, comparison, reports; nothing is asked or written', async () => {
    await open(build, whose);
    const { runs, comparison, scores, version } = old.made;
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const before = old.snapshot();

    const listed = await done('runs', '--json');
    const { runs: found } = lastJson<{ runs: { run: string; status: string }[] }>(listed);
    expect(found.find(({ run }) => run === runs.finished)).toMatchObject({ status: 'finished' });
    expect(found.find(({ run }) => run === runs.interrupted)).toMatchObject({ status: 'crashed' });
    expect(listed.stderr).toBe('');

    const shown = await done('show', runs.finished, '--json');
    expect(scoresOf(resultSchema.parse(lastJson(shown)))).toEqual(scores);
    expect((await done('show', runs.finished)).stderr).toBe('');
    expect((await done('show', runs.interrupted)).stdout).toContain('crashed');
    expect((await done('show', comparison)).stdout).toContain(`Comparison ${comparison}`);
    for (const id of [runs.finished, comparison]) {
      await done('show', id, '--html', 'report.html');
      expect(readFileSync(join(old.folder, 'report.html'), 'utf8')).toContain(`${id}.csv`);
    }
    expect((await done('doctor')).stdout).toContain('Nothing is wrong.');

    expect(fake.counters.completions).toBe(0);
    expect(old.snapshot()).toEqual(before);
  });

  it('exports what it found; what was exported then is loaded by the SDK and by DSPy, as what is exported now', async () => {
    await open(build, whose);
    const { runs, paid, tuned } = old.made;
    if (whose === 'copied') await done('adopt', '--yes');
    await done('export', runs.finished, '--out', 'now.json');
    await done('export', runs.finished, '--format', 'dspy', '--out', 'now.dspy.json');
    const read = (name: string): unknown => JSON.parse(readFileSync(join(old.folder, name), 'utf8'));
    expect(read('now.json')).toEqual(read('state.json'));
    for (const state of ['state.json', 'state.dspy.json', runs.finished]) {
      const evaluated = await done('evaluate', 'two', '--state', state, '--split', 'test', '--json');
      expect(lastJson(evaluated), state).toMatchObject({ score: 100, models: [tuned[0]] });
    }
    expect(repeated(paid.finished)).toBe(0);
    const then = loadedByDspy('state.dspy.json');
    expect(then).toMatchObject({ hint: [expect.stringContaining(tuned[0]!), expect.any(String)] });
    expect(loadedByDspy('now.dspy.json')).toEqual(then);
  });
});

describe.each([
  ...builds,
  { build: '2026-11-30', whose: 'copied', said: 'of its own user, at another place' } as const,
])('a workspace $said', ({ build, whose }) => {
  it('goes on: the interrupted run ends as it would have, a run again is free, nothing is paid or trained twice', async () => {
    await open(build, whose);
    const { runs, scores, undisturbed, paid, comparison } = old.made;
    if (whose === 'copied') {
      expect(await refused('resume', runs.interrupted)).toContain(`bettertogether adopt ${runs.interrupted}`);
      await done('adopt', '--yes');
    }
    fake.reset();

    const resumed = resultSchema.parse(lastJson(await done('resume', runs.interrupted, '--yes', '--json')));
    expect(scoresOf(resumed)).toEqual(undisturbed.scores);
    expect(fake.counters.completions).toBeGreaterThan(0);
    // One call was in flight when the run was killed.
    expect(repeated(paid.interrupted)).toBeLessThanOrEqual(1);
    expect(repeated(paid.finished)).toBe(0);

    fake.reset();
    const again = resultSchema.parse(lastJson(await done('optimize', 'two', '--yes', '--json')));
    expect(scoresOf(again)).toEqual(scores);
    expect(repeated(paid.finished)).toBe(0);

    fake.reset();
    const compared = lastJson<{ id: string; cells: unknown[] }>(
      await done('compare', 'two', '--strategies', 'p,w', '--seeds', '3', '--yes', '--json'),
    );
    expect(compared.cells).toHaveLength(2);
    expect(fake.counters.completions).toBe(0);
    expect(fake.counters.jobsCreated).toBe(0);
    expect((await done('show', comparison)).stdout).toContain(`Comparison ${comparison}`);
  });
});

describe('a workspace that a later version worked in', () => {
  const change = (file: string, ...changes: readonly (readonly [string, string])[]): void => {
    let text = readFileSync(file, 'utf8');
    for (const [from, to] of changes) {
      expect(text).toContain(from);
      text = text.replace(from, to);
    }
    writeFileSync(file, text);
  };
  const later = ['"bettertogether": "0.1.0"', '"bettertogether": "9.1.0"'] as const;

  it('in another form: says which version wrote it, and leaves it as it is', async () => {
    await open('2026-11-30');
    const { runs, comparison } = old.made;
    change(old.records('runs', runs.interrupted, 'manifest.json'), ['"v": 1', '"v": 2'], later);
    change(old.records('comparisons', comparison, 'record.json'), ['"v": 1', '"v": 2']);
    const before = old.snapshot();
    const said = 'BetterTogether 9.1.0 wrote it in form 2, and this version reads form 1: update BetterTogether';
    const listed = await done('runs');
    expect(listed.stdout).toContain(runs.finished);
    expect(listed.stderr).toContain(said);
    expect(listed.stdout).toMatch(new RegExp(`${runs.interrupted}.* of a later version \\(9\\.1\\.0\\)`));
    const { unreadable } = JSON.parse((await done('runs', '--json')).stdout) as { unreadable: unknown };
    expect(unreadable).toMatchObject([{ run: runs.interrupted, laterVersion: '9.1.0' }]);
    expect(await refused('adopt', runs.interrupted, '--yes')).toContain(said);
    const adopted = await done('adopt');
    expect(adopted.stderr).toContain(`run ${runs.interrupted} of a later version (9.1.0): left as it is`);
    expect(adopted.stdout).toBe('nothing to take over\n');
    for (const command of ['show', 'resume', 'export'])
      expect(await refused(command, runs.interrupted)).toContain(said);
    expect(await refused('show', comparison)).toContain('a later version of BetterTogether wrote it in form 2');
    expect((await done('prune', '--yes')).stderr).toContain(`run ${runs.interrupted}, which cannot be read`);
    expect(old.snapshot()).toEqual(before);
    expect(fake.counters.completions).toBe(0);
  });

  it('with events and settings that this one does not know: shown, and not gone on with or taken over', async () => {
    await open('2026-11-30');
    const { interrupted, finished } = old.made.runs;
    change(old.records('runs', interrupted, 'manifest.json'), later, [
      '"asked": {',
      '"asked": {\n    "thinking": true,',
    ]);
    change(old.records('runs', finished, 'events.jsonl'), ['"type":"run.started"', '"type":"run.dreamt"']);
    const before = old.snapshot();
    expect((await done('runs')).stdout).toContain(interrupted);
    expect((await done('show', interrupted)).stdout).toContain('crashed');
    expect((await done('show', finished)).stdout).toContain(finished);
    // Its seal is not ours either, since the test cannot write as that version: it would have to be taken over first.
    const told = await refused('adopt', interrupted, '--yes');
    expect(told).toContain(
      `Run ${interrupted} was begun by BetterTogether 9.1.0 and asks for "asked.thinking", which this version (0.1.0) does not know`,
    );
    expect(old.snapshot()).toEqual(before);
    expect(fake.counters.completions).toBe(0);
  });
});
