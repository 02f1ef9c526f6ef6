/** The score of each step with its interval, dev and test, as a drawing that needs no script. */
import * as l10n from '../base/l10n.ts';
import { html, nothing } from '../base/markup.ts';
import type { Markup } from '../base/markup.ts';
import type { Score } from '../protocol.ts';
import { percent } from '../view/words.ts';

export interface ChartPoint {
  readonly name: string;
  readonly dev: Score | null;
  readonly test: Score | null;
}

const height = 260;
const frame = { left: 44, right: 16, top: 12, bottom: 44 };
const stepWidth = 150;
const tenths = [0, 20, 40, 60, 80, 100];

export function scoreChart(points: readonly ChartPoint[]): Markup {
  if (points.length === 0) return nothing;
  const width = frame.left + frame.right + stepWidth * points.length;
  const x = (place: number): number => frame.left + stepWidth * (place + 0.5);
  const y = (score: number): number => frame.top + ((100 - score) / 100) * (height - frame.top - frame.bottom);
  const lines = tenths.map(
    (score) =>
      html`<line class="axis" x1="${frame.left}" x2="${width - frame.right}" y1="${y(score)}" y2="${y(score)}" /><text
          x="${frame.left - 8}"
          y="${y(score) + 4}"
          text-anchor="end"
          >${score}</text
        >`,
  );
  const names = points.map(
    ({ name }, i) => html`<text x="${x(i)}" y="${height - 22}" text-anchor="middle">${shortened(name)}</text>`,
  );
  return html`<figure>
    <svg
      viewBox="0 0 ${width} ${height}"
      width="${width}"
      height="${height}"
      role="img"
      aria-label="${l10n.t('Scores by step, with 95 % intervals; the table below has the same numbers')}"
    >
      ${lines}${names}${series(points, 'dev', -9, x, y)}${series(points, 'test', 9, x, y)} ${legend(points)}
    </svg>
  </figure>`;
}

/** Dev a little to the left, test to the right, so that intervals do not cover each other. */
function series(
  points: readonly ChartPoint[],
  split: 'dev' | 'test',
  aside: number,
  x: (place: number) => number,
  y: (score: number) => number,
): Markup {
  const known = points.flatMap((point, i) => {
    const score = point[split];
    return score === null ? [] : [{ score, at: x(i) + aside, name: point.name }];
  });
  if (known.length === 0) return nothing;
  const path = known.map(({ score, at }) => `${at},${y(score.score)}`).join(' ');
  const marks = known.map(
    ({ score, at, name }) =>
      html`<line
          class="interval"
          x1="${at}"
          x2="${at}"
          y1="${y(score.high)}"
          y2="${y(score.low)}"
        />${mark(split, at, y(score.score), `${name}, ${split}: ${percent(score.score)} (${percent(score.low)}–${percent(score.high)})`)}`,
  );
  return html`<g class="${split}"><polyline class="path" points="${path}" />${marks}</g>`;
}

/** A circle for dev, a square for test: not told apart by colour alone. */
function mark(split: 'dev' | 'test', x: number, y: number, words: string): Markup {
  return split === 'dev'
    ? html`<circle class="point" cx="${x}" cy="${y}" r="5"><title>${words}</title></circle>`
    : html`<rect class="point" x="${x - 5}" y="${y - 5}" width="10" height="10"><title>${words}</title></rect>`;
}

function legend(points: readonly ChartPoint[]): Markup {
  const hasTest = points.some(({ test }) => test !== null);
  const dev = html`<g class="dev"
    ><circle class="point" cx="${frame.left + 6}" cy="${height - 6}" r="4" /><text
      class="name"
      x="${frame.left + 16}"
      y="${height - 2}"
      >dev</text
    ></g
  >`;
  if (!hasTest) return dev;
  return html`${dev}<g class="test"
      ><rect class="point" x="${frame.left + 62}" y="${height - 10}" width="8" height="8" /><text
        class="name"
        x="${frame.left + 76}"
        y="${height - 2}"
        >test</text
      ></g
    >`;
}

const longest = 20;

function shortened(name: string): string {
  return name.length <= longest ? name : `…${name.slice(-(longest - 1))}`;
}
