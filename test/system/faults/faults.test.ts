/**
 * What endpoints do on a bad day: for each fault what the run does, what people see, and what is paid for. Every row is a
 * run of the built command line through a fault proxy.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ProxyFault, WireAnswer } from '../../fakes/faultProxy.ts';
import { essence, FaultRun, told, type Told } from './runs.ts';

let undisturbed: ReturnType<typeof essence>;

/** Of the calls that find out what the endpoint can do, the one that it does not serve: nothing is paid for it. */
const refusedProbes = 1;

beforeAll(async () => {
  const quiet = await FaultRun.start();
  const done = await quiet.optimize();
  expect(done.code, done.stderr).toBe(0);
  undisturbed = essence(done.result);
  const { atEndpoint, shown, againstCap } = quiet.paid(done);
  expect([atEndpoint, againstCap]).toEqual([shown, shown]);
  await quiet.close();
});

const status = (code: number, headers: Record<string, string> = {}, error: object = {}): ProxyFault => ({
  kind: 'status',
  status: code,
  headers,
  body: JSON.stringify({ error: { message: `fault ${code}`, type: 'fault', code: null, ...error } }),
});
const rewrite = (body: (answer: WireAnswer) => unknown, type?: string): ProxyFault => ({
  kind: 'rewrite',
  body,
  ...(type === undefined ? {} : { type }),
});
/** The answer with its first choice changed. */
const choice = (change: { readonly content?: string | null; readonly finish?: string }): ProxyFault =>
  rewrite((answer) => {
    const first = answer.choices[0]!;
    const content = change.content === undefined ? first.message.content : change.content;
    const finish_reason = change.finish ?? first.finish_reason;
    return { ...answer, choices: [{ ...first, message: { ...first.message, content }, finish_reason }] };
  });

/** The call that answers row 0 of dev, which the base model knows. */
const asksDev0 = (prompt: string) =>
  prompt.includes('## question ## ]]\ndev 0\n') && prompt.includes('field `[[ ## answer');

const warnings = ({ events }: Told) => events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));

describe.concurrent('passes: tried again, nothing lost, the same result', () => {
  interface Row {
    readonly name: string;
    /** Of the run's third call and, where `times` says so, of those after it. */
    readonly fault: ProxyFault;
    readonly times?: number;
    readonly endpoint?: Readonly<Record<string, unknown>>;
    /** Answers that the endpoint gave and nobody got. Default 0. */
    readonly paidUnseen?: number;
    /** Attempts that count against the cap because they may have been paid for. Default `paidUnseen`. */
    readonly charged?: number;
  }
  const rows: readonly Row[] = [
    { name: '429 without Retry-After', fault: status(429), times: 3 },
    { name: '429 with Retry-After', fault: status(429, { 'retry-after': '1' }), times: 2 },
    { name: '500', fault: status(500), times: 2 },
    { name: '502 with a page of HTML', fault: { ...status(502), body: '<html>Bad gateway</html>' } as ProxyFault },
    { name: '503', fault: status(503) },
    { name: '529', fault: status(529), times: 2 },
    // Nobody can know whether it was answered, so it counts against the cap.
    { name: 'reset before the request arrives', fault: { kind: 'resetBefore' }, charged: 1 },
    { name: 'reset after the request was answered', fault: { kind: 'resetAfter' }, paidUnseen: 1 },
    { name: 'half a body', fault: { kind: 'halfBody' }, paidUnseen: 1 },
    { name: 'wrong JSON', fault: rewrite(() => '{"choices": [{'), paidUnseen: 1 },
    { name: 'JSON that is no completion', fault: rewrite(() => ({ ok: true })), paidUnseen: 1 },
    { name: 'HTML with status 200', fault: rewrite(() => '<html>Log in</html>', 'text/html'), paidUnseen: 1 },
    { name: 'a stall', fault: { kind: 'stall' }, endpoint: { timeoutSeconds: 4 }, charged: 1 },
    { name: 'a drip too slow', fault: { kind: 'drip', everyMs: 100 }, endpoint: { timeoutSeconds: 4 }, paidUnseen: 1 },
    { name: 'a slow drip that arrives', fault: { kind: 'drip', everyMs: 1 }, endpoint: { timeoutSeconds: 60 } },
  ];
  it.each(rows)('$name', ({ fault, times = 1, endpoint = {}, paidUnseen = 0, charged = paidUnseen }) =>
    FaultRun.with(async (run) => {
      run.setFault((nth) => (nth >= 3 && nth < 3 + times ? fault : null));
      const done = await run.optimize();
      expect(done.code, done.stderr).toBe(0);
      expect(run.proxy.faulted).toBe(times);
      expect(essence(done.result)).toEqual(undisturbed);
      // How many rows a losing candidate is scored on depends on timing, so calls are compared where they were counted.
      const { calls } = done.result!.usage;
      const counted = { atEndpoint: calls + paidUnseen, shown: calls, againstCap: calls + charged };
      expect(run.paid(done)).toEqual(counted);
      expect(done.stderr).not.toContain('bug');
    }, endpoint),
  );

  it('refused connections for a moment', () =>
    FaultRun.with(async (run) => {
      let once = true;
      run.setFault((nth) => {
        if (nth === 5 && once) {
          once = false;
          void run.proxy.down().then(() => setTimeout(() => void run.proxy.up(), 700));
        }
        return null;
      });
      const done = await run.optimize();
      expect(done.code, done.stderr).toBe(0);
      expect(essence(done.result)).toEqual(undisturbed);
      expect(once).toBe(false);
    }));
});

describe.concurrent('an answer that is wrong in itself scores 0 and is shown', () => {
  interface Row {
    readonly name: string;
    readonly fault: ProxyFault;
    readonly kind: 'parse' | 'rejected';
    readonly says: RegExp;
    /** Whether the endpoint answered (and so was paid). Default true. */
    readonly paid?: boolean;
  }
  const tooLong = status(
    400,
    {},
    { message: "This model's maximum context length is 10.", code: 'context_length_exceeded' },
  );
  const rows: readonly Row[] = [
    {
      name: 'no choices',
      fault: rewrite((a) => ({ ...a, choices: [] })),
      kind: 'rejected',
      says: /without text \(no choices\)/,
    },
    {
      name: 'content: null',
      fault: choice({ content: null }),
      kind: 'rejected',
      says: /without text .*sampling\.maxTokens/,
    },
    {
      name: 'finish_reason length',
      fault: choice({ content: '[[ ## ans', finish: 'length' }),
      kind: 'parse',
      says: /cut off.*sampling\.maxTokens/s,
    },
    {
      name: 'finish_reason content_filter',
      fault: choice({ content: null, finish: 'content_filter' }),
      kind: 'rejected',
      says: /content_filter/,
    },
    {
      name: 'a refusal',
      fault: rewrite((a) => ({
        ...a,
        choices: [{ message: { role: 'assistant', content: null, refusal: 'I cannot.' } }],
      })),
      kind: 'rejected',
      says: /I cannot\./,
    },
    {
      name: 'text that does not fit the format',
      fault: choice({ content: 'Sure! Here you go.' }),
      kind: 'parse',
      says: /answer/,
    },
    {
      name: 'context length exceeded',
      fault: tooLong,
      kind: 'rejected',
      says: /maximum context length.*fewer demos/s,
      paid: false,
    },
  ];
  it.each(rows)('$name', ({ fault, kind, says, paid = true }) =>
    FaultRun.with(async (run) => {
      run.setFault((_, prompt) => (asksDev0(prompt) ? fault : null));
      const done = await run.optimize();
      expect(done.code, done.stderr).toBe(0);
      const failed = done.events.flatMap((event) =>
        event.type === 'example' && event.error !== undefined ? [{ ...event, error: event.error }] : [],
      );
      expect(failed.length).toBeGreaterThan(0);
      for (const { purpose, example, score, error } of failed) {
        expect([purpose, example, score, error.kind]).toEqual(['dev', 0, 0, kind]);
        expect(error.message).toMatch(says);
      }
      // One of six rows that were right: 2 before, 1 now; told beside the score.
      expect(done.result!.scores['']!.dev).toBeCloseTo(100 / 6, 1);
      expect(done.stderr).toContain('1 row failed');
      const counted = run.paid(done);
      expect(counted.atEndpoint).toBe(counted.shown);
      expect(counted.againstCap).toBe(counted.shown);
      expect(run.proxy.faulted).toBe(failed.length);
      // The calls that failed were paid for, unless the endpoint never saw them.
      expect(run.proxy.calls.length - refusedProbes).toBe(counted.shown + (paid ? 0 : run.proxy.faulted));
    }),
  );
});

describe.concurrent('a row that is never answered while others are fails alone, by name, and is asked again', () => {
  interface Row {
    readonly name: string;
    readonly fault: ProxyFault;
    readonly says: RegExp;
    readonly endpoint?: Readonly<Record<string, unknown>>;
  }
  const rows: readonly Row[] = [
    { name: '500', fault: status(500), says: /fault 500/ },
    { name: '502', fault: status(502), says: /fault 502/ },
    { name: '503 with Retry-After', fault: status(503, { 'retry-after': '1' }), says: /fault 503/ },
    { name: 'a stall', fault: { kind: 'stall' }, says: /timed out/, endpoint: { timeoutSeconds: 2 } },
    { name: 'broken JSON', fault: rewrite(() => 'oops {'), says: /broken answer/ },
    { name: 'a reset', fault: { kind: 'resetBefore' }, says: /ECONNRESET|socket|closed/i },
    { name: '500, one in flight', fault: status(500), says: /fault 500/, endpoint: { concurrency: 1 } },
  ];
  it.each(rows)('$name', ({ fault, says, endpoint = {} }) =>
    FaultRun.with(
      async (run) => {
        run.setFault((_, prompt) => (asksDev0(prompt) ? fault : null));
        const done = await run.optimize();
        expect(done.code, done.stderr).toBe(0);
        expect(done.result!.scores['']!.dev).toBeCloseTo(100 / 6, 1);
        const said = warnings(done).filter((message) => message.includes('answers other calls and not this one'));
        expect(said).toEqual([expect.stringMatching(/^Row 1 of dev: Endpoint "fake" /)]);
        expect(said[0]).toMatch(says);
        expect(done.stderr).toContain(said[0]!);
        run.proxy.setFault(() => null);
        const again = await run.optimize();
        expect(again.code, again.stderr).toBe(0);
        expect(essence(again.result)).toEqual(undisturbed);
      },
      { patienceSeconds: 2, ...endpoint },
    ),
  );
});

describe.concurrent('what is not reported', () => {
  it('usage that is missing is unknown, and counts against the cap at its worst', () =>
    FaultRun.with(async (run) => {
      run.setFault(() => rewrite((answer) => ({ ...answer, usage: undefined })));
      const done = await run.optimize();
      expect(done.code, done.stderr).toBe(0);
      expect(essence(done.result)).toEqual(undisturbed);
      expect(done.result!.usage).toMatchObject({ inputTokens: null, outputTokens: null });
      const usage = done.events.filter((event) => event.type === 'usage').at(-1)!;
      // Each call may have used its 1024 tokens of sampling.maxTokens.
      expect(usage.spent!.tokens).toBeGreaterThan(done.result!.usage.calls * 1024);
    }));

  it('a server that answers with another model is named', () =>
    FaultRun.with(async (run) => {
      run.setFault(() => rewrite((answer) => ({ ...answer, model: 'llama-other' })));
      const done = await run.optimize();
      expect(done.code, done.stderr).toBe(0);
      const said = warnings(done).filter((message) => message.includes('llama-other'));
      expect(said).toHaveLength(1);
      expect(said[0]).toContain('"base"');
      expect(done.stderr).toContain(said[0]!);
    }));

  it('the base model that answers for a tuned one ends the run: its answers are not scored as the tuned ones', () =>
    FaultRun.with(async (run) => {
      run.setFault((_nth, _prompt, model) =>
        model === 'base' ? null : rewrite((answer) => ({ ...answer, model: 'base' })),
      );
      const ended = told(await run.workspace.run(['optimize', 'two', '--yes', '--json', '--strategy', 'w']));
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(/was asked for the tuned model "ft-\w+", and the base model "base" answered/);
      expect(ended.stderr).toContain('Load the adapter');
      run.proxy.setFault(() => null);
      const done = await run.resume();
      expect(done.code, done.stderr).toBe(0);
      expect(done.result!.scores['w']!.dev).toBe(100);
      expect(run.fake.counters.jobsCreated).toBe(1);
    }));

  it('a dated version of the model that was asked for is that model', () =>
    FaultRun.with(async (run) => {
      run.setFault(() => rewrite((answer) => ({ ...answer, model: 'base-2026-08-06' })));
      const done = await run.optimize();
      expect(warnings(done).filter((message) => message.includes('2026-08-06'))).toEqual([]);
    }));
});

describe.concurrent('pauses: the run says so, and resume goes on to the same result', () => {
  const impatient = { patienceSeconds: 3, timeoutSeconds: 4 };
  interface Row {
    readonly name: string;
    readonly fault: ProxyFault;
    readonly says: RegExp;
    readonly paidUnseen?: number;
  }
  const rows: readonly Row[] = [
    { name: '503 that stays', fault: status(503), says: /503/ },
    { name: '429 that asks for an hour', fault: status(429, { 'retry-after': '3600' }), says: /wait 3600 s/ },
    { name: 'stalls that stay', fault: { kind: 'stall' }, says: /timed out/ },
    { name: 'wrong JSON that stays', fault: rewrite(() => 'oops {'), says: /broken answer/ },
  ];
  it.each(rows)('$name', ({ fault, says }) =>
    FaultRun.with(async (run) => {
      run.setFault((nth) => (nth > 20 ? fault : null));
      const paused = await run.optimize();
      expectPaused(paused, says);
      const paidBefore = run.paid(paused).shown;
      expect(paidBefore).toBeGreaterThan(0);
      run.proxy.setFault(() => null);
      const done = await run.resume();
      expect(done.code, done.stderr).toBe(0);
      expect(essence(done.result)).toEqual(undisturbed);
      // Nothing that arrived is asked for again; answers that were spoiled, and four calls in flight, may be.
      const spoiled = fault.kind === 'rewrite' ? run.proxy.faulted : 0;
      expect(run.fake.counters.repeated).toBeLessThanOrEqual(spoiled + 4);
    }, impatient),
  );

  it('an endpoint that is gone', () =>
    FaultRun.with(async (run) => {
      run.setFault((nth) => {
        if (nth === 20) void run.proxy.down();
        return null;
      });
      const paused = await run.optimize();
      expectPaused(paused, /ECONNREFUSED|ECONNRESET|socket|closed/i);
      await run.proxy.up();
      const done = await run.resume();
      expect(done.code, done.stderr).toBe(0);
      expect(essence(done.result)).toEqual(undisturbed);
    }, impatient));

  function expectPaused(paused: Told, says: RegExp): void {
    expect(paused.code).toBe(1);
    expect(paused.stderr).toMatch(says);
    expect(paused.stderr).toContain('Nothing that was paid for is lost');
    expect(paused.stderr).toContain('endpoints.fake');
    expect(paused.stderr).toMatch(/`bettertogether resume \S+` goes on/);
    const last = paused.events.at(-1);
    expect(last).toMatchObject({ type: 'run.stopped', reason: 'endpoint' });
    expect(paused.stderr).not.toContain('bug');
  }
});

describe.concurrent('ends at once: what no waiting mends', () => {
  interface Row {
    readonly name: string;
    readonly fault: ProxyFault;
    readonly says: readonly RegExp[];
  }
  const unknown = status(404, {}, { message: 'The model `base` does not exist.', code: 'model_not_found' });
  const rows: readonly Row[] = [
    {
      name: 'authorisation that expires in mid-run',
      fault: status(401, {}, { message: 'Token expired' }),
      says: [/does not accept the key/, /Token expired/, /apiKeyEnv/],
    },
    {
      name: 'a key without permission',
      fault: status(403, {}, { message: 'Forbidden' }),
      says: [/does not accept the key/],
    },
    {
      name: 'credit that is used up',
      fault: status(429, {}, { message: 'No credit', code: 'insufficient_quota' }),
      says: [/no credit left/, /Top it up/],
    },
    { name: 'a model that is removed', fault: unknown, says: [/does not know model "base"/, /Check "model"/] },
    {
      name: 'a redirect',
      fault: status(307, { location: 'http://127.0.0.1:1/v1' }),
      says: [/redirects to/, /key is not sent there/],
    },
  ];
  it.each(rows)('$name', ({ fault, says }) =>
    FaultRun.with(async (run) => {
      run.setFault((nth) => (nth > 20 ? fault : null));
      const began = performance.now();
      const ended = await run.optimize();
      expect(ended.code).toBe(1);
      for (const words of says) expect(ended.stderr).toMatch(words);
      expect(ended.events.at(-1)).toMatchObject({ type: 'run.stopped', reason: 'endpoint' });
      // At most what was in flight met the fault too: nothing was tried again.
      expect(run.proxy.faulted).toBeLessThanOrEqual(5);
      // Nobody waited: patience is 120 seconds.
      expect((performance.now() - began) / 1000).toBeLessThan(100);
      run.proxy.setFault(() => null);
      const done = await run.resume();
      expect(done.code, done.stderr).toBe(0);
      expect(essence(done.result)).toEqual(undisturbed);
      expect(run.fake.counters.repeated).toBeLessThanOrEqual(4);
    }),
  );
});
