import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunHooks, RunRequest } from '../../../src/run/work/request.ts';
import { EventLog } from '../../../src/run/record/eventLog.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { example, result, started as runStarted, state, usage, wholeRun } from '../run/samples.ts';
import type { UserCodeError } from '../../../src/data/trace.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { cli, finishedRun, makeWorkspace } from './workspace.ts';

type ExampleEvent = Extract<RunEvent, { type: 'example' }>;

describe('a report', () => {
  it('is written where it is asked for, or under the usual name', async () => {
    const { place, run } = await finishedRun();
    const usual = await cli(place, ['show', 'latest', '--html']);
    expect(usual.out).toBe(`${join(place, `bettertogether-${run.id}.html`)}\n`);
    await cli(place, ['show', run.id, '--html', 'mine.html']);
    expect(readFileSync(join(place, 'mine.html'), 'utf8')).toContain(run.id);
    const nowhere = await cli(place, ['show', run.id, '--html', join('no', 'folder.html')]);
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('The report could not be written to')]);
  });

  it('has its numbers as CSV', async () => {
    const { place } = await finishedRun();
    const { out } = await cli(place, ['show', 'latest', '--csv']);
    expect(out.split('\n')[0]).toMatch(/^run,program,strategy,seed,.*,gain,gain_low,gain_high,/);
    expect(out).toMatch(/,p -> w,dev,80,/);
  });
});

describe('runs and show', () => {
  it('say of a finished run whose account is damaged that it is, and what to do', async () => {
    const { place, run } = await finishedRun();
    writeFileSync(runFiles(run.folder).spent, 'nonsense\n');
    const { out, err } = await cli(place, ['runs']);
    expect(out).toMatch(/finished, account damaged/);
    expect(err).toContain(`bettertogether adopt ${run.id}`);
    const json = JSON.parse((await cli(place, ['runs', '--json'])).out) as { runs: object[] };
    expect(json.runs).toMatchObject([
      { status: 'finished', accountFault: expect.stringContaining('damaged') as string },
    ]);
  });

  it('list and show a finished run, for people and as JSON', async () => {
    const { place, run } = await finishedRun();
    const inner = join(place, 'deep', 'down');
    mkdirSync(inner, { recursive: true });
    const list = await cli(inner, ['runs']);
    expect(list.out).toMatch(new RegExp(`${run.id} +intents +p -> w +finished +p -> w +80\\.0 +– +4`));
    const json = JSON.parse((await cli(place, ['runs', '--json'])).out) as { runs: object[] };
    expect(json.runs).toMatchObject([
      { run: run.id, program: 'intents', status: 'finished', dev: 80, test: null, usage },
    ]);
    const shown = await cli(place, ['show', 'latest']);
    expect(shown.out).toContain(`run ${run.id}, finished`);
    expect(shown.out).toContain('80.0 (70.0–89.0)');
    expect(JSON.parse((await cli(place, ['show', run.id, '--json'])).out)).toMatchObject({
      type: 'result',
      run: run.id,
    });
  });

  it('lists the strategy that was asked for, and beside it the state that was reached', async () => {
    const place = makeWorkspace();
    const reason = 'nothing to train on';
    const startRun = async ({ run }: RunRequest, hooks: RunHooks) => {
      const log = new EventLog(runFiles(run.folder).events);
      const own = { ...result, run: run.id, final: '', best: '', scores: { '': { dev: 50, test: null } } };
      const skipped = { type: 'step.skipped', prefix: 'w', kind: 'w', reason } as const;
      for (const event of [runStarted, skipped, { type: 'run.finished', result: own } as const]) {
        hooks.onEvent(log.append(event));
      }
      log.close();
      return own;
    };
    await cli(place, ['optimize', 'intents', '--strategy', 'w→w'], { startRun });
    const { out } = await cli(place, ['runs']);
    expect(out).toMatch(/intents +w -> w +finished +baseline +50\.0/);
    const { runs } = JSON.parse((await cli(place, ['runs', '--json'])).out) as { runs: object[] };
    expect(runs).toMatchObject([{ strategy: 'w -> w', final: '' }]);
  });

  it('show the rows that failed and why: the first twenty, and as JSON all', async () => {
    const { place, run } = await finishedRun();
    expect((await cli(place, ['show', 'latest', '--failures'])).out).toBe('no row failed\n');
    const log = new EventLog(runFiles(run.folder).events);
    const failed = (prefix: string, purpose: 'dev' | 'collect', number: number, error?: UserCodeError) =>
      log.append({ ...(example(prefix, purpose, null, number, 0) as ExampleEvent), ...(error && { error }) });
    const error = { kind: 'metric', message: 'boom\u001B[31m', file: '/w/m.ts', line: 3 } as const;
    failed('p -> w', 'collect', 7, { kind: 'parse', message: 'no field' });
    for (let row = 21; row >= 0; row--) failed('', 'dev', row, error);
    // Told again after a resume: this one went well.
    failed('', 'dev', 5);
    log.close();
    const { out } = await cli(place, ['show', 'latest', '--failures']);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(21);
    expect(lines.slice(0, 2)).toEqual([
      'baseline, dev row 1: metric: boom\uFFFD[31m (/w/m.ts:3)',
      'baseline, dev row 2: metric: boom\uFFFD[31m (/w/m.ts:3)',
    ]);
    expect(lines.at(-1)).toBe('and 2 more rows; --json lists all');
    const json = JSON.parse((await cli(place, ['show', 'latest', '--failures', '--json'])).out) as {
      failures: object[];
    };
    expect(json).toMatchObject({ type: 'failures', run: run.id });
    expect(json.failures).toHaveLength(22);
    expect(json.failures.at(-1)).toMatchObject({
      step: 'p -> w',
      purpose: 'collect',
      example: 7,
      error: { kind: 'parse' },
    });
  });

  it('name the state that a run began with', async () => {
    const place = makeWorkspace();
    writeFileSync(join(place, 'given.json'), JSON.stringify(state));
    await cli(place, ['optimize', 'intents', '--from', 'given.json']);
    expect((await cli(place, ['show', 'latest'])).out).toMatch(/intents, p -> w, .*, from given\.json, begun /);
  });

  it('show what a killed run reached, and how to go on', async () => {
    const place = makeWorkspace();
    const { started } = await cli(place, ['optimize', 'intents'], {
      events: wholeRun.slice(0, 12),
      fails: new Error('killed'),
    });
    const shown = await cli(place, ['show', 'latest']);
    expect(shown.out).toContain('crashed');
    expect(shown.out).toContain(`bettertogether resume ${started[0]!.run.id}`);
    expect(shown.out).toMatch(/p -> w +– +– +– +– +– +–\n/);
    const json = await cli(place, ['show', 'latest', '--json']);
    expect([json.code, json.out]).toEqual([1, '']);
    expect(json.err).toContain('has no result yet');
  });

  it('say where there are none', async () => {
    const place = makeWorkspace();
    expect(JSON.parse((await cli(place, ['runs', '--json'])).out)).toEqual({ runs: [], unreadable: [] });
    expect((await cli(place, ['show', 'latest'])).code).toBe(2);
  });
});
