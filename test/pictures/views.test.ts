/**
 * `npm run pictures -- views`: every page and what can be opened on it in four themes and several sizes, and reports in light
 * and dark, under `test-results/pictures`. What looks otherwise than the last time is listed: look at it, and delete the folder
 * `before` to start anew.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compared } from '../../src/page/comparisonReader.ts';
import { reportHtml } from '../../src/report/report.ts';
import type { Reported } from '../../src/report/report.ts';
import { findComparison } from '../../src/run/compare/comparisonFolder.ts';
import type { RunLocation } from '../../src/run/record/runFolder.ts';
import { comparedSeeds, comparedStrategies, writeSampleComparison } from '../fakes/sampleComparison.ts';
import { writeSampleRun } from '../fakes/sampleRun.ts';
import { listedRuns, tableRun } from '../fakes/sampleRuns.ts';
import { buildPage, openPage, startBrowser } from '../webview/page.ts';
import type { Target } from '../webview/page.ts';
import { themes } from '../webview/themes.ts';
import type { ThemeName } from '../webview/themes.ts';

const results = fileURLToPath(new URL('../../test-results/pictures', import.meta.url));
const now = join(results, 'now');
const before = join(results, 'before');

/** Widths of panels in CSS pixels; 200 per cent is a small panel to the page. */
const sizes = [
  { width: 480, height: 800 },
  { width: 700, height: 800 },
  { width: 1000, height: 800 },
  { width: 1600, height: 1000 },
  { width: 800, height: 450 },
] as const;

let workspace: string;
let browser: Browser;
let bundle: Awaited<ReturnType<typeof buildPage>>;
let runs: readonly RunLocation[];
/** Strategies × seeds, in a folder of their own. */
let comparison: Compared;
/** By what they are of. */
let reports: Readonly<Record<string, string>>;
const changed: string[] = [];

beforeAll(async () => {
  rmSync(before, { recursive: true, force: true });
  if (existsSync(now)) renameSync(now, before);
  mkdirSync(now, { recursive: true });
  workspace = mkdtempSync(join(tmpdir(), 'bt-views-'));
  [browser, bundle] = await Promise.all([startBrowser(), buildPage()]);
  runs = [await writeSampleRun({ workspace }), await writeSampleRun({ workspace, seed: 1 })];
  comparison = await strategiesAndSeeds(join(workspace, 'comparison'));
  const found = (await findComparison(comparison.root, comparison.id!))!;
  reports = {
    run: await report({ kind: 'run', run: runs[0]! }),
    comparison: await report({ kind: 'comparison', comparison: found }),
  };
});

afterAll(async () => {
  await browser?.close();
  rmSync(workspace, { recursive: true, force: true });
  console.log(
    existsSync(before)
      ? `${changed.length} pictures are others than before:\n${changed.join('\n')}`
      : `There were no pictures before. They are in ${now}.`,
  );
});

async function strategiesAndSeeds(root: string): Promise<Compared> {
  mkdirSync(root);
  const cells: RunLocation[][] = [];
  for (const strategy of comparedStrategies) {
    const row = comparedSeeds.map((seed) => writeSampleRun({ workspace: root, strategy, seed, memo: false }));
    cells.push(await Promise.all(row));
  }
  return writeSampleComparison(root, cells);
}

/** Without what is another each time: the ends of ids, and the day. */
async function report(of: Reported): Promise<string> {
  return (await reportHtml(of, new Date(0))).replaceAll(/(?<=-rivers-)[0-9a-f]{4}\b/g, '0000');
}

type Size = (typeof sizes)[number];

interface View {
  /** Of the file. */
  readonly name: string;
  target(): Target;
  /** What is opened on the page, one after the other, by what it is called in the name of the file. */
  readonly opens: Readonly<Record<string, (page: Page) => Promise<void>>>;
}

const tab = (name: string) => (page: Page) => page.getByRole('tab', { name, exact: true }).click();
const asItIs = { '': () => Promise.resolve() };

const views: readonly View[] = [
  {
    name: 'run',
    target: () => runs[0]!,
    opens: {
      run: tab('Run'),
      program: tab('Program'),
      examples: tab('Examples'),
      traces: tab('Traces'),
      trace: openTrace,
      training: openTrainingRows,
    },
  },
  { name: 'compare', target: () => ({ root: workspace, runs: runs.map(({ id }) => id), id: null }), opens: asItIs },
  { name: 'strategies', target: () => comparison, opens: asItIs },
  { name: 'all-runs', target: () => listedRuns(listed), opens: asItIs },
];

/** In every status, some with a name. */
const listed = Array.from({ length: 24 }, (_, i) =>
  tableRun(`run-${i}`, {
    program: ['intents', 'qa', 'routes'][i % 3]!,
    status: (['finished', 'finished', 'stopped', 'crashed', 'running'] as const)[i % 5]!,
    seed: i,
    minutes: i,
    half: [10, 40, null][i % 3]!,
    label: i === 3 ? { name: 'third try', note: 'with fewer rows' } : {},
  }),
);

async function openTrace(page: Page): Promise<void> {
  await page.locator('.rows-body [role=row]').nth(5).click();
  const answer = page.locator('.turn.completion').first();
  await answer.waitFor();
  await answer.scrollIntoViewIfNeeded();
}

async function openTrainingRows(page: Page): Promise<void> {
  await tab('Run')(page);
  await page.getByRole('button', { name: 'p -> w', exact: true }).click();
  await page.getByText('Look into the rows').click();
  const row = page.locator('.turn.trained').first();
  await row.waitFor();
  await row.scrollIntoViewIfNeeded();
}

/** A page in one theme and size, and what is opened on it. */
async function picture({ name, target, opens }: View, theme: ThemeName, size: Size): Promise<void> {
  const { page, offences, close } = await openPage(browser, target(), { bundle, theme, size });
  try {
    for (const [what, open] of Object.entries(opens)) {
      await open(page);
      await page.waitForLoadState('networkidle');
      await page.waitForTimeout(400);
      keep(fileOf([name, what], theme, size), await page.screenshot());
    }
    expect(offences).toEqual([]);
  } finally {
    await close();
  }
}

async function pictureOfReport(kind: string, colorScheme: 'light' | 'dark', size: Size): Promise<void> {
  const file = join(workspace, `report-${kind}.html`);
  writeFileSync(file, reports[kind]!);
  const page = await browser.newPage({ viewport: size, colorScheme });
  try {
    await page.goto(pathToFileURL(file).href);
    keep(fileOf(['report', kind], colorScheme, size), await page.screenshot({ fullPage: true }));
  } finally {
    await page.close();
  }
}

const fileOf = (what: readonly string[], theme: string, { width, height }: Size): string =>
  `${[...what, theme].filter(Boolean).join('-')}-${width}x${height}.png`;

function keep(file: string, png: Buffer): void {
  writeFileSync(join(now, file), png);
  const last = join(before, file);
  if (existsSync(last) && !readFileSync(last).equals(png)) changed.push(file);
}

describe.each(Object.keys(themes) as ThemeName[])('in the theme %s', (theme) => {
  it.each(sizes)('at $width x $height', async (size) => {
    for (const view of views) await picture(view, theme, size);
    // A report is light or dark: it knows no theme of VS Code's.
    if (theme !== 'light' && theme !== 'dark') return;
    for (const kind of Object.keys(reports)) await pictureOfReport(kind, theme, size);
  });
});
