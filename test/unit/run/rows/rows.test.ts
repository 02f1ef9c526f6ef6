/** Rows from traces: of the forms that others export, and what hostile files do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../../../src/base/errors.ts';
import { knowKey } from '../../../../src/base/keys.ts';
import { makeRows } from '../../../../src/run/rows/answer.ts';
import type { RowsOptions } from '../../../../src/run/rows/answer.ts';
import { exportedSpans } from '../../../../src/run/rows/exportedSpans.ts';
import { fileAnswers } from '../../../../src/run/rows/fileAnswers.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bettertogether-rows-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const names = { input: 'input', output: 'output' };
const all: RowsOptions = { inputs: null, labels: null, expected: [], failed: false, limit: 100 };
const question = { question: 'Capital of France?' };
const answer = { reasoning: 'It is', answer: 'Paris' };

function write(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

async function readFrom(name: string, content: unknown, predictor: string | null = null) {
  const file = write(name, content);
  return fileAnswers(file, await exportedSpans(file), predictor, names);
}

const answersOf = async (...from: Parameters<typeof readFrom>) => (await readFrom(...from)).answers;

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const io = (input: unknown, output: unknown) => [
  attribute('input.value', JSON.stringify(input)),
  attribute('input.mime_type', 'application/json'),
  attribute('output.value', JSON.stringify(output)),
];
const otlp = (spans: readonly unknown[]) => ({ resourceSpans: [{ resource: {}, scopeSpans: [{ scope: {}, spans }] }] });
const dspySpans = [
  { traceId: 't', spanId: 'b', parentSpanId: 'a', name: 'Predict.forward', attributes: io(question, answer) },
  { traceId: 't', spanId: 'a', name: 'QA.forward', attributes: io({ args: [], kwargs: question }, answer), status: {} },
  { traceId: 't', spanId: 'c', parentSpanId: 'b', name: 'LM.__call__', attributes: io({ messages: [] }, ['x']) },
];

describe('a file of spans', () => {
  it('of the file exporter of OpenTelemetry is a line of JSON a batch', async () => {
    const lines = dspySpans.map((span) => JSON.stringify(otlp([span]))).join('\r\n');
    for (const name of ['otlp.jsonl', 'lines.json']) {
      expect(await answersOf(name, lines)).toEqual([{ inputs: question, outputs: answer, failed: false }]);
    }
    expect(await answersOf('otlp.json', otlp(dspySpans))).toEqual([
      { inputs: question, outputs: answer, failed: false },
    ]);
  });

  it('gives the calls of one predictor', async () => {
    const calls = await answersOf('otlp.json', otlp(dspySpans), 'Predict');
    expect(calls).toEqual([{ inputs: question, outputs: answer, failed: false }]);
    await expect(answersOf('otlp.json', otlp(dspySpans), 'Other')).rejects.toThrow(
      /no span of predictor "Other"\. There are: "Predict\.forward", "QA\.forward"/,
    );
  });

  it('a session around program runs that says nothing of them is passed over', async () => {
    const session = { spanId: 's', name: 'optimize qa', attributes: [attribute('bettertogether.run', 'r')] };
    const runs = [1, 2].map((id) => ({
      ...{ spanId: `r${id}`, parentSpanId: 's', name: 'invoke_workflow qa' },
      attributes: io({ question: `q${id}` }, { answer: `a${id}` }),
    }));
    const answers = await answersOf('own.json', otlp([...runs, session]));
    expect(answers.map(({ inputs }) => inputs)).toEqual([{ question: 'q1' }, { question: 'q2' }]);
  });

  it('of Phoenix: its interface, a line a span, a data frame as records or as CSV', async () => {
    const attributes = { 'input.value': JSON.stringify(question), 'output.value': JSON.stringify(answer) };
    const span = { name: 'QA.forward', context: { trace_id: 't', span_id: 'a' }, parent_id: null, status_code: 'OK' };
    const expected = [{ inputs: question, outputs: answer, failed: false }];
    expect(await answersOf('api.json', { data: [{ id: 'x', ...span, attributes }], next_cursor: null })).toEqual(
      expected,
    );
    const nested = { input: { value: attributes['input.value'] }, output: { value: attributes['output.value'] } };
    expect(await answersOf('spans.jsonl', JSON.stringify({ ...span, attributes: nested }))).toEqual(expected);
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const csv = [
      'context.span_id,name,span_kind,parent_id,status_code,attributes.input.value,attributes.output.value',
      `a,QA.forward,CHAIN,,OK,${quoted(attributes['input.value'])},${quoted(attributes['output.value'])}`,
      `b,Predict.forward,CHAIN,a,OK,${quoted(attributes['input.value'])},${quoted(attributes['output.value'])}`,
    ];
    expect(await answersOf('frame.csv', csv.join('\n'))).toEqual(expected);
  });

  it('of Langfuse: traces, observations, and one trace with its observations', async () => {
    const trace = { id: 't1', name: 'qa', timestamp: '2026-01-01', input: question, output: answer };
    const observation = {
      id: 'o1',
      traceId: 't1',
      type: 'SPAN',
      name: 'qa',
      input: JSON.stringify(question),
      output: answer,
    };
    const generation = {
      ...observation,
      id: 'o2',
      parentObservationId: 'o1',
      type: 'GENERATION',
      input: [],
      level: 'ERROR',
    };
    const expected = [{ inputs: question, outputs: answer, failed: false }];
    expect(await answersOf('traces.json', [trace])).toEqual(expected);
    expect(await answersOf('traces.jsonl', JSON.stringify(trace))).toEqual(expected);
    expect(await answersOf('observations.json', { data: [observation, generation], meta: {} })).toEqual(expected);
    expect(await answersOf('trace-t1.json', { ...trace, observations: [observation, generation] })).toEqual(expected);
  });

  it('of MLflow: a trace with its spans', async () => {
    const span = { name: 'QA.forward', span_id: 'a', parent_id: null, status_code: 'ERROR' };
    const attributes = { 'mlflow.spanInputs': JSON.stringify(question), 'mlflow.spanOutputs': JSON.stringify(answer) };
    const expected = [{ inputs: question, outputs: answer, failed: true }];
    expect(await answersOf('mlflow.json', { info: {}, data: { spans: [{ ...span, attributes }] } })).toEqual(expected);
    expect(await answersOf('list.json', [{ info: {}, data: { spans: [{ ...span, attributes }] } }])).toEqual(expected);
  });

  it('texts and messages get a name', async () => {
    const messages = [
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: [{ type: 'text', text: 'Hi 👋' }] },
    ];
    const answers = await answersOf('langfuse.json', [{ id: 'a', name: 'chat', input: messages, output: 'Hello' }]);
    expect(answers).toEqual([{ inputs: { input: 'Hi 👋' }, outputs: { output: 'Hello' }, failed: false }]);
  });

  it('structured attributes of OTLP are read, to any depth', async () => {
    const value = (stringValue: string) => ({ stringValue });
    const entry = (key: string, each: unknown) => ({ key, value: each });
    const list = (...values: unknown[]) => ({ arrayValue: { values } });
    const object = (...values: unknown[]) => ({ kvlistValue: { values } });
    const message = (role: string, content: string) =>
      object(
        entry('role', value(role)),
        entry('parts', list(object(entry('type', value('text')), entry('content', value(content))))),
      );
    const attributes = [
      entry('gen_ai.input.messages', list(message('system', 'Be brief'), message('user', 'Hi'))),
      entry('gen_ai.output.messages', list(message('assistant', 'Hello'))),
    ];
    expect(await answersOf('otlp.json', otlp([{ spanId: 'a', name: 'chat', attributes }]))).toEqual([
      { inputs: { input: 'Hi' }, outputs: { output: 'Hello' }, failed: false },
    ]);
  });

  it('contents that were cut make no row, and an answer that was cut is none', async () => {
    const long = JSON.stringify({ question: 'x'.repeat(100) });
    const said = attribute('input.mime_type', 'application/json');
    const flag = { key: 'bettertogether.input_cut', value: { boolValue: true } };
    const spans = [
      { spanId: 'a', name: 'qa', attributes: [attribute('input.value', `${long.slice(0, 50)}…`), said] },
      { spanId: 'b', name: 'qa', attributes: [attribute('input.value', long.slice(0, 50))] },
      { spanId: 'c', name: 'qa', attributes: [...io({ question: 'short…' }, answer), flag] },
      {
        spanId: 'd',
        name: 'qa',
        attributes: [...io(question, answer).slice(0, 2), attribute('output.value', '{"a": "b')],
      },
      { spanId: 'e', name: 'qa', attributes: [attribute('input.value', '{name} is a text')] },
    ];
    const { answers, cut } = await readFrom('cut.json', otlp(spans));
    expect(cut).toBe(3);
    expect(answers).toEqual([
      { inputs: question, outputs: null, failed: false },
      { inputs: { input: '{name} is a text' }, outputs: null, failed: false },
    ]);
  });

  it.each([
    ['empty.json', '', /empty\.json: not valid JSON/],
    ['list.json', '[]', /has no spans\. What is read:/],
    ['lines.json', '{"name":"a"}\n{"name":{"evil":1}}', /lines\.json:2: name/],
    ['text.json', '"spans"', /a span has to be an object/],
    ['torn.jsonl', '{"resourceSpans":[]}\n{"resourceSpans":[{"scopeSp', /torn\.jsonl:2: not valid JSON/],
    [
      'otlp.jsonl',
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":7}]}]}]}',
      /otlp\.jsonl:1: resourceSpans\.0\.scopeSpans/,
    ],
    ['name.json', '[{"name":{"evil":1}}]', /name\.json, record 1: name/],
    ['deep.json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /nests deeper/],
    ['deep.jsonl', `{"input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /deep\.jsonl:1/],
    ['nothing.json', '[{"name":"QA"}]', /none of its 1 spans says what went in/],
  ])('%s is refused by its place', async (name, content, why) => {
    await expect(answersOf(name, content)).rejects.toThrow(why);
    await expect(answersOf(name, content)).rejects.toBeInstanceOf(UsageError);
  });

  it('spans that are above each other in a circle, and keys of objects, do no harm', async () => {
    const circle = [
      { id: 'a', parent_id: 'b', name: 'x', input: null },
      { id: 'b', parent_id: 'a', name: 'y', input: null },
      { id: 'c', parent_id: 'b', name: 'z', input: '{"__proto__": {"polluted": true}, "q": 1}', output: null },
    ];
    const [one] = await answersOf('circle.json', circle);
    expect(one!.inputs['q']).toBe(1);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('rows', () => {
  const of = (inputs: object, outputs: object | null, failed = false) => ({ inputs, outputs, failed }) as never;

  it('have empty labels and what was answered, thoughts among it', () => {
    const made = makeRows([of(question, answer)], all);
    expect(JSON.parse(made.text)).toEqual({ ...question, answer: null, _answered: answer });
    expect(made).toMatchObject({ rows: 1, merged: 0, inputs: ['question'], labels: ['answer'] });
  });

  it('of the same inputs are one, with the latest answer', () => {
    const made = makeRows([of({ a: 1, b: 2 }, { c: 1 }), of({ b: 2, a: 1 }, { c: 2 })], all);
    expect(made).toMatchObject({ rows: 1, merged: 1 });
    expect(JSON.parse(made.text)._answered).toEqual({ c: 2 });
  });

  it('are of what failed, as many as are wanted, with the fields that the program knows', () => {
    const answers = [of({ q: 1, k: 5 }, { a: 1 }), of({ q: 2, k: 5 }, null, true), of({ q: 3 }, { a: 3 }, true)];
    const made = makeRows(answers, { ...all, inputs: ['q'], labels: ['a'], failed: true, limit: 1 });
    expect(made).toMatchObject({ rows: 1, leftOut: 1 });
    expect(JSON.parse(made.text)).toEqual({ q: 2, a: null, _answered: { a: null } });
  });

  it('of what failed are judged by the answer that is kept', () => {
    const answers = [
      of({ q: 1 }, { a: 0 }, true),
      of({ q: 1 }, { a: 1 }),
      of({ q: 2 }, { a: 0 }),
      of({ q: 2 }, null, true),
    ];
    const made = makeRows(answers, { ...all, failed: true });
    expect(made.text).toBe('{"q":2,"a":null,"_answered":{"a":null}}\n');
  });

  it('name the label that is expected where nothing was answered', () => {
    const made = makeRows([of({ q: 1 }, null, true)], { ...all, expected: ['reasoning', 'a'], failed: true });
    expect(made.text).toBe('{"q":1,"a":null,"_answered":{"a":null}}\n');
  });

  it('hold no key', () => {
    knowKey('sk-rows-4711-secret');
    const made = makeRows([of({ q: 'use sk-rows-4711-secret' }, { a: 'Bearer abc123def' })], all);
    expect(made.text).not.toContain('4711');
    expect(JSON.parse(made.text)._answered.a).toBe('Bearer ***');
  });
});
