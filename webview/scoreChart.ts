/**
 * The scores of a run over what they took: results of steps on dev and test with their intervals, candidates as dots.
 * Kinds differ in shape as well as in colour. The numbers are beside it in a table: a canvas says nothing to a reader.
 */
import * as l10n from '../src/base/l10n.ts';
import type uPlot from 'uplot';
import { PlotElement } from './plotElement.ts';
import type { PlotStyle } from './plotElement.ts';
import { drawScores } from './scoreDrawing.ts';
import { scaleName, scaleText } from './scales.ts';
import type { Picked, ScoreChartData } from './scorePoints.ts';

/** A point or a band is meant within this many pixels. */
const reach = 14;

/** What is under the pointer: a point, or the step whose band it is. */
interface Meant extends Picked {
  readonly text: string;
  readonly x: number;
  /** `null`: of a band, which is of the height of the chart. */
  readonly y: number | null;
}

class ScoreChart extends PlotElement {
  #chart: ScoreChartData = { scale: 'calls', points: [], bands: [] };
  #meant: Meant | null = null;
  readonly #tip = document.createElement('div');

  constructor() {
    super(240);
    this.#tip.className = 'tip';
    this.#tip.hidden = true;
  }

  /** Somebody clicked a point or a band. */
  onPick: (picked: Picked) => void = () => undefined;

  set chart(chart: ScoreChartData) {
    const before = this.#chart;
    this.#chart = chart;
    if (this.plot === null || before.scale !== chart.scale) this.rebuild();
    else if (JSON.stringify(before) !== JSON.stringify(chart)) this.plot.setData(this.data());
  }

  protected override options(style: PlotStyle): Omit<uPlot.Options, 'width' | 'height'> {
    const { scale } = this.#chart;
    return {
      legend: { show: false },
      cursor: { x: false, y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, range: (_, from, to) => widened(from, to) },
        y: { range: () => this.#shownScores() },
      },
      axes: [
        {
          ...style.axis(scaleName[scale], 28),
          values: (_, splits) => splits.map((value) => scaleText[scale](value)),
          space: 90,
        },
        { ...style.axis(l10n.t('score, %'), 34), space: 36 },
      ],
      series: [{}, { show: false }],
      hooks: {
        draw: [(plot) => drawScores(plot, this.#chart, style)],
        ready: [(plot) => this.#listen(plot)],
      },
    };
  }

  protected override data(): uPlot.AlignedData {
    const { points, bands } = this.#chart;
    const places = [0, ...points.map(({ x }) => x), ...bands.map(({ to }) => to)].sort((a, b) => a - b);
    return [places, places.map(() => null)];
  }

  #shownScores(): [number, number] {
    const { points } = this.#chart;
    const results = points.filter(({ kind }) => kind !== 'candidate');
    const lows = [...points.map(({ y }) => y), ...results.map(({ low }) => low)];
    const highs = [...points.map(({ y }) => y), ...results.map(({ high }) => high)];
    const [low, high] = [Math.min(100, ...lows), Math.max(0, ...highs)];
    // Room for a dot on the edge, and for the names of steps above.
    return [Math.max(-3, Math.floor(low / 10) * 10 - 3), Math.ceil(high / 10) * 10 + 8];
  }

  #listen(plot: uPlot): void {
    this.append(this.#tip);
    plot.over.addEventListener('mousemove', ({ offsetX, offsetY }) =>
      this.#mean(nearest(plot, this.#chart, offsetX, offsetY) ?? bandAt(plot, this.#chart, offsetX), plot),
    );
    plot.over.addEventListener('mouseleave', () => this.#mean(null, plot));
    plot.over.addEventListener('click', () => {
      if (this.#meant !== null) this.onPick(this.#meant);
    });
  }

  #mean(meant: Meant | null, plot: uPlot): void {
    if (meant?.text === this.#meant?.text) return;
    this.#meant = meant;
    this.#tip.hidden = meant === null;
    plot.over.style.cursor = meant === null ? '' : 'pointer';
    if (meant === null) return;
    this.#tip.textContent = meant.text;
    const left = plot.over.offsetLeft + plot.valToPos(meant.x, 'x');
    const room = this.clientWidth - this.#tip.offsetWidth;
    this.#tip.style.left = `${Math.max(0, Math.min(room, left - this.#tip.offsetWidth / 2))}px`;
    const top = meant.y === null ? 0 : plot.valToPos(meant.y, 'y');
    this.#tip.style.top = `${plot.over.offsetTop + top + 12}px`;
  }
}

/** A little room on both sides: points on an edge would be cut. */
function widened(from: number, to: number): [number, number] {
  const room = 0.03 * (to - from || 1);
  return [from - room, to + room];
}

/** Of two that are as near, the one that is drawn above. */
function nearest(plot: uPlot, { points }: ScoreChartData, left: number, top: number): Meant | null {
  let found: Meant | null = null;
  let least = reach;
  for (const point of points) {
    const distance = Math.hypot(plot.valToPos(point.x, 'x') - left, plot.valToPos(point.y, 'y') - top);
    if (distance > least) continue;
    found = point;
    least = distance;
  }
  return found;
}

/** Beside it too: a step that pays for no call is no wider than a line. Between two that are as near it is the one that is meant. */
function bandAt(plot: uPlot, { bands }: ScoreChartData, left: number): Meant | null {
  let found: Meant | null = null;
  let [least, narrowest] = [reach, Infinity];
  for (const { step, name, from, to } of bands) {
    const distance = Math.max(0, plot.valToPos(from, 'x') - left, left - plot.valToPos(to, 'x'));
    if (distance > least || (distance === least && to - from > narrowest)) continue;
    found = { step, candidate: null, text: name, x: (from + to) / 2, y: null };
    [least, narrowest] = [distance, to - from];
  }
  return found;
}

export function defineScoreChart(): void {
  customElements.define('bt-score-chart', ScoreChart);
}
