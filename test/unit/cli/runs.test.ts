import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Compose, EvaluationRequest, RunHooks, RunRequest } from '../../../src/run/work/request.ts';
import { EventLog } from '../../../src/run/record/eventLog.ts';
import { Cancelled } from '../../../src/engine/errors.ts';
import { HumanError } from '../../../src/base/errors.ts';
import { readOwnManifest, writeManifest } from '../../../src/run/record/manifest.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { writeStates } from '../../../src/run/record/stateFile.ts';
import {
  description,
  example,
  result,
  scoreOf,
  started as runStarted,
  state,
  usage,
  wholeRun,
} from '../run/samples.ts';
import type { UserCodeError } from '../../../src/data/trace.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { cli, makeWorkspace } from './workspace.ts';

type ExampleEvent = Extract<RunEvent, { type: 'example' }>;

async function finished() {
  const place = makeWorkspace();
  const { started } = await cli(place, ['optimize', 'intents']);
  return { place, run: started[0]!.run };
}

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

describe('a report', () => {
  it('is written where it is asked for, or under the usual name', async () => {
    const { place, run } = await finished();
    const usual = await cli(place, ['show', 'latest', '--html']);
    expect(usual.out).toBe(`${join(place, `bettertogether-${run.id}.html`)}\n`);
    await cli(place, ['show', run.id, '--html', 'mine.html']);
    expect(readFileSync(join(place, 'mine.html'), 'utf8')).toContain(run.id);
    const nowhere = await cli(place, ['show', run.id, '--html', join('no', 'folder.html')]);
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('The report could not be written to')]);
  });

  it('has its numbers as CSV', async () => {
    const { place } = await finished();
    const { out } = await cli(place, ['show', 'latest', '--csv']);
    expect(out.split('\n')[0]).toMatch(/^run,program,strategy,seed,.*,gain,gain_low,gain_high,/);
    expect(out).toMatch(/,p -> w,dev,80,/);
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

describe('runs and show', () => {
  it('say of a finished run whose account is damaged that it is, and what to do', async () => {
    const { place, run } = await finished();
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
    const { place, run } = await finished();
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
    const { place, run } = await finished();
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

describe('export', () => {
  it('writes the final state to stdout, or the best one to a file', async () => {
    const { place } = await finished();
    expect(JSON.parse((await cli(place, ['export', 'latest', '--format', 'json'])).out)).toEqual(state);
    const best = await cli(place, ['export', 'latest', '--format', 'json', '--best', '--out', 'best.json']);
    expect([best.code, best.out]).toEqual([0, '']);
    expect(JSON.parse(readFileSync(join(place, 'best.json'), 'utf8'))).toEqual({ predictors: {} });
  });

  it("writes DSPy's format once the program is known", async () => {
    const { place, run } = await finished();
    expect((await cli(place, ['export', 'latest', '--format', 'dspy'])).err).toContain('never loaded its program');
    const program = structuredClone(description) as never;
    await writeManifest(run.folder, { ...(await readOwnManifest(run.folder)), program });
    const { out } = await cli(place, ['export', 'latest', '--format', 'dspy']);
    expect(JSON.parse(out)).toMatchObject({ metadata: { dependency_versions: {} }, 'classify.predict': {} });
  });

  it('names the values of demos that DSPy would load as others', async () => {
    const { place, run } = await finished();
    const program = structuredClone(description) as never;
    await writeManifest(run.folder, { ...(await readOwnManifest(run.folder)), program });
    const demos = Array.from({ length: 12 }, () => ({
      fields: { score: { $exact: 'float', value: 'nan' } },
      augmented: false,
    }));
    const predictors = { 'classify.predict': { ...state.predictors['classify.predict']!, demos } };
    const final = { prefix: 'p', state: { predictors } };
    await writeStates(run.folder, { final, best: final });
    const { err } = await cli(place, ['export', 'latest', '--format', 'dspy']);
    expect(err).toContain("DSPy's format changes values of demos, as its own save does. `--format json` keeps them");
    expect(err).toContain('  classify.predict, demo 10, score: NaN becomes null\n  and 2 more\n');
    expect((await cli(place, ['export', 'latest', '--format', 'json'])).err).not.toContain('becomes');
  });

  it('takes the format of the program’s own language when none is asked for', async () => {
    const { place, run } = await finished();
    expect(JSON.parse((await cli(place, ['export', 'latest'])).out)).toEqual(state);
    const program = { ...structuredClone(description), language: 'python' } as never;
    await writeManifest(run.folder, { ...(await readOwnManifest(run.folder)), program });
    expect(JSON.parse((await cli(place, ['export', 'latest'])).out)).toHaveProperty('metadata');
  });

  it("says that a program cannot load the other language's format", async () => {
    const { place, run } = await finished();
    const exported = async (language: string, format: string) => {
      const program = { ...structuredClone(description), language } as never;
      await writeManifest(run.folder, { ...(await readOwnManifest(run.folder)), program });
      return (await cli(place, ['export', 'latest', '--format', format])).err;
    };
    expect(await exported('python', 'json')).toContain('DSPy cannot load this file: it is for --state and --from.');
    expect(await exported('typescript', 'dspy')).toContain('The SDK cannot load this file');
    expect(await exported('python', 'dspy')).not.toContain('cannot load');
    expect(await exported('typescript', 'json')).not.toContain('cannot load');
  });

  it('says that the folder to write into is not there', async () => {
    const { place } = await finished();
    const { code, err } = await cli(place, ['export', 'latest', '--out', 'nosuch/dir/best.json']);
    expect(code).toBe(2);
    expect(err).toContain(`The folder ${join(place, 'nosuch', 'dir')} does not exist`);
    expect(err).not.toMatch(/tmp[^/]*$|ENOENT/m);
  });

  it('exits 2 at a format that is none', async () => {
    const { place } = await finished();
    expect((await cli(place, ['export', 'latest', '--format', 'yaml'])).code).toBe(2);
  });

  it('says that a service keeps the weights of its models', async () => {
    const place = makeWorkspace();
    await cli(place, ['optimize', 'local']);
    const { code, err } = await cli(place, ['export', 'latest', '--format', 'json', '--weights', 'w']);
    expect(code).toBe(2);
    expect(err).toContain(
      'The service of endpoint "local" (http://127.0.0.1:8000/v1) keeps the weights of "base-ft-1"',
    );
  });

  it('writes nothing and tells of nothing where the weights are not there', async () => {
    const place = makeWorkspace();
    await cli(place, ['optimize', 'local']);
    await cli(place, ['optimize', 'intents']);
    const runs = readdirSync(join(place, '.bettertogether', 'runs'));
    for (const [program, why] of [
      ['local', 'nothing here to copy'],
      ['intents', 'is trained again'],
    ] as const) {
      const run = runs.find((id) => id.includes(program))!;
      const asked = await cli(place, ['export', run, '--format', 'json', '--out', 'state.json', '--weights', 'w']);
      expect(asked.code).not.toBe(0);
      expect(asked.out).toBe('');
      expect(asked.err).toContain(why);
      expect(asked.err).not.toContain('exported');
    }
    expect(readdirSync(place)).not.toContain('state.json');
    expect(readdirSync(place)).not.toContain('w');
  });
});

describe('cancel', () => {
  it('has nothing to do where no process is at work', async () => {
    const { place } = await finished();
    const { code, err } = await cli(place, ['cancel', 'latest']);
    expect(code).toBe(1);
    expect(err).toContain('nothing to cancel');
  });

  it('leaves its wish and waits until the process has stopped', async () => {
    const { place, run } = await finished();
    const { lock, cancel } = runFiles(run.folder);
    writeFileSync(lock, JSON.stringify({ pid: process.pid, started: null, host: hostname(), token: 't' }));
    const watching = setInterval(() => {
      if (existsSync(cancel))
        writeFileSync(lock, JSON.stringify({ pid: 0, started: null, host: hostname(), token: 'x' }));
    }, 20);
    const { code, out } = await cli(place, ['cancel', 'latest']);
    clearInterval(watching);
    expect(code).toBe(0);
    expect(out).toContain(`run ${run.id} stopped`);
  });

  it('reaches a process that was started and has not taken the lock yet, and follows it into the lock', async () => {
    const { place, run } = await finished();
    const { lock, process: started, cancel } = runFiles(run.folder);
    const holder = { pid: process.pid, started: null, host: hostname() };
    writeFileSync(started, JSON.stringify({ ...holder, token: 'started' }));
    let ended = false;
    const watching = setInterval(() => {
      if (!existsSync(cancel)) return;
      clearInterval(watching);
      writeFileSync(lock, JSON.stringify({ ...holder, token: 'locked' }));
      // Longer than `cancel` takes to look again.
      setTimeout(() => {
        ended = true;
        for (const file of [lock, started]) writeFileSync(file, JSON.stringify({ ...holder, pid: 0, token: 'gone' }));
      }, 500);
    }, 20);
    const { code, out, err } = await cli(place, ['cancel', 'latest']);
    clearInterval(watching);
    expect([code, ended]).toEqual([0, true]);
    expect(err).toContain(`Process ${process.pid} was asked to stop run ${run.id}`);
    expect(out).toContain(`run ${run.id} stopped`);
  });
});

describe('prune', () => {
  it('says what it would remove, and removes it only with consent', async () => {
    const { place, run } = await finished();
    const runs = join(place, '.bettertogether', 'runs');
    expect((await cli(place, ['prune'])).out).toContain('nothing to remove');
    const asked = await cli(place, ['prune', '--older-than', '0']);
    expect(asked.code).toBe(2);
    expect(asked.out).toContain(run.folder);
    expect(readdirSync(runs)).toHaveLength(1);
    expect((await cli(place, ['prune', '--older-than', '0', '--yes'])).code).toBe(0);
    expect(readdirSync(runs)).toHaveLength(0);
  });

  it('removes old modules of notebooks, and nothing else that lies beside them', async () => {
    const place = makeWorkspace();
    const folder = join(place, '.bettertogether', 'notebooks');
    for (const name of ['0123456789abcdef', 'fedcba9876543210', 'my own']) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'qa.py'), 'x = 1\n');
    }
    const longAgo = new Date(Date.now() - 40 * 24 * 3600 * 1000);
    utimesSync(join(folder, 'fedcba9876543210'), longAgo, longAgo);
    const { code, out } = await cli(place, ['prune', '--older-than', '30', '--yes']);
    expect(code).toBe(0);
    expect(out).toContain('1 module gathered from notebooks, made again when needed');
    expect(readdirSync(folder).sort()).toEqual(['0123456789abcdef', 'my own']);
  });
});

describe('evaluate', () => {
  const error = { kind: 'metric', message: 'boom\u001B[31m', file: '/w/m.ts', line: 3 } as const;
  const answer = {
    score: { ...scoreOf(62.5), failed: 1 },
    models: ['base'],
    usage,
    seconds: 2,
    failures: [{ example: 6, error }],
    rows: [
      { example: 5, score: 0.5, feedback: 'so\u001B[31m so' },
      { example: 6, score: 0 },
    ],
    sources: { '/w/program.ts': 'h' },
  };

  function asking() {
    const requests: EvaluationRequest[] = [];
    const evaluateOnce: Compose['evaluateOnce'] = (request, { onSpent }) => {
      requests.push(request);
      onSpent?.(usage);
      return Promise.resolve(answer);
    };
    return { requests, wishes: { compose: { evaluateOnce } } };
  }

  it('measures the program as written on dev, and names rows that failed', async () => {
    const { requests, wishes } = asking();
    const { code, out } = await cli(makeWorkspace(), ['evaluate', 'intents'], wishes);
    expect(code).toBe(0);
    expect(requests).toMatchObject([{ split: 'dev', state: null, config: { key: 'intents' } }]);
    expect(out).toContain('intents on 40 dev rows: 62.5 (52.5–71.5) %');
    expect(out).toContain('row 7: metric: boom\uFFFD[31m (/w/m.ts:3)');
  });

  it('lists rows with what the metric said of them where JSON is asked for', async () => {
    const { out } = await cli(makeWorkspace(), ['evaluate', 'intents', '--json'], asking().wishes);
    expect(JSON.parse(out)).toMatchObject({ failures: [{ example: 6 }], rows: answer.rows });
    expect(out).not.toContain('\u001B');
  });

  it('measures the rows that are named, and keeps traces in a folder that is new', async () => {
    const { requests, wishes } = asking();
    const place = makeWorkspace();
    const args = ['evaluate', 'intents', '--rows', '3, 7-9', '--traces', 'kept', '--json'];
    const { code, out, spent } = await cli(place, args, wishes);
    expect(code).toBe(0);
    const rows = [
      { first: 2, last: 2 },
      { first: 6, last: 8 },
    ];
    expect(requests).toMatchObject([{ rows, traces: join(place, 'kept') }]);
    expect(JSON.parse(out)).toMatchObject({ sources: answer.sources });
    expect(spent).toEqual([usage]);
    mkdirSync(join(place, 'full'));
    writeFileSync(join(place, 'full', 'mine.txt'), '');
    const refused = await cli(place, ['evaluate', 'intents', '--traces', 'full'], wishes);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('it is not empty');
    // Nothing was paid for, and that is said too.
    expect(refused.spent).toMatchObject([{ calls: 0, usd: 0 }]);
    expect(requests).toHaveLength(1);
  });

  it.each(['0', '3-', '9-7', 'all', '', '1,,2', '1.5', '99999999999999999999'])('refuses --rows %j', async (rows) => {
    const { requests, wishes } = asking();
    const { code, err } = await cli(makeWorkspace(), ['evaluate', 'intents', '--rows', rows], wishes);
    expect(code).toBe(2);
    expect(err).toContain('numbers of rows from 1 on');
    expect(requests).toEqual([]);
  });

  it('ends with a code of its own below the score that was asked for, and says whether that may be chance', async () => {
    const ask = (...least: string[]) =>
      cli(makeWorkspace(), ['evaluate', 'intents', '--json', ...least], asking().wishes);
    const at = await ask('--min-score', '62.5');
    expect(at.code).toBe(0);
    expect(JSON.parse(at.out)).toMatchObject({ score: 62.5, minScore: 62.5 });
    const near = await ask('--min-score', '62.51');
    expect(near.code).toBe(4);
    expect(JSON.parse(near.out)).toMatchObject({ score: 62.5, minScore: 62.51 });
    expect(near.err).toContain('intents scored 62.5 %, below --min-score 62.51. Its interval reaches to 71.5:');
    const far = await ask('--min-score', '90');
    expect(far.code).toBe(4);
    expect(far.err).not.toContain('interval');
    expect(JSON.parse((await ask()).out)).not.toHaveProperty('minScore');
  });

  it.each(['', 'much', '101', '-1', 'NaN'])('refuses "%s" as a score, and measures nothing', async (least) => {
    const { requests, wishes } = asking();
    const { code, err } = await cli(makeWorkspace(), ['evaluate', 'intents', '--min-score', least], wishes);
    expect(code).toBe(2);
    expect(err).toContain('It has to be a score in per cent, 0 to 100.');
    expect(requests).toEqual([]);
  });

  it('draws one live line, takes it away before anything else is written, and at an error', async () => {
    const failing: Compose['evaluateOnce'] = (_, { log, onProgress }) => {
      onProgress({ done: 1, of: 40, failed: 0, sum: 1 });
      log('printed by the program');
      onProgress({ done: 2, of: 40, failed: 1, sum: 1 });
      return Promise.reject(new HumanError('The endpoint is gone.'));
    };
    const wishes = { compose: { evaluateOnce: failing } };
    const { err } = await cli(makeWorkspace(), ['evaluate', 'intents'], { ...wishes, live: true });
    const erase = '\r\u001B[2K';
    expect(err).toBe(
      `${erase}dev 1/40, 100.0 % so far${erase}printed by the program\n` +
        `${erase}dev 2/40, 50.0 % so far, 1 failed${erase}The endpoint is gone.\n`,
    );
  });

  it('at Ctrl-C speaks of no run', async () => {
    const evaluateOnce: Compose['evaluateOnce'] = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
        press();
      });
    let press: () => void = () => undefined;
    const { code, err } = await cli(makeWorkspace(), ['evaluate', 'intents'], {
      compose: { evaluateOnce },
      interrupt: (pressed) => {
        press = pressed;
      },
    });
    expect(code).toBe(130);
    expect(err).toContain('The evaluation was cancelled.');
    expect(err + new Cancelled().message).not.toMatch(/resume|run/);
  });

  it('takes the final state of a run, or one from a file', async () => {
    const { place, run } = await finished();
    writeFileSync(join(place, 'mine.json'), JSON.stringify({ predictors: {} }));
    const { requests, wishes } = asking();
    await cli(place, ['evaluate', 'intents', '--state', run.id, '--split', 'train', '--json'], wishes);
    await cli(place, ['evaluate', 'intents', '--state', 'mine.json'], wishes);
    expect(requests).toMatchObject([
      { split: 'train', state: { kind: 'state', from: `Run ${run.id}`, state } },
      { state: { kind: 'state', state: { predictors: {} } } },
    ]);
    const { out } = await cli(place, ['evaluate', 'intents', '--json'], wishes);
    expect(JSON.parse(out)).toMatchObject({
      type: 'evaluation',
      program: 'intents',
      split: 'dev',
      endpoint: 'embedded',
      models: ['base'],
      score: 62.5,
      low: 52.5,
    });
  });

  it('sends no row away and spends nothing without consent', async () => {
    const { requests, wishes } = asking();
    const place = makeWorkspace();
    const alone = await cli(place, ['evaluate', 'remote'], wishes);
    expect(alone.code).toBe(2);
    expect(alone.err).toContain('go to api.example.com in prompts');
    expect(alone.err).not.toContain('train.example.com');
    expect((await cli(place, ['evaluate', 'local', '--endpoint', 'priced'], wishes)).err).toContain('cost money');
    expect(requests).toEqual([]);
    const yes = await cli(place, ['evaluate', 'remote', '--yes'], wishes);
    const asked = await cli(place, ['evaluate', 'remote'], { ...wishes, interactive: true, answer: true });
    expect([yes.code, yes.questions, asked.code, asked.questions.length]).toEqual([0, [], 0, 1]);
    expect(requests).toHaveLength(2);
  });

  it('under a dollar cap needs no price of training, whatever the strategy', async () => {
    const { requests, wishes } = asking();
    const args = ['evaluate', 'local', '--endpoint', 'priced', '--budget-usd', '1', '--yes'];
    expect((await cli(makeWorkspace(), args, wishes)).code).toBe(0);
    expect(requests).toMatchObject([{ budget: { usd: 1 } }]);
  });

  it('exits 2 without test rows, and at a state that is not there', async () => {
    const { requests, wishes } = asking();
    const place = makeWorkspace();
    expect((await cli(place, ['evaluate', 'intents', '--split', 'test'], wishes)).code).toBe(2);
    expect((await cli(place, ['evaluate', 'intents', '--state', 'gone.json'], wishes)).err).toContain(
      'gone.json does not exist',
    );
    expect(requests).toEqual([]);
  });
});

describe('serve', () => {
  it('says where it listens and ends well at Ctrl-C', async () => {
    let press = (): void => undefined;
    const asked: object[] = [];
    const { code, out, err } = await cli(makeWorkspace(), ['serve', '--port', '8123'], {
      interrupt: (handler) => void (press = handler),
      serve: async (options, hooks) => {
        asked.push(options);
        hooks.listening('http://127.0.0.1:8123/v1', 'smol', "/ho'me/token");
        const stopped = new Promise((resolve) => hooks.signal.addEventListener('abort', resolve));
        press();
        await stopped;
        return 0;
      },
    });
    expect([code, out, asked]).toEqual([0, 'http://127.0.0.1:8123/v1\n', [{ port: 8123, model: null }]]);
    expect(err).toContain('serving smol');
    expect(err).toContain(`export BETTERTOGETHER_TOKEN="$(cat '/ho'\\''me/token')"`);
  });

  it('fails when the endpoint ends by itself, and refuses a port that is none', async () => {
    const place = makeWorkspace();
    expect((await cli(place, ['serve'], { serve: () => Promise.resolve(1) })).code).toBe(1);
    expect((await cli(place, ['serve', '--port', '70000'])).code).toBe(2);
  });
});

it('--help and --version end well', async () => {
  const help = await cli(makeWorkspace(), ['--help']);
  expect(help.code).toBe(0);
  for (const command of [
    'evaluate',
    'optimize',
    'resume',
    'cancel',
    'runs',
    'show',
    'prune',
    'export',
    'prompt',
    'endpoint',
    'serve',
  ]) {
    expect(help.out).toContain(`  ${command}`);
  }
  expect((await cli(makeWorkspace(), ['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});
