/** The loss of a training job over its steps. The numbers are beside it in words: a canvas says nothing to a reader. */
import uPlot from 'uplot';

type Points = readonly (readonly [step: number, loss: number])[];

const height = 180;

class LossChart extends HTMLElement {
  #points: Points = [];
  #plot: uPlot | null = null;
  #resizes: ResizeObserver | null = null;
  #themes: MutationObserver | null = null;

  set points(points: Points) {
    const same = points.length === this.#points.length && points.at(-1)?.[1] === this.#points.at(-1)?.[1];
    this.#points = points;
    if (this.#plot === null) this.#rebuild();
    else if (!same) this.#plot.setData(columns(points));
  }

  connectedCallback(): void {
    this.#resizes = new ResizeObserver(() => {
      if (this.clientWidth > 0) this.#plot?.setSize({ width: this.clientWidth, height });
    });
    this.#resizes.observe(this);
    // A canvas does not follow CSS variables: draw again when the theme changes.
    this.#themes = new MutationObserver(() => this.#rebuild());
    this.#themes.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
    this.#rebuild();
  }

  disconnectedCallback(): void {
    this.#resizes?.disconnect();
    this.#themes?.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #rebuild(): void {
    if (!this.isConnected) return;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), columns(this.#points), this);
  }

  #options(): uPlot.Options {
    const style = getComputedStyle(this);
    const color = (name: string, fallback: string): string => style.getPropertyValue(name).trim() || fallback;
    const text = style.color;
    const axis: uPlot.Axis = {
      stroke: text,
      grid: { stroke: color('--line', text), width: 1 },
      ticks: { show: false },
      font: `11px ${style.fontFamily}`,
      labelFont: `11px ${style.fontFamily}`,
      labelSize: 16,
    };
    const stroke = color('--accent', text);
    return {
      width: Math.max(200, this.clientWidth),
      height,
      legend: { show: false },
      cursor: { show: true, drag: { x: false, y: false } },
      scales: { x: { time: false } },
      axes: [
        { ...axis, label: 'training step', size: 28 },
        { ...axis, label: 'loss', size: 44 },
      ],
      series: [{}, { stroke, width: 2, points: { show: this.#points.length < 40, fill: stroke, size: 5 } }],
    };
  }
}

function columns(points: Points): [number[], number[]] {
  return [points.map(([step]) => step), points.map(([, loss]) => loss)];
}

export function defineLossChart(): void {
  customElements.define('bt-loss-chart', LossChart);
}
