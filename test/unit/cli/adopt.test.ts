import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { Cancelled } from '../../../src/engine/errors.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { wholeRun } from '../run/samples.ts';
import { cli, makeWorkspace } from './workspace.ts';

describe('a run that came with the folder', () => {
  const broken = async () => {
    const place = makeWorkspace();
    const events = wholeRun.slice(0, 3);
    const { started } = await cli(place, ['optimize', 'intents'], { events, fails: new Cancelled('stopped') });
    const { run } = started[0]!;
    const { manifest } = runFiles(run.folder);
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/,\n {2}"seal": "\w+"/, ''));
    return { place, run };
  };

  it('is shown to who resumes it, with what it would use, and is theirs only if they say so', async () => {
    const { place, run } = await broken();
    const alone = await cli(place, ['resume', run.id]);
    expect([alone.code, alone.started, alone.questions]).toEqual([2, [], []]);
    const refused = await cli(place, ['resume', run.id], { interactive: true, answer: false });
    expect([refused.code, refused.started, refused.questions]).toEqual([2, [], ['Take it over and go on?']]);
    for (const part of ['was not made by you', 'program.ts', 'train.jsonl']) expect(refused.err).toContain(part);
    expect((await cli(place, ['runs'])).out).toContain('not yours');
    const agreed = await cli(place, ['resume', run.id], { interactive: true, answer: true });
    expect([agreed.code, agreed.started.length]).toEqual([0, 1]);
    expect((await cli(place, ['runs'])).out).not.toContain('not yours');
  });

  it('is cancelled by who takes it over, and by nobody else', async () => {
    const { place, run } = await broken();
    const holder = { pid: process.pid, started: null, host: hostname(), token: 't' };
    writeFileSync(runFiles(run.folder).lock, JSON.stringify(holder));
    const { code, err } = await cli(place, ['cancel', run.id]);
    expect([code, err]).toEqual([2, expect.stringContaining(`bettertogether adopt ${run.id}`)]);
    expect(existsSync(runFiles(run.folder).cancel)).toBe(false);
  });

  it('is taken over by its id alone, or with all others', async () => {
    const { place, run } = await broken();
    expect((await cli(place, ['adopt', 'other', '--yes'])).err).toContain('no run or comparison "other"');
    const asked = await cli(place, ['adopt', run.id], { interactive: true, answer: false });
    expect([asked.code, asked.questions]).toEqual([2, ['Take this over?']]);
    expect((await cli(place, ['adopt', run.id, '--yes'])).out).toBe('taken over\n');
    expect((await cli(place, ['adopt', run.id, '--yes'])).err).toContain('no run or comparison');
    expect((await cli(place, ['adopt'])).out).toContain('nothing to take over');
  });
});

describe('taking over', () => {
  it('goes on after a record that cannot be taken over, tells which and why, and fails', async () => {
    const place = makeWorkspace();
    const runs = [];
    for (let i = 0; i < 2; i++) runs.push((await cli(place, ['optimize', 'intents'])).started[0]!.run);
    for (const { folder } of runs) {
      const { manifest } = runFiles(folder);
      writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/,\n {2}"seal": "\w+"/, ''));
    }
    // The account cannot be written where a folder is in its place.
    const { spent } = runFiles(runs[0]!.folder);
    rmSync(spent, { force: true });
    mkdirSync(spent);
    const { code, err } = await cli(place, ['adopt', '--yes']);
    expect(code).toBe(1);
    expect(err).toContain('1 record could not be taken over; all others were.');
    expect(err).toMatch(new RegExp(`run ${runs[0]!.id}: .*spend\\.jsonl`));
    const left = JSON.parse((await cli(place, ['runs', '--json'])).out) as {
      runs: { run: string; madeHere: boolean }[];
    };
    expect(new Map(left.runs.map(({ run, madeHere }) => [run, madeHere]))).toEqual(
      new Map([
        [runs[0]!.id, false],
        [runs[1]!.id, true],
      ]),
    );
  });
});
