import { describe, expect, it } from 'vitest';
import { Progress } from '../../../src/run/text/progress.ts';
import { resultTable } from '../../../src/run/text/table.ts';
import type { Terminal } from '../../../src/cli/base/terminal.ts';
import type { ScreenText } from '../../../src/run/text/screenText.ts';
import type { RunEvent, RunResult } from '../../../src/protocol.ts';
import { foldEvents } from '../../../src/view/fold.ts';
import { example, logged, result, scoreOf, started, usage, wholeRun } from '../run/samples.ts';

const view = foldEvents(logged(wholeRun));

describe('resultTable', () => {
  it('has every step with score and interval, calls, tokens and seconds, and says which state is which', () => {
    expect(String(resultTable(view))).toBe(
      [
        'step                 dev %  test %  calls  from memo  tokens  seconds',
        'baseline  50.0 (40.0–59.0)       –      4          1     110      1.0',
        'p         60.0 (50.0–69.0)       –      8          2     220      4.0',
        'p -> w    80.0 (70.0–89.0)       –      8          2     220     61.0  final, best',
        '',
        'test: – the program names no rows under "test"',
        'final and best on dev: p -> w',
        '95 % intervals in brackets. 40 dev rows: a score is known to about ±10 points.',
        '4 calls paid for, 1 from the memo; 12 s in all',
        '',
      ].join('\n'),
    );
  });

  it('says how many calls more may have been paid for', () => {
    const spent = { calls: 9, tokens: 900, usd: 0 };
    const events = wholeRun.flatMap((event): RunEvent[] =>
      event.type === 'run.finished' ? [{ type: 'usage', usage: event.result.usage, spent }, event] : [event],
    );
    expect(String(resultTable(foldEvents(logged(events))))).toContain(
      '4 calls paid for and at most 5 more, cut off or without an answer, 1 from the memo; 12 s in all',
    );
  });

  it('says of each score how many rows failed and why the first did, whichever row ended first', () => {
    const failed = (number: number, message: string): RunEvent => ({
      ...(example('', 'dev', null, number, 0) as Extract<RunEvent, { type: 'example' }>),
      error: { kind: 'metric', message, file: '/w/deep/m.ts', line: 2 },
    });
    const events = wholeRun.flatMap((event): RunEvent[] =>
      event.type === 'evaluated' && event.prefix === ''
        ? [failed(9, 'late'), failed(4, 'no 4s\u001B[31m'), { ...event, score: { ...event.score, failed: 10 } }]
        : [event],
    );
    const text = String(resultTable(foldEvents(logged(events))));
    expect(text).toContain('baseline: 10 of 40 dev rows failed; the first, row 5: metric: no 4s\uFFFD[31m (m.ts:2)\n');
    expect(text).toContain('`bettertogether show r1 --failures` lists them');
    expect(String(resultTable(view))).not.toContain('failed');
  });

  it('adds up after a resume: steps over all sessions, and what was cut off', () => {
    const paid = (calls: number, cached: number) => ({
      ...usage,
      calls,
      cached,
      inputTokens: 10 * calls,
      outputTokens: 0,
    });
    const evaluated = { type: 'evaluated', prefix: '', split: 'dev', score: scoreOf(50), seconds: 1 } as const;
    const p = { type: 'evaluated', prefix: 'p', split: 'dev', score: scoreOf(60), seconds: 1 } as const;
    const events: RunEvent[] = [
      { ...started, strategy: 'p' } as RunEvent,
      { ...evaluated, usage: paid(20, 0) },
      // The search had made 7 calls when the process was killed.
      { type: 'usage', usage: paid(27, 0) },
      { ...started, strategy: 'p', resumed: true } as RunEvent,
      { ...evaluated, usage: paid(0, 20) },
      { type: 'step.finished', prefix: 'p', kind: 'p', state: 'h', candidate: 0, seconds: 3, usage: paid(5, 7) },
      { ...p, usage: paid(20, 0) },
      { type: 'usage', usage: paid(52, 27) },
    ];
    const text = String(resultTable(foldEvents(logged(events))));
    expect(text).toMatch(/baseline +50\.0 .* 20 +20 +200 +2\.0\n/);
    expect(text).toMatch(/p +60\.0 .* 25 +7 +250 +4\.0\n/);
    expect(text).toMatch(/\(cut off\) +– +– +7 +0 +70 +–\n/);
    expect(text).toContain('(cut off): what earlier sessions spent');
    expect(String(resultTable(foldEvents(logged(events.slice(0, 3)))))).not.toContain('cut off');
  });

  it('calls the baseline of a run that was given a state its start', () => {
    const given = { ...started, from: '/w/states/p.json' } as RunEvent;
    const text = String(resultTable(foldEvents(logged([given, ...wholeRun.slice(1)])), { ...result, best: '' }));
    expect(text).toMatch(/^start +50\.0/m);
    expect(text).toContain('best on dev: start');
    expect(text).not.toContain('baseline');
    const { progress, written } = watched(false);
    for (const event of logged([given, ...wholeRun.slice(1, 4)])) progress.onEvent(event);
    expect(written[0]).toMatch(/seed 0, from p\.json\n$/);
    expect(written[1]).toMatch(/^start: dev 50\.0/);
  });

  it('says where best on dev is not what the algorithm returns', () => {
    const other: RunResult = { ...result, best: 'p' };
    const text = String(resultTable(view, other));
    expect(text).toContain('final (what the algorithm returns, the last state reached): p -> w; best on dev: p');
    expect(text).toMatch(/p +60\.0 .* best\n/);
  });

  it('prints a dash with its reason where there was nothing to train on', () => {
    const skipped: RunEvent = {
      type: 'step.skipped',
      prefix: 'p -> w',
      kind: 'w',
      reason: 'none of 50 traces was correct',
    };
    const some = foldEvents(logged([...wholeRun.slice(0, 12), skipped]));
    const scores = { ...result.scores, 'p -> w': { dev: null, test: null, reason: 'none of 50 traces was correct' } };
    const text = String(resultTable(some, { ...result, scores, final: 'p', best: 'p' }));
    expect(text).toMatch(/p -> w +– +– +– +– +– +–\n/);
    expect(text).toContain('p -> w: – none of 50 traces was correct');
  });

  it('says that nothing had to be paid again, unless something was trained', () => {
    const free = { ...result, usage: { ...usage, calls: 0, cached: 1234 } };
    const cached = wholeRun.map((event) => (event.type === 'job.finished' ? { ...event, cached: true } : event));
    expect(String(resultTable(foldEvents(logged(cached)), free))).toContain(
      'nothing had to be paid again: 1,234 calls answered from the memo',
    );
    expect(String(resultTable(view, free))).not.toContain('nothing had to be paid');
  });

  it('says "unknown" where the endpoint reports no tokens, and dollars where there is a price', () => {
    const quiet = { ...usage, inputTokens: null, outputTokens: null };
    const events = wholeRun.map((event) => (event.type === 'evaluated' ? { ...event, usage: quiet } : event));
    const text = String(resultTable(foldEvents(logged(events)), { ...result, usage: { ...quiet, usd: 0.1234 } }));
    expect(text).toMatch(/baseline .* unknown/);
    expect(text).toContain('$0.1234');
  });

  it('leaves the small print out where scores are known well', () => {
    const sure = { score: 50, low: 49, high: 51, n: 10_000, failed: 0 };
    const events = wholeRun.map((event) => (event.type === 'evaluated' ? { ...event, score: sure } : event));
    expect(String(resultTable(foldEvents(logged(events))))).not.toContain('chance');
  });
});

function watched(live: boolean) {
  const written: string[] = [];
  let time = 0;
  const terminal = {
    err: (text: ScreenText) => void written.push(String(text)),
    live,
    columns: () => 80,
  } as unknown as Terminal;
  const progress = new Progress(terminal, () => time);
  return { progress, written, wait: (ms: number) => (time += ms) };
}

describe('Progress', () => {
  it('draws one line over, with score, calls, rate and time left', () => {
    const { progress, written, wait } = watched(true);
    const events = logged([started, ...Array.from({ length: 20 }, (_, i) => example('', 'dev', null, i, i % 2))]);
    for (const event of events) {
      progress.onEvent(event);
      wait(500);
    }
    const last = written.at(-1)!;
    expect(last.startsWith('\r\u001B[2K')).toBe(true);
    expect(last).not.toContain('\n');
    expect(last.length).toBeLessThanOrEqual(80 + 5);
    expect(last).toMatch(/baseline: dev 20\/40, 50\.0 % so far, 0 calls, 0 from memo, 2\.\d\/s, 9\.5 s left/);
    progress.line('something else');
    expect(written.slice(-2)).toEqual(['\r\u001B[2K', 'something else\n']);
  });

  it('says of a candidate of a race how unlikely it was to win, and by how much', () => {
    const { progress, written } = watched(false);
    const unlikely = { after: 12, chance: 0.01, loss: 1 };
    const raced = wholeRun.map((event) =>
      event.type === 'candidate.finished' && event.score === null ? { ...event, unlikely } : event,
    );
    for (const event of logged(raced)) progress.onEvent(event);
    expect(written.join('')).toContain(
      'p: candidate 2 (3 demos): stopped after 12 of 40, it was unlikely (1 %) to win by more than 1 point',
    );
  });

  it('does not redraw more often than can be read', () => {
    const { progress, written, wait } = watched(true);
    for (const event of logged([started, ...Array.from({ length: 1000 }, (_, i) => example('', 'dev', null, i, 1))])) {
      progress.onEvent(event);
      wait(1);
    }
    expect(written.length).toBeLessThan(20);
  });

  it('writes few plain lines where there is no terminal', () => {
    const { progress, written, wait } = watched(false);
    for (const event of logged(wholeRun)) {
      progress.onEvent(event);
      wait(1000);
    }
    const text = written.join('');
    expect(text).not.toContain('\u001B');
    expect(text.split('\n').filter(Boolean)).toEqual([
      'run r1: intents, p -> w, base on embedded, 148 train, 40 dev rows, seed 0',
      'baseline: dev 50.0 (40.0–59.0)',
      'p: prompt search on 140 examples',
      'p: candidate 1 (no demos): 55.0 % of 40',
      'p: candidate 2 (3 demos): stopped after 12 of 40, it could no longer win',
      'p: dev 60.0 (50.0–69.0)',
      'p -> w: fine-tuning on 148 examples',
      'p -> w: 100 of 148 traces correct, 100 training rows',
      'p -> w: job j-1 started',
      'p -> w: trained in 40 s, served as base-ft-1',
      'p -> w: dev 80.0 (70.0–89.0)',
    ]);
  });

  it('tells a third of a long phase where there is no terminal', () => {
    const { progress, written, wait } = watched(false);
    for (const event of logged([started, ...Array.from({ length: 40 }, (_, i) => example('', 'dev', null, i, 1))])) {
      progress.onEvent(event);
      wait(100);
    }
    expect(written.filter((line) => line.includes('so far'))).toHaveLength(2);
  });

  it('knows how long collecting takes, and speaks of it where there is no terminal', () => {
    const { progress, written, wait } = watched(false);
    const begin: RunEvent = { type: 'step.started', prefix: 'w', kind: 'w', index: 0, examples: 30 };
    const rows = Array.from({ length: 30 }, (_, i) => example('w', 'collect', null, i, 1));
    for (const event of logged([started, begin, ...rows])) {
      progress.onEvent(event);
      wait(1000);
    }
    const said = written.filter((line) => line.includes('collecting'));
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/^w: collecting traces 10\/30, 100\.0 % so far, .*, 18 s left\n$/);
  });

  it('knows how long validating takes: candidates times rows, less those that were stopped early', () => {
    const { progress, written, wait } = watched(true);
    const search = { candidates: 4, validation: 10 };
    const begin: RunEvent = { type: 'step.started', prefix: 'p', kind: 'p', index: 0, examples: 30, search };
    const rows = (candidate: number) =>
      Array.from({ length: 5 }, (_, i) => [
        example('p', 'validate', candidate, i, 1),
        // In between another candidate is still bootstrapping.
        example('p', 'bootstrap', 3, i, 0),
      ]).flat();
    const ended = { type: 'candidate.finished', prefix: 'p', score: null, scored: 5, of: 10 } as const;
    for (const event of logged([started, begin, ...rows(0), { ...ended, candidate: 0 }, ...rows(1)])) {
      progress.onEvent(event);
      wait(1000);
    }
    expect(written.findLast((text) => text.includes('validation'))).toContain('p: validation 10/35, ');
    expect(written.findLast((text) => text.includes('bootstrapping'))).toContain('p: bootstrapping 10, 0.0 %');
  });

  it('speaks once a minute of a phase whose end is not known, where there is no terminal', () => {
    const { progress, written, wait } = watched(false);
    const rows = Array.from({ length: 150 }, (_, i) => example('p', 'bootstrap', 0, i, 1));
    for (const event of logged([started, ...rows])) {
      progress.onEvent(event);
      wait(1000);
    }
    expect(written.filter((line) => line.includes('bootstrapping'))).toHaveLength(2);
  });

  it('draws a line for each step under way, and takes all of them away again', () => {
    const { progress, written, wait } = watched(true);
    for (let i = 0; i < 4; i++) {
      for (const event of logged([example('', 'test', null, i, 1), example('p -> w', 'collect', null, i, 1)])) {
        progress.onEvent(event);
        wait(500);
      }
    }
    const [first, second] = written.at(-1)!.split('\n');
    expect(first).toMatch(/^\r\u001B\[2K\u001B\[1A\u001B\[2Kbaseline: test 4/);
    expect(second).toMatch(/^p -> w: collecting traces 4/);
    progress.line('something else');
    expect(written.slice(-2)).toEqual(['\r\u001B[2K\u001B[1A\u001B[2K', 'something else\n']);
  });

  it('lets no control character of a service or a model reach the terminal', () => {
    const { progress, written } = watched(false);
    const error = '\u001B]0;owned\u0007bad\nnews';
    for (const event of logged([started, { type: 'job.failed', prefix: 'p -> w', hash: 'h', job: null, error }])) {
      progress.onEvent(event);
    }
    expect(written.at(-1)).toBe('p -> w: training failed: \uFFFD]0;owned\uFFFDbad news\n');
  });
});
