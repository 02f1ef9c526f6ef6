/** A uPlot chart as an element: as wide as its place, and in the colours of the theme. */
import uPlot from 'uplot';

export abstract class PlotElement extends HTMLElement {
  protected plot: uPlot | null = null;
  readonly #height: number;
  #resizes: ResizeObserver | null = null;
  #themes: MutationObserver | null = null;

  constructor(height: number) {
    super();
    this.#height = height;
  }

  protected abstract options(style: PlotStyle): Omit<uPlot.Options, 'width' | 'height'>;
  protected abstract data(): uPlot.AlignedData;

  connectedCallback(): void {
    this.#resizes = new ResizeObserver(() => {
      if (this.clientWidth > 0) this.plot?.setSize({ width: this.clientWidth, height: this.#height });
    });
    this.#resizes.observe(this);
    // A canvas does not follow CSS variables: draw again when the theme changes.
    this.#themes = new MutationObserver(() => this.rebuild());
    this.#themes.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
    // The theme's colours may come after its name.
    this.#themes.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
    this.rebuild();
  }

  disconnectedCallback(): void {
    this.#resizes?.disconnect();
    this.#themes?.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  protected rebuild(): void {
    if (!this.isConnected) return;
    this.plot?.destroy();
    const size = { width: Math.max(200, this.clientWidth), height: this.#height };
    this.plot = new uPlot({ ...size, ...this.options(new PlotStyle(this)) }, this.data(), this);
  }
}

/** What a canvas needs of the theme. */
export class PlotStyle {
  readonly #style: CSSStyleDeclaration;

  constructor(element: Element) {
    this.#style = getComputedStyle(element);
  }

  /** The theme's own: what the element inherits comes by way of the toolkit, and a moment later. */
  get text(): string {
    return this.#style.getPropertyValue('--vscode-foreground').trim() || this.#style.color;
  }

  get font(): string {
    return `11px ${this.#style.fontFamily}`;
  }

  /** Of a CSS variable. */
  color(name: string): string {
    return this.#style.getPropertyValue(name).trim() || this.text;
  }

  axis(label: string, size: number): uPlot.Axis {
    return {
      label,
      size,
      stroke: this.text,
      grid: { stroke: this.color('--grid'), width: 1 },
      ticks: { show: false },
      font: this.font,
      labelFont: this.font,
      labelSize: 16,
    };
  }
}
