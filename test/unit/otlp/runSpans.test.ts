/** The fold from events and program runs to spans. */
import { describe, expect, it } from 'vitest';
import { knowKey } from '../../../src/base/keys.ts';
import type { ProgramOutcome } from '../../../src/data/trace.ts';
import type { ProgramRun } from '../../../src/otlp/programRun.ts';
import { RunSpans } from '../../../src/otlp/runSpans.ts';
import type { ExampleEvent } from '../../../src/otlp/runSpans.ts';
import { headerVariablesIn, otlpTarget } from '../../../src/otlp/target.ts';
import { traceIdOf } from '../../../src/otlp/span.ts';
import type { Span } from '../../../src/otlp/span.ts';
import type { RunEvent } from '../../../src/protocol.ts';

const started: RunEvent = {
  ...{ type: 'run.started', run: 'r', program: 'qa', strategy: 'p', seed: 0, endpoint: 'lab', model: 'base' },
  ...{ splits: { train: 1, dev: 1, test: null }, predictors: ['answer'], resumed: false },
};
const record = { finishReason: 'length', key: 'k', model: 'base', cached: false, seconds: 2 } as const;
const usage = { inputTokens: 10, cachedInputTokens: 4, outputTokens: 3 };
const outcome: ProgramOutcome = {
  prediction: { answer: 'Paris' },
  score: 1,
  feedback: 'right',
  trace: [
    {
      ...{ predictor: 'answer', inputs: { question: 'secret question' }, outputs: { answer: 'Paris' }, path: ['qa'] },
      ...{
        start: 1,
        seconds: 5,
        lm: [
          { ...record, usage },
          { ...record, usage: null, cached: true, endpoint: 'big' },
        ],
      },
    },
  ],
  retrievals: [
    { retriever: 'Retrieve', query: 'secret query', k: 3, passages: ['p'], path: [], start: 0, seconds: 0.5 },
  ],
  untraced: [{ ...record, usage, model: 'judge' }],
  seconds: 8,
};
const example = (more: Partial<ExampleEvent> = {}): ExampleEvent => ({
  ...{ type: 'example', prefix: '', candidate: null, purpose: 'dev', example: 4, round: 0, score: 0.5, cached: false },
  ...{ seconds: 8, ...more },
});
const body = { messages: [{ role: 'user', content: 'secret prompt' }], temperature: 0.7, max_tokens: 99 };
const remembered = new Map([['k', { path: '/chat/completions', body, text: 'Paris' }]]);

function spansOf(content: boolean, feed: (spans: RunSpans) => void): Span[] {
  const emitted: Span[] = [];
  const setting = {
    ...{ run: 'r', trace: traceIdOf('r'), program: 'qa', metric: 'exactMatch:answer', content },
    providerOf: (endpoint: string | undefined) => ({ name: endpoint ?? 'openai', address: 'lab', port: 8000 }),
  };
  const spans = new RunSpans({ setting, name: 'optimize qa', steps: true, emit: (span) => emitted.push(span) });
  feed(spans);
  return emitted;
}

const runOf = (more: Partial<ProgramOutcome> = {}): ProgramRun => ({
  ...{ step: '', candidate: null, purpose: 'dev', example: 4, round: 0, state: 'hash' },
  outcome: { ...outcome, ...more },
});

function oneRun(spans: RunSpans): void {
  spans.event(started, 1000, 0);
  spans.run(runOf(), example(), 20_000, remembered);
  spans.event({ type: 'run.stopped', reason: 'cancelled', message: 'x' }, 21_000, 9);
}

describe('spans of a program run', () => {
  it('stand at their times, the requests one after the other to the end of their call', () => {
    const times = spansOf(false, oneRun).map(({ name, start, end }) => [name, start, end]);
    expect(times).toEqual([
      ['invoke_workflow qa', 12_000, 20_000],
      ['answer', 13_000, 18_000],
      ['chat base', 16_000, 18_000],
      ['chat base', 18_000, 18_000],
      ['retrieval Retrieve', 12_000, 12_500],
      ['chat judge', 18_000, 20_000],
      ['baseline', 12_000, 20_000],
      ['optimize qa', 1000, 21_000],
    ]);
  });

  it('say what was asked, and tokens of what was paid for alone', () => {
    const [, , paid, recalled] = spansOf(false, oneRun);
    expect(paid!.attributes).toMatchObject({
      'gen_ai.request.temperature': 0.7,
      'gen_ai.request.max_tokens': 99,
      'gen_ai.usage.input_tokens': 10,
      'gen_ai.usage.output_tokens': 3,
      'gen_ai.response.finish_reasons': ['length'],
      'gen_ai.provider.name': 'openai',
    });
    expect(recalled!.attributes).toMatchObject({ 'bettertogether.memo_hit': true, 'gen_ai.provider.name': 'big' });
    expect(Object.keys(recalled!.attributes).filter((name) => /usage|token_count/.test(name))).toEqual([]);
  });

  it('hold nothing of rows, prompts and answers unless asked for', () => {
    expect(JSON.stringify(spansOf(false, oneRun))).not.toMatch(/secret|Paris|right/);
    const shown = JSON.stringify(spansOf(true, oneRun));
    for (const text of ['secret question', 'secret query', 'secret prompt', 'Paris', 'right'])
      expect(shown).toContain(text);
  });

  it('hold no key, and no text beyond its length', () => {
    knowKey('sk-spans-4711-secret');
    const long = { answer: `sk-spans-4711-secret ${'x'.repeat(100_000)}` };
    const spans = spansOf(true, (all) => {
      all.event(started, 0, 0);
      all.run(runOf({ prediction: long }), example(), 20_000, new Map());
    });
    const value = String(spans[0]!.attributes['output.value']);
    expect(value).toContain('***');
    expect(value).not.toContain('4711');
    expect(value.length).toBeLessThan(33_000);
  });

  it('recalled as a whole take no time and ask nothing', () => {
    const spans = spansOf(false, (all) => {
      all.event(started, 0, 0);
      all.run(runOf(), example({ cached: true }), 500, remembered);
    });
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({ start: 500, end: 500, attributes: { 'bettertogether.recalled': true } });
  });

  it('that failed say the kind of error alone', () => {
    const spans = spansOf(false, (all) => {
      all.event(started, 0, 0);
      all.run(runOf({ error: { kind: 'parse', message: 'secret answer' } }), example(), 9000, new Map());
    });
    expect(spans[0]).toMatchObject({ failed: true, attributes: { 'error.type': 'parse' } });
    expect(JSON.stringify(spans)).not.toContain('secret answer');
  });
});

describe('sessions', () => {
  it('are roots of one trace, and end where nothing says that they do', () => {
    const spans = spansOf(false, (all) => {
      all.event(started, 1000, 0);
      all.event({ type: 'warning', message: 'w' }, 3000, 1);
      all.event({ ...started, resumed: true }, 9000, 7);
      all.event({ type: 'run.stopped', reason: 'endpoint', message: 'x' }, 9500, 8);
      all.end();
    });
    expect(spans.map(({ parent, start, end, failed }) => [parent, start, end, failed])).toEqual([
      [null, 1000, 9000, false],
      [null, 9000, 9500, true],
    ]);
    expect(new Set(spans.map(({ id }) => id)).size).toBe(2);
    expect(new Set(spans.map(({ trace }) => trace))).toEqual(new Set([traceIdOf('r')]));
  });

  it('nothing is made of events before a session', () => {
    expect(spansOf(false, (all) => all.run(runOf(), example(), 5, new Map()))).toEqual([]);
  });
});

describe('where spans go', () => {
  it.each([
    ['http://127.0.0.1:4318', 'http://127.0.0.1:4318/v1/traces'],
    ['http://127.0.0.1:4318/', 'http://127.0.0.1:4318/v1/traces'],
    ['http://lens:4318/v1/traces/', 'http://lens:4318/v1/traces'],
    ['https://cloud.langfuse.com/api/public/otel', 'https://cloud.langfuse.com/api/public/otel/v1/traces'],
  ])('%s is %s', (given, url) => {
    expect(otlpTarget(given, false, '--otlp')).toEqual({ url, content: false });
  });

  it('variables with headers are named, and their values are keys', () => {
    expect(headerVariablesIn({})).toEqual([]);
    expect(headerVariablesIn({ OTEL_EXPORTER_OTLP_HEADERS: ' ', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' })).toEqual([]);
    const env = { OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-key=my%2Fvery-long-key-4711,other=1' };
    expect(headerVariablesIn(env)).toEqual(['OTEL_EXPORTER_OTLP_TRACES_HEADERS']);
    const spans = spansOf(true, (all) => {
      all.event(started, 0, 0);
      all.run(runOf({ prediction: { answer: 'my/very-long-key-4711' } }), example(), 9000, new Map());
    });
    expect(JSON.stringify(spans)).not.toContain('4711');
  });

  it.each([
    ['x-dataset=header-words-alone', 'header-words-alone', true],
    ['x-tenant=header-team-2026', 'header-team-2026', true],
    ['x-trace-secret=header-words-secret', 'header-words-secret', false],
    ['Cookie=header-cookie-words', 'header-cookie-words', false],
    ['x-team=Bearer%20header-bearer-words', 'header-bearer-words', false],
    ['x-honeycomb-team=a1b2c3d4e5f6g7h8i9j0kl', 'a1b2c3d4e5f6g7h8i9j0kl', false],
    ['header-bare-word-alone', 'header-bare-word-alone', false],
  ])('the header %s: what contents say of %s is kept: %s', (headers, said, isKept) => {
    headerVariablesIn({ OTEL_EXPORTER_OTLP_HEADERS: headers });
    const spans = spansOf(true, (all) => {
      all.event(started, 0, 0);
      all.run(runOf({ prediction: { answer: said } }), example(), 9000, new Map());
    });
    expect(JSON.stringify(spans).includes(said)).toBe(isKept);
  });
});

describe('contents that are too long', () => {
  const spanOf = (inputs: ProgramOutcome['trace'][number]['inputs'], answer: string): Span['attributes'] => {
    const [run] = spansOf(true, (all) => {
      all.event(started, 0, 0);
      all.run(runOf({ trace: [{ ...outcome.trace[0]!, inputs }], prediction: { answer } }), example(), 9000, new Map());
    });
    return run!.attributes;
  };
  let deep: ProgramOutcome['trace'][number]['inputs'] = {};
  for (let level = 0; level < 90; level++) deep = { ['k'.repeat(500)]: deep, more: 'x'.repeat(500) };

  it.each([
    ['a text', { question: 'q', context: '😀'.repeat(40_000) }],
    ['passages', { question: 'q', context: Array.from({ length: 5000 }, (_, i) => `passage ${i}`) }],
    ['many fields', Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`field ${i}`, i]))],
    ['what is nested', deep],
    ['quotes', { question: '"\u0000'.repeat(20_000) }],
  ])('%s: are shortened within JSON that can be read, and said to be', (_, inputs) => {
    const attributes = spanOf(inputs, 'short');
    const text = String(attributes['input.value']);
    expect(text.length).toBeLessThanOrEqual(32_000);
    expect(JSON.parse(text)).toBeTypeOf('object');
    expect(text).toContain('…');
    expect(attributes).toMatchObject({ 'input.mime_type': 'application/json', 'bettertogether.input_cut': true });
    expect(attributes).not.toHaveProperty('bettertogether.output_cut');
  });

  it('hold no part of a key that stands where they end', () => {
    knowKey('sk-long-4711-secret');
    const { 'output.value': said } = spanOf({}, `${'x'.repeat(15_990)}sk-long-4711-secret${'y'.repeat(30_000)}`);
    expect(String(said)).not.toContain('sk-long');
    expect(JSON.parse(String(said)).answer).toMatch(/^x+\*\*\*y*…$/);
  });
});
