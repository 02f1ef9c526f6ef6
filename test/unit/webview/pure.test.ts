import { describe, expect, it, vi } from 'vitest';
import type { Answer } from '../../../src/viewProtocol/answers.ts';
import type { ExampleRow } from '../../../src/viewProtocol/examples.ts';
import type { TraceCallRow } from '../../../src/viewProtocol/traces.ts';
import { Bridge, Refused } from '../../../webview/bridge.ts';
import { callTree } from '../../../webview/callTree.ts';
import type { TreeNode } from '../../../webview/callTree.ts';
import { chosenRows, comparedColumns, matches } from '../../../webview/exampleFilter.ts';
import { exampleFilters, keptSchema } from '../../../webview/model.ts';

const row = (example: number, scores: (number | null)[], failed = scores.map(() => false)): ExampleRow => ({
  example,
  preview: `row number ${example}`,
  scores,
  failed,
});
const table = (rows: ExampleRow[]): Answer<'examples'> => ({
  ...{ columns: ['', 'p', 'p -> w'], rows, labelled: false, categories: [], problem: null },
});
const compared = { from: 0, to: 2 };
const everything = { filter: 'all', search: '', sort: { by: 'row', descending: false } } as const;

describe('the filters of the examples', () => {
  it.each([
    ['wrong, then right', row(0, [0, 0, 1]), ['all', 'fixed']],
    ['right, then wrong', row(0, [1, 1, 0]), ['all', 'broken']],
    ['right both times', row(0, [1, 0, 1]), ['all']],
    ['wrong both times', row(0, [0.5, 1, 0.9]), ['all', 'stillWrong']],
    ['failed in the end', row(0, [1, 1, 0], [false, false, true]), ['all', 'broken', 'failed']],
    ['failed at first', row(0, [0, 1, 1], [true, false, false]), ['all', 'fixed']],
    ['not scored in the end', row(0, [1, 1, null]), ['all']],
  ])('put a row that was %s where it belongs', (_, one, expected) => {
    expect(exampleFilters.filter((filter) => matches(one, filter, compared, 1))).toEqual(expected);
  });

  it('count a score at the threshold as right', () => {
    expect(matches(row(0, [0.49, null, 0.5]), 'fixed', compared, 0.5)).toBe(true);
  });

  it('compare the first and the last scored step unless others were chosen', () => {
    const rows = [row(0, [0, 1, null])];
    expect(comparedColumns(table(rows), { from: null, to: null })).toEqual({ from: 0, to: 1 });
    expect(comparedColumns(table(rows), { from: 'p', to: 'p -> w' })).toEqual({ from: 1, to: 2 });
    expect(comparedColumns(table(rows), { from: 'gone', to: null })).toEqual({ from: 0, to: 1 });
  });

  it('search in the inputs and by number', () => {
    const answer = table([row(1, []), row(12, []), row(2, [])]);
    // Shown from 1, as lines are: row 3 is the one with index 2.
    const found = (search: string) =>
      chosenRows(answer, { ...everything, search }, compared, 1).map(({ example }) => example);
    expect(found('NUMBER 1')).toEqual([1, 12]);
    expect(found('3')).toEqual([2]);
    expect(found('nothing')).toEqual([]);
  });

  it('sort by a step, rows that are alike in the order of the file, unscored ones below', () => {
    const answer = table([row(0, [0, 0, 1]), row(1, [0, 1, null]), row(2, [0, 1, 0]), row(3, [0, 0, 1])]);
    const by = (name: string, descending: boolean) =>
      chosenRows(answer, { ...everything, sort: { by: name, descending } }, compared, 1).map(({ example }) => example);
    expect(by('p -> w', true)).toEqual([0, 3, 2, 1]);
    expect(by('p -> w', false)).toEqual([1, 2, 0, 3]);
    expect(by('row', true)).toEqual([3, 2, 1, 0]);
  });
});

describe('the tree of calls', () => {
  const call = (predictor: string, start: number, path: string[]): TraceCallRow => ({
    ...{ predictor, inputs: {}, outputs: {}, lm: [], path, start, seconds: 1 },
  });
  const told = (nodes: readonly TreeNode[]): unknown =>
    nodes.map((node) => {
      if (node.kind === 'retrieve') return `? ${node.retrieval.query}`;
      return node.kind === 'call' ? `${node.place} ${node.call.predictor}` : { [node.name]: told(node.children) };
    });

  it('orders calls by their beginning and puts neighbours under one module', () => {
    const calls = [call('b', 2, ['M', 'N']), call('a', 1, ['M', 'N']), call('c', 3, ['M']), call('d', 4, ['M', 'N'])];
    expect(told(callTree(calls, 10))).toEqual([{ M: [{ N: ['1 a', '0 b'] }, '2 c', { N: ['3 d'] }] }]);
  });

  it('has look-ups of passages among the calls, by their beginning and within their module', () => {
    const calls = [call('a', 1, ['M', 'N']), call('b', 4, ['M'])];
    const lookUp = (query: string, start: number, path: string[]) => ({
      ...{ retriever: 'Retrieve', query, k: 3, passages: ['p'], path, start, seconds: 1 },
    });
    const lookUps = [lookUp('first', 2, ['M', 'N']), lookUp('later', 5, ['M'])];
    expect(told(callTree(calls, 10, lookUps))).toEqual([{ M: [{ N: ['0 a', '? first'] }, '1 b', '? later'] }]);
    expect(told(callTree(calls, 2, lookUps))).toEqual([{ M: [{ N: ['0 a', '? first'] }] }]);
  });

  it('shows the first calls of very many', () => {
    const calls = Array.from({ length: 1000 }, (_, i) => call('x', i, []));
    expect(callTree(calls, 100)).toHaveLength(100);
  });
});

describe('the bridge to the host', () => {
  function open() {
    const posted: unknown[] = [];
    const onSnapshot = vi.fn();
    const api = {
      postMessage: (message: unknown) => void posted.push(message),
      getState: () => null,
      setState: vi.fn(),
    };
    return { bridge: new Bridge(api, onSnapshot), posted, onSnapshot };
  }

  it('gives each answer to the one who asked', async () => {
    const { bridge, posted } = open();
    const one = bridge.ask<'findTrace'>({ ask: 'findTrace', filter: { example: 1 } });
    const two = bridge.ask<'findTrace'>({ ask: 'findTrace', filter: { example: 2 } });
    expect(posted).toHaveLength(2);
    bridge.receive({ type: 'reply', id: 2, value: { trace: 22 } });
    bridge.receive({ type: 'reply', id: 1, value: { trace: null } });
    expect([await one, await two]).toEqual([{ trace: null }, { trace: 22 }]);
  });

  it('refuses in the words of the host, and an answer of another shape', async () => {
    const { bridge } = open();
    const one = bridge.ask<'states'>({ ask: 'states', candidates: [] });
    const two = bridge.ask<'states'>({ ask: 'states', candidates: [] });
    bridge.receive({ type: 'refused', id: 1, message: 'The data file is gone.' });
    bridge.receive({ type: 'reply', id: 2, value: { states: 'all of them' } });
    await expect(one).rejects.toThrow(new Refused('The data file is gone.'));
    await expect(two).rejects.toThrow(/predictors/);
  });

  it.each([null, 'x', { type: 'snapshot' }, { type: 'eval', code: '1' }])(
    'tells the log of %j and goes on',
    (message) => {
      const { bridge, posted, onSnapshot } = open();
      bridge.receive(message);
      expect(onSnapshot).not.toHaveBeenCalled();
      expect(posted).toMatchObject([{ type: 'error' }]);
    },
  );
});

describe('what is kept over a reload', () => {
  it('falls back part by part where it is broken', () => {
    const { tab, search, filter, sort } = keptSchema.parse({
      tab: 'gone',
      search: 'river',
      filter: 7,
      sort: { by: 3 },
    });
    expect({ tab, search, filter, sort }).toEqual({
      tab: 'run',
      search: 'river',
      filter: 'all',
      sort: { by: 'row', descending: false },
    });
  });
});
