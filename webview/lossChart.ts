/** The loss of a training job over its steps. The numbers are beside it in words: a canvas says nothing to a reader. */
import * as l10n from '../src/base/l10n.ts';
import type uPlot from 'uplot';
import { PlotElement } from './plotElement.ts';
import type { PlotStyle } from './plotElement.ts';

type Points = readonly (readonly [step: number, loss: number])[];

class LossChart extends PlotElement {
  #points: Points = [];

  constructor() {
    super(180);
  }

  set points(points: Points) {
    const same = points.length === this.#points.length && points.at(-1)?.[1] === this.#points.at(-1)?.[1];
    this.#points = points;
    if (this.plot === null) this.rebuild();
    else if (!same) this.plot.setData(this.data());
  }

  protected override options(style: PlotStyle): Omit<uPlot.Options, 'width' | 'height'> {
    const stroke = style.color('--accent');
    return {
      legend: { show: false },
      cursor: { show: true, drag: { x: false, y: false } },
      scales: { x: { time: false } },
      axes: [style.axis(l10n.t('training step'), 28), style.axis(l10n.t('loss'), 44)],
      series: [{}, { stroke, width: 2, points: { show: this.#points.length < 40, fill: stroke, size: 5 } }],
    };
  }

  protected override data(): uPlot.AlignedData {
    return [this.#points.map(([step]) => step), this.#points.map(([, loss]) => loss)];
  }
}

export function defineLossChart(): void {
  customElements.define('bt-loss-chart', LossChart);
}
