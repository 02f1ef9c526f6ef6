// @vitest-environment jsdom
import { render } from 'lit';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/viewProtocol/answers.ts';
import type { ExampleRow } from '../../../src/viewProtocol/examples.ts';
import type { Snapshot } from '../../../src/viewProtocol/snapshot.ts';
import type { Actions } from '../../../webview/actions.ts';
import type { CompareActions } from '../../../webview/compareController.ts';
import { firstCompareModel } from '../../../webview/compareModel.ts';
import type { CompareModel } from '../../../webview/compareModel.ts';
import { compareView } from '../../../webview/compareView.ts';
import { examplesView } from '../../../webview/examplesView.ts';
import { firstModel } from '../../../webview/model.ts';

/** Rows of two columns, of which the second is right on some, that count how often their scores are looked at. */
function countedRows(fixed: number) {
  const looks = { count: 0 };
  const rows = Array.from({ length: 100 }, (_, example): ExampleRow => ({
    ...{ example, preview: '', failed: [false, false] },
    get scores() {
      looks.count++;
      return [0, example < fixed ? 1 : 0];
    },
  }));
  const answer: Answer<'examples'> = { columns: ['', 'p'], rows, labelled: false, categories: [], problem: null };
  return { looks, answer };
}

const score = { score: 50, low: 40, high: 60, n: 100, failed: 0 };

function comparing(answer: Answer<'examples'>): CompareModel {
  const run = (id: string) => ({
    ...{ run: id, name: id, program: 'p', status: 'finished', strategy: 'p', from: null, seed: 0, model: 'm' },
    ...{ endpoint: 'e', usage: { calls: 1, cached: 0, inputTokens: 1, outputTokens: 1, usd: null }, seconds: 1 },
    ...{ best: 'p', final: 'p', steps: [{ prefix: 'p', dev: score, test: null }], unlike: { dev: null, test: null } },
  });
  const comparison = {
    ...{ type: 'sideBySide', title: '', complete: true, version: 1, metric: '', threshold: 1, hasTest: false },
    ...{ runs: [run('a'), run('b')], record: null, problem: null },
  };
  return { ...firstCompareModel, comparison, rows: { state: 'here', value: answer } } as CompareModel;
}

function drawComparison(answer: Answer<'examples'>, root = document.createElement('div')): HTMLElement {
  render(compareView(comparing(answer), {} as CompareActions), root);
  return root;
}

function drawExamples(answer: Answer<'examples'>, root: HTMLElement): void {
  const snapshot = { asked: { threshold: 1, from: null }, steps: [], splits: null } as unknown as Snapshot;
  const model = { ...firstModel, examples: { state: 'here', value: answer } } as const;
  render(examplesView(model, snapshot, {} as Actions), root);
}

describe('a page that is drawn again', () => {
  it.each([
    ['comparison', drawComparison],
    ['examples', drawExamples],
  ])('of %s does not go through the scores of all rows again', (_, draw) => {
    const { looks, answer } = countedRows(50);
    const root = document.createElement('div');
    draw(answer, root);
    const before = looks.count;
    expect(before).toBeGreaterThan(0);
    draw(answer, root);
    expect(looks.count).toBe(before);
  });

  it('of other rows has their numbers', () => {
    expect(drawComparison(countedRows(50).answer).textContent).toContain('Fixed 50');
    expect(drawComparison(countedRows(20).answer).textContent).toContain('Fixed 20');
  });
});

describe('a difference between two runs', () => {
  it.each([
    [50, 'good'],
    [1, 'unclear'],
  ])('of %i rows in 100 is shown as what every view calls it', (fixed, tone) => {
    const figures = [...drawComparison(countedRows(fixed).answer).querySelectorAll('.figure')];
    const difference = figures.find(({ textContent }) => textContent.startsWith('+'))!;
    expect(difference.className.trim()).toBe(`figure ${tone}`);
  });
});
