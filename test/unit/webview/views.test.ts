// @vitest-environment jsdom
import { render } from 'lit';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StepInfo } from '../../../src/viewProtocol/fromData.ts';
import type { Snapshot, StepRow } from '../../../src/viewProtocol/snapshot.ts';
import type { TraceView } from '../../../src/viewProtocol/traces.ts';
import type { Actions } from '../../../webview/actions.ts';
import { appView } from '../../../webview/appView.ts';
import { changesKey, firstModel } from '../../../webview/model.ts';
import type { Model, Tab } from '../../../webview/model.ts';
import { defineWindowList } from '../../../webview/windowList.ts';
import { hostileStrings } from './hostile.ts';

/** Only what the page itself draws. */
const allowed = new Set(
  (
    'MAIN HEADER H1 H2 H3 H4 SPAN DL DIV DT DD P DETAILS SUMMARY UL OL LI SECTION BUTTON STRONG TABLE CAPTION THEAD TBODY ' +
    'TR TH TD PRE CODE INS DEL LABEL PROGRESS FIGURE FIGCAPTION TIME SVG RECT PATH CIRCLE BT-ROWS BT-LOSS-CHART BT-SCORE-CHART VSCODE-PANELS ' +
    'VSCODE-PANEL-TAB VSCODE-PANEL-VIEW VSCODE-BUTTON VSCODE-DROPDOWN VSCODE-OPTION VSCODE-TEXT-FIELD'
  ).split(' '),
);

const actions = new Proxy({} as Actions, { get: () => vi.fn() });
let root: HTMLElement;

beforeAll(() => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
  defineWindowList();
});
beforeEach(() => {
  root = document.createElement('div');
  document.body.replaceChildren(root);
});

const usage = { calls: 1, cached: 0, inputTokens: 1, outputTokens: 1, usd: 0.1 };
const place = { calls: 1, usd: 0.1, seconds: 1 };
const score = { score: 50, low: 40, high: 60, n: 10, failed: 1 };

function step(prefix: string, changes: StepInfo['changes'], text: string): StepRow {
  const evaluation = { score, gain: { points: 5, low: -1, high: 9, n: 10, differing: 3 }, usage, seconds: 1 };
  return {
    ...{
      prefix,
      step: { name: text, kind: text, title: text, changes },
      status: 'done',
      reason: text,
      seconds: 1,
      usage,
      examples: 30,
      evaluations: { dev: evaluation, test: evaluation },
      failing: { dev: { example: 0, error: { kind: 'program', message: text } } },
      state: text,
    },
    ...{ work: {}, atWork: null, activity: null, chosen: 0 },
    course: { began: place, ended: place, dev: place, test: place },
    search: { candidates: 1, validation: 10, spared: 0 },
    candidates: [
      {
        ...{
          candidate: 0,
          parents: [],
          about: { [text]: text },
          name: text,
          brief: text,
          at: place,
          facts: [{ label: text, text }],
        },
        ...{ status: 'done', score, scored: 10, sum: 5, state: text },
      },
      {
        ...{ candidate: 1, parents: [0], about: {}, name: text, brief: text, facts: [], at: null },
        ...{ status: 'stoppedEarly', score: null, scored: 5, sum: 1, state: text },
      },
    ],
    proposals: { accepted: 1, rejected: 0, perfect: 0, proposed: 0, refused: { [text]: 1 } },
    policy: [
      {
        ...{ update: 1, updates: 2, reward: 50, groups: 1, withoutDifference: 1, rows: 2, calls: 8, unreadable: 1 },
        ...{ answerTokens: 3, file: text, model: text },
      },
    ],
    collected: { tried: 1, correct: 1, rows: 1, byPredictor: { [text]: 1 } },
    job: {
      ...{ hash: text, id: text, status: 'failed', rows: 1, step: 1, steps: 2, message: text, model: text },
      ...{
        cached: false,
        trainedTokens: 1,
        seconds: 1,
        since: null,
        loss: 1,
        metrics: { [text]: 0.5 },
        curve: [[1, 1]],
        events: [{ time: text, message: text }],
      },
    },
  };
}

/** A picture with `text` wherever somebody else than us can write. */
function modelWith(text: string, tab: Tab): Model {
  const snapshot: Snapshot = {
    ...{ type: 'snapshot', run: text, status: 'stopped', complete: true, version: 1 },
    asked: {
      from: text,
      ...{ program: text, strategy: text, seed: 0, model: text, endpoint: text, metric: text, threshold: 1 },
      budget: { calls: 1, tokens: 1, usd: 1 },
    },
    ...{ splits: { train: 1, dev: 1, test: 1 }, began: text, updated: text, usage },
    ...{ warnings: [text], stopped: { reason: 'failed', message: text }, best: text, final: 'w', problem: text },
    worked: { seconds: 1, since: null },
    ...{ name: text, note: text, acts: ['resume', 'prompts', 'compare', 'export'] },
    verdict: { verdict: 'better', gain: { points: 5, low: 1, high: 9, n: 10, differing: 3 }, text },
    steps: [step(text, 'prompts', text), step('w', 'weights', text)],
  };
  const fields = { [text]: text, list: [text] };
  const record: TraceView = {
    ...{ step: text, candidate: 0, purpose: 'dev', example: 0, round: 1, state: text },
    outcome: {
      ...{
        prediction: fields,
        score: 0,
        feedback: text,
        seconds: 1,
        error: { kind: text, message: text, file: text, line: 1 },
      },
      trace: [
        {
          ...{
            predictor: text,
            inputs: fields,
            outputs: fields,
            error: text,
            path: [text, text],
            start: 0,
            seconds: 1,
          },
          lm: [{ finishReason: text, usage: null, key: 'k', model: text, endpoint: text, cached: false, seconds: 1 }],
        },
      ],
      retrievals: [
        {
          ...{ retriever: text, query: text, k: 2, passages: [text, text], error: text },
          ...{ path: [text], start: 0.5, seconds: 0.1 },
        },
      ],
    },
  };
  const predictor = { instructions: text, demos: [{ fields, augmented: true }], model: text };
  const state = { predictors: { [text]: predictor } };
  const body = {
    path: text,
    messages: [{ role: text, content: text }],
    settings: fields,
    completion: text,
    whyNoText: text,
  };
  return {
    ...firstModel,
    snapshot,
    notice: text,
    kept: {
      ...firstModel.kept,
      tab,
      front: true,
      step: tab === 'run' ? 'w' : null,
      trace: 0,
      search: text.slice(0, 0),
      confusion: true,
      chosen: { step: text, split: 'dev', example: 0 },
      traceFilter: { step: text, text },
    },
    examples: {
      state: 'here',
      value: {
        columns: [text],
        rows: [{ example: 0, preview: text, scores: [0.5], failed: [false] }],
        ...{ labelled: true, categories: [text], problem: text },
      },
    },
    predictions: new Map([
      [
        0,
        {
          example: 0,
          labels: [{ field: text, text }],
          predictions: [{ trace: 0, fields: [{ field: text, text, differs: true }] }],
        },
      ],
    ]),
    confusion: {
      state: 'here',
      value: { step: text, fields: [{ field: text, values: [text], rows: [[0, 0, 0]] }] },
    },
    states: {
      state: 'here',
      value: {
        predictors: [{ name: text, inputs: [text], outputs: [text], frozen: false }],
        states: [
          { name: text, state },
          { name: '', state: { predictors: {} } },
        ],
        candidates: [{ name: `${text}#0`, step: text, candidate: 0, note: text }],
      },
    },
    standing: {
      state: 'here',
      value: { step: 'w', rows: 10, candidates: [{ candidate: 1, bestOn: 1, changed: [text] }] },
    },
    front: {
      state: 'here',
      value: {
        ...{ step: 'w', purpose: 'validate', columns: [0], onFront: 1, problem: text },
        rows: [{ example: 0, preview: text, scores: [0.5], failed: [false], best: 0.5 }],
      },
    },
    changes: new Map([
      [
        changesKey('w#0', 'w#1'),
        {
          state: 'here',
          value: { predictors: [{ predictor: text, before: 'a text', after: text, demos: true, model: true }] },
        },
      ],
    ]),
    sentPrompts: new Map([
      [
        text,
        {
          state: 'here',
          value: {
            sent: { trace: 0, purpose: 'dev', example: 0, calls: [{ predictor: text, call: 0, key: 'k' }] },
          },
        },
      ],
    ]),
    trace: { state: 'here', value: { record, trace: 0, recalled: true } },
    example: { state: 'here', value: { fields, inputs: [text] } },
    remembered: new Map([['k', { key: 'k', body }]]),
    traces: {
      total: 1,
      rows: new Map([
        [
          0,
          {
            ...{ trace: 0, step: text, candidate: 0, purpose: 'dev' as const, example: 0, round: 0 },
            ...{ score: 0, seconds: 1, cached: false, error: text, input: text, feedback: text, tokens: 1 },
          },
        ],
      ]),
    },
    trainingRows: {
      state: 'here',
      value: {
        ...{ step: 'w', total: 1, from: 0 },
        rows: [
          {
            ...{ kind: 'row', predictor: text, completion: text, end: text, opened: text, rejected: text },
            prompt: [{ role: text, content: text }],
          },
          { kind: 'unknown', line: text },
        ],
      },
    },
  };
}

/** Where the view of each tab must show the text as it is. */
const places: Readonly<Record<Tab, string>> = {
  run: '.turn.trained pre',
  program: '.predictor pre',
  examples: '.rows-body [role=gridcell].cut',
  traces: '.turn.completion pre',
};

describe.each(Object.keys(places) as Tab[])('the %s view', (tab) => {
  it(`keeps ${hostileStrings.length} hostile texts text`, () => {
    expect(hostileStrings.length).toBeGreaterThanOrEqual(100);
    for (const text of hostileStrings) {
      render(appView(modelWith(text, tab), actions), root);
      for (const element of root.querySelectorAll('*')) {
        expect(allowed, element.outerHTML).toContain(element.tagName.toUpperCase());
        const names = element.getAttributeNames();
        expect(
          names.filter((name) => name.startsWith('on') || name === 'href' || name === 'src' || name === 'srcdoc'),
        ).toEqual([]);
      }
      const shown = [...root.querySelectorAll(places[tab])].map((element) => element.textContent);
      expect(shown.some((content) => content?.includes(text.replaceAll('\r', '\n')))).toBe(true);
    }
    expect('pwned' in window).toBe(false);
  }, 60_000);
});

describe('the page', () => {
  it('says that it is reading before the first picture', () => {
    render(appView(firstModel, actions), root);
    expect(root.querySelector('[role=status]')?.textContent).toBe('Reading the run…');
  });

  it('names every control', () => {
    for (const tab of Object.keys(places) as Tab[]) {
      render(appView(modelWith('x', tab), actions), root);
      for (const control of root.querySelectorAll(
        'button, vscode-button, vscode-dropdown, vscode-text-field, [role=grid]',
      )) {
        const name = control.getAttribute('aria-label') ?? control.textContent?.trim() ?? '';
        expect(name, control.outerHTML).not.toBe('');
      }
    }
  });
});
