/** Draws scores on the canvas of a chart. */
import type uPlot from 'uplot';
import type { PlotStyle } from './plotElement.ts';
import type { Band, ScoreChartData, ScorePoint } from './scorePoints.ts';

interface Pen {
  readonly context: CanvasRenderingContext2D;
  /** Pixels of the canvas in a pixel of the page. */
  readonly ratio: number;
  x(value: number): number;
  y(value: number): number;
}

export function drawScores(plot: uPlot, { points, bands }: ScoreChartData, style: PlotStyle): void {
  const context = plot.ctx;
  const ratio = devicePixelRatio;
  const pen: Pen = {
    context,
    ratio,
    x: (value) => plot.valToPos(value, 'x', true),
    y: (value) => plot.valToPos(value, 'y', true),
  };
  context.save();
  drawBands(pen, plot.bbox, bands, style);
  const dots = points.filter(({ kind }) => kind === 'candidate');
  for (const point of dots) drawCandidate(pen, point, style);
  // Beside each other where they are of one moment.
  drawResults(pen, of('dev', points), -3, style.color('--accent'), { dash: [], shape: circle });
  drawResults(pen, of('test', points), 3, style.color('--second'), { dash: [5, 4], shape: diamond });
  context.restore();
}

const of = (kind: ScorePoint['kind'], points: readonly ScorePoint[]): readonly ScorePoint[] =>
  points.filter((point) => point.kind === kind);

function drawBands(
  { context, ratio, x }: Pen,
  { top, height }: uPlot.BBox,
  bands: readonly Band[],
  style: PlotStyle,
): void {
  context.font = style.font.replace('11px', `${11 * ratio}px`);
  context.textBaseline = 'top';
  context.textAlign = 'left';
  let free = -Infinity;
  for (const [place, { name, from, to }] of bands.entries()) {
    const [left, width] = [x(from), Math.max(1, x(to) - x(from))];
    context.globalAlpha = place % 2 === 0 ? 0.1 : 0.04;
    context.fillStyle = style.text;
    context.fillRect(left, top, width, height);
    context.globalAlpha = 1;
    context.strokeStyle = style.color('--line');
    context.lineWidth = ratio;
    context.strokeRect(left, top, width, height);
    // A name is left out where the one before it is still being read.
    if (left < free) continue;
    context.fillText(name, left + 4 * ratio, top + 3 * ratio);
    free = left + context.measureText(name).width + 12 * ratio;
  }
}

function drawCandidate({ context, ratio, x, y }: Pen, point: ScorePoint, style: PlotStyle): void {
  context.strokeStyle = style.text;
  context.fillStyle = style.color('--muted');
  context.lineWidth = 1.5 * ratio;
  circle(context, x(point.x), y(point.y), 2.5 * ratio);
  context.fill();
  if (!point.chosen) return;
  circle(context, x(point.x), y(point.y), 6 * ratio);
  context.stroke();
}

interface Look {
  readonly dash: readonly number[];
  shape(context: CanvasRenderingContext2D, x: number, y: number, size: number): void;
}

function drawResults(
  pen: Pen,
  points: readonly ScorePoint[],
  aside: number,
  color: string,
  { dash, shape }: Look,
): void {
  const { context, ratio } = pen;
  const place = ({ x }: ScorePoint): number => pen.x(x) + aside * ratio;
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = 1.5 * ratio;
  context.setLineDash(dash.map((length) => length * ratio));
  context.beginPath();
  for (const [i, point] of points.entries()) context[i === 0 ? 'moveTo' : 'lineTo'](place(point), pen.y(point.y));
  context.stroke();
  context.setLineDash([]);
  for (const point of points) {
    drawInterval(pen, point, place(point));
    shape(context, place(point), pen.y(point.y), 4.5 * ratio);
    context.fill();
  }
}

function drawInterval({ context, ratio, y }: Pen, { low, high }: ScorePoint, at: number): void {
  const end = 3 * ratio;
  context.beginPath();
  for (const edge of [y(low), y(high)]) {
    context.moveTo(at - end, edge);
    context.lineTo(at + end, edge);
  }
  context.moveTo(at, y(low));
  context.lineTo(at, y(high));
  context.stroke();
}

function circle(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.beginPath();
  context.arc(x, y, size, 0, 2 * Math.PI);
}

function diamond(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  const reach = 1.3 * size;
  context.beginPath();
  context.moveTo(x, y - reach);
  context.lineTo(x + reach, y);
  context.lineTo(x, y + reach);
  context.lineTo(x - reach, y);
  context.closePath();
}
