/** From traces to a data set that is labelled and run on: by the built command line. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFakeCollector } from '../fakes/fakeCollector.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { studentAnswer, Workspace } from './workspace.ts';

let fake: FakeEndpoint;
let workspace: Workspace;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer });
  workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'vanilla' });
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

type Row = Record<string, unknown> & { _answered: Record<string, unknown> };
const rowsIn = (name: string): Row[] =>
  readFileSync(join(workspace.folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

describe('rows of a run', () => {
  it('are refused until they are labelled, and then are a data set', async () => {
    expect((await workspace.run(['optimize', 'two', '--yes'])).code).toBe(0);
    const heldOut = await workspace.run(['rows', 'latest', '--out', 'new.jsonl']);
    expect(heldOut.code).toBe(1);
    expect(heldOut.stderr).toMatch(/12 rows of test left out.* 15 rows of dev left out.*--split dev/);
    const made = await workspace.run(['rows', 'latest', '--split', 'dev', '--program', 'two', '--out', 'new.jsonl']);
    expect(made.stderr + String(made.code)).toBe('0');
    expect(made.stdout).toContain('15 rows in new.jsonl: question');
    expect(made.stdout).toContain('"dev": "new.jsonl"');
    const rows = rowsIn('new.jsonl');
    expect(rows).toHaveLength(15);
    for (const row of rows) expect(Object.keys(row)).toEqual(['question', 'answer', '_answered']);
    expect(rows.every(({ answer }) => answer === null)).toBe(true);
    expect(rows.some(({ _answered }) => typeof _answered['answer'] === 'string')).toBe(true);

    const evaluate = ['evaluate', 'two', '--split', 'train', '--train', 'new.jsonl', '--yes'];
    const refused = await workspace.run(evaluate);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/new\.jsonl:1: "answer" has no label yet/);

    // Half of them: the first that is not labelled is named.
    const labelled = rows.map((row) => ({ ...row, answer: `a ${String(row['question'])}` }));
    const lines = (all: readonly object[]): string => all.map((row) => JSON.stringify(row)).join('\r\n');
    workspace.write('new.jsonl', lines([...labelled.slice(0, 9), ...rows.slice(9)]));
    expect((await workspace.run(evaluate)).stderr).toMatch(/new\.jsonl:10: "answer" has no label yet/);

    workspace.write('new.jsonl', lines(labelled));
    const measured = await workspace.run([...evaluate, '--json']);
    expect(measured.code).toBe(0);
    expect(JSON.parse(measured.stdout)).toMatchObject({ n: 15, failed: 0 });
  });

  it('of what failed, of one predictor, and not over what is there', async () => {
    await workspace.run(['optimize', 'two', '--yes']);
    const failed = await workspace.run([
      'rows',
      'latest',
      '--split',
      'dev',
      '--failed',
      '--out',
      'failed.jsonl',
      '--limit',
      '3',
    ]);
    expect(failed.code).toBe(0);
    expect(rowsIn('failed.jsonl')).toHaveLength(3);
    expect(failed.stdout).toContain('more were left out');
    const again = await workspace.run(['rows', 'latest', '--out', 'failed.jsonl']);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('--force');
    await workspace.run(['rows', 'latest', '--split', 'dev', '--predictor', 'answer', '--out', 'answer.jsonl']);
    expect(Object.keys(rowsIn('answer.jsonl')[0]!)).toEqual(['question', 'hint', 'answer', '_answered']);
    const none = await workspace.run(['rows', 'latest', '--predictor', 'nobody', '--out', 'none.jsonl']);
    expect(none.code).toBe(1);
    expect(existsSync(join(workspace.folder, 'none.jsonl'))).toBe(false);
  });

  it('to train on are rows of train, each once, with the inputs of the row', async () => {
    workspace.dispose();
    // Nothing says which fields are inputs: the data set's own label is one of a row's fields.
    workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'p', settings: { inputs: undefined } });
    expect((await workspace.run(['optimize', 'two', '--yes'])).code).toBe(0);
    const made = await workspace.run(['rows', 'latest']);
    expect(made.stderr + String(made.code)).toBe('0');
    expect(made.stdout).toContain('12 rows of test left out');
    const rows = rowsIn('rows.jsonl');
    const questions = rows.map(({ question }) => String(question));
    expect(questions.every((question) => question.startsWith('train '))).toBe(true);
    expect(new Set(questions).size).toBe(rows.length);
    for (const row of rows) expect(Object.keys(row)).toEqual(['question', 'answer', '_answered']);
  });
});

describe('rows of a file', () => {
  it('that a collector wrote of our own spans', async () => {
    const collector = await startFakeCollector();
    try {
      await workspace.run(['evaluate', 'two', '--yes', '--otlp', collector.url, '--otlp-content']);
      const spans = collector.spans.map(({ trace, id, parent, name, attributes }) => ({
        ...{ traceId: trace, spanId: id, parentSpanId: parent, name },
        attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: String(value) } })),
      }));
      const batch = { resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: {}, spans }] }] };
      workspace.write('traces.jsonl', `${JSON.stringify(batch)}\n`);
    } finally {
      await collector.close();
    }
    const made = await workspace.run(['rows', 'traces.jsonl', '--program', 'two']);
    expect(made.stderr + String(made.code)).toBe('0');
    const rows = rowsIn('rows.jsonl');
    expect(rows.map(({ question }) => question).toSorted()).toEqual(
      Array.from({ length: 15 }, (_, id) => `dev ${id}`).toSorted(),
    );
    expect(Object.keys(rows[0]!)).toEqual(['question', 'answer', '_answered']);
  });

  it('that is not there, or has no contents, is said', async () => {
    const missing = await workspace.run(['rows', 'none.jsonl']);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('none.jsonl');
    workspace.write('bare.json', JSON.stringify([{ name: 'QA.forward', context: { span_id: 'a' } }]));
    const bare = await workspace.run(['rows', 'bare.json']);
    expect(bare.code).toBe(2);
    expect(bare.stderr).toContain('export them with their contents');
  });
});
