import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Compose, EvaluationRequest } from '../../../src/run/work/request.ts';
import { Cancelled } from '../../../src/engine/errors.ts';
import { HumanError } from '../../../src/base/errors.ts';
import { scoreOf, state, usage } from '../run/samples.ts';
import { cli, finishedRun, makeWorkspace } from './workspace.ts';

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

  it('fails where every row failed in user code, whatever it was asked for, and says how', async () => {
    const failing = (kinds: readonly ('program' | 'parse')[]) => {
      const failures = kinds.map((kind, example) => ({ example, error: { kind, message: `no ${example % 2}` } }));
      const measured = { ...answer, failures, score: { ...scoreOf(0, 3), failed: kinds.length } };
      const compose = { evaluateOnce: () => Promise.resolve(measured) };
      return cli(makeWorkspace(), ['evaluate', 'intents', '--json', '--min-score', '0'], { compose });
    };
    const { code, out, err } = await failing(['program', 'program', 'program']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ failures: [{ example: 0 }, {}, {}] });
    expect(err).toMatch(/intents: all 3 dev rows failed, so there is no score\. Most often:\s+2 rows: program: no 0\n/);
    expect((await failing(['program', 'program', 'parse'])).code).toBe(0);
    expect((await failing(['program', 'program'])).code).toBe(0);
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
    const { place, run } = await finishedRun();
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
