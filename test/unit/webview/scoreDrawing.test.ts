/** What is drawn of scores, by what the canvas is told. */
import type uPlot from 'uplot';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { PlotStyle } from '../../../webview/plotElement.ts';
import { drawScores } from '../../../webview/scoreDrawing.ts';
import type { ScorePoint } from '../../../webview/scorePoints.ts';

beforeAll(() => void vi.stubGlobal('devicePixelRatio', 1));
afterAll(() => void vi.unstubAllGlobals());

type Told = readonly [name: string, ...args: unknown[]];

/** Calls and settings in their order. */
function recorder(): { readonly context: CanvasRenderingContext2D; readonly told: readonly Told[] } {
  const told: Told[] = [];
  const context = new Proxy({} as CanvasRenderingContext2D, {
    get: (_, name) => {
      if (name === 'measureText') return () => ({ width: 30 });
      return (...args: unknown[]) => void told.push([String(name), ...args]);
    },
    set: (_, name, value) => {
      told.push([`${String(name)} =`, value]);
      return true;
    },
  });
  return { context, told };
}

const point = (about: Partial<ScorePoint>): ScorePoint => ({
  ...{ kind: 'candidate', step: 'p', candidate: 0, chosen: false, x: 10, y: 50, low: 40, high: 60, name: '', text: '' },
  ...about,
});

/** One pixel is one call, and one per cent. */
function drawn(points: readonly ScorePoint[], bands: Parameters<typeof drawScores>[1]['bands'] = []): readonly Told[] {
  const { context, told } = recorder();
  const valToPos = (value: number): number => value;
  const plot = { ctx: context, bbox: { left: 0, top: 0, width: 200, height: 100 }, valToPos };
  const style = { text: 'text', font: '11px sans-serif', color: (name: string) => name };
  drawScores(plot as unknown as uPlot, { scale: 'calls', points, bands }, style as unknown as PlotStyle);
  return told;
}

const circles = (told: readonly Told[]) =>
  told.filter(([name]) => name === 'arc').map(([, x, y, size]) => [x, y, size]);
const lines = (told: readonly Told[]) =>
  told.flatMap(([name, x, y], place) => {
    const next = told[place + 1];
    return name === 'moveTo' && next?.[0] === 'lineTo' ? [[x, y, next[1], next[2]]] : [];
  });

it('rings the candidate that was chosen, and no other', () => {
  const told = drawn([point({ x: 10, y: 30 }), point({ x: 20, y: 70, chosen: true }), point({ x: 30, y: 60 })]);
  expect(circles(told)).toEqual([
    [10, 30, 2.5],
    [20, 70, 2.5],
    [20, 70, 6],
    [30, 60, 2.5],
  ]);
  const ring = told.findIndex(([name, , , size]) => name === 'arc' && size === 6);
  // Around the dot, not over it.
  expect(told[ring + 1]).toEqual(['stroke']);
  expect(told.filter(([name]) => name === 'fill')).toHaveLength(3);
});

it('has a bar from the low to the high end of the interval of each result, with an end on both', () => {
  const told = drawn([
    point({ kind: 'dev', candidate: null, x: 10, y: 50, low: 40, high: 60 }),
    point({ kind: 'test', candidate: null, x: 10, y: 48, low: 41, high: 55 }),
  ]);
  // Dev and test of one moment stand beside each other.
  for (const bar of [
    ...[
      [7, 40, 7, 60],
      [4, 40, 10, 40],
      [4, 60, 10, 60],
    ],
    ...[
      [13, 41, 13, 55],
      [10, 41, 16, 41],
      [10, 55, 16, 55],
    ],
  ]) {
    expect(lines(told)).toContainEqual(bar);
  }
});

it('has no bar for candidates: there are too many of them', () => {
  expect(lines(drawn([point({}), point({ x: 20, chosen: true })]))).toEqual([]);
});

it('tells dev and test apart by shape and line, not by colour alone', () => {
  const two = (kind: 'dev' | 'test') => drawn([10, 90].map((x) => point({ kind, candidate: null, x })));
  expect(circles(two('dev'))).toHaveLength(2);
  expect(circles(two('test'))).toEqual([]);
  const dashes = (told: readonly Told[]) => {
    const line = told.findIndex(([name]) => name === 'lineTo');
    return told.slice(0, line).findLast(([name]) => name === 'setLineDash')![1];
  };
  expect(dashes(two('dev'))).toEqual([]);
  expect(dashes(two('test'))).not.toEqual([]);
});

it('has a band from where each step began to where it ended, with its name where there is room', () => {
  const told = drawn(
    [],
    [
      { step: 'p', name: 'p', from: 20, to: 30 },
      { step: 'p -> w', name: 'p -> w', from: 30, to: 90 },
      { step: 'p -> w -> p', name: 'p -> w -> p', from: 90, to: 150 },
    ],
  );
  expect(told.filter(([name]) => name === 'fillRect')).toEqual([
    ['fillRect', 20, 0, 10, 100],
    ['fillRect', 30, 0, 60, 100],
    ['fillRect', 90, 0, 60, 100],
  ]);
  expect(told.filter(([name]) => name === 'fillText').map(([, name, x]) => [name, x])).toEqual([
    ['p', 24],
    ['p -> w -> p', 94],
  ]);
});
