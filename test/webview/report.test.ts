/** Reports in Chromium, as somebody opens them who was sent the file: whole, readable, and dead. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportHtml } from '../../src/report/report.ts';
import type { Reported } from '../../src/report/report.ts';
import { findComparison, readComparison, writeComparison } from '../../src/run/compare/comparisonFolder.ts';
import type { ComparisonLocation } from '../../src/run/compare/comparisonFolder.ts';
import { comparedSeeds, comparedStrategies, writeSampleComparison } from '../fakes/sampleComparison.ts';
import { writeSampleRun } from '../fakes/sampleRun.ts';
import { hostileStrings } from '../unit/webview/hostile.ts';
import { axe } from './axe.ts';
import { startBrowser } from './page.ts';

const pictures = fileURLToPath(new URL('../../test-results/webview', import.meta.url));

let workspace: string;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  workspace = mkdtempSync(join(tmpdir(), 'bt-report-'));
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  rmSync(workspace, { recursive: true, force: true });
});

interface Opened {
  readonly page: Page;
  /** Addresses that the page asked for besides its own. */
  readonly asked: readonly string[];
}

async function opened(html: string, colorScheme: 'light' | 'dark', width = 1200): Promise<Opened> {
  const file = join(workspace, 'report.html');
  writeFileSync(file, html);
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const own = pathToFileURL(file).href;
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== own) asked.push(request.url());
  });
  await page.goto(own);
  return { page, asked };
}

const reports = {
  async run(texts?: readonly string[]): Promise<Reported> {
    const hostile = texts === undefined ? {} : { texts, dev: 100, test: 1 };
    return { kind: 'run', run: await writeSampleRun({ workspace, memo: false, ...hostile }) };
  },
  async comparison(texts?: readonly string[]): Promise<Reported> {
    // The data of a workspace is that of its last sample.
    const root = mkdtempSync(join(workspace, 'comparison-'));
    const runs = [];
    for (const strategy of comparedStrategies) {
      runs.push(
        await Promise.all(
          comparedSeeds.map((seed) => writeSampleRun({ workspace: root, memo: false, strategy, seed })),
        ),
      );
    }
    const comparison = (await findComparison(root, (await writeSampleComparison(root, runs)).id!))!;
    if (texts !== undefined) await says(comparison, texts);
    return { kind: 'comparison', comparison };
  },
} as const;

/** Into all of a comparison's record that somebody else may have written. */
async function says({ folder }: ComparisonLocation, texts: readonly string[]): Promise<void> {
  const record = await readComparison(folder);
  const all = texts.join('\n');
  const cells = record.cells.map((cell, place) => ({ ...cell, reason: texts[place]! }));
  const stopped = { ...record.stopped!, message: all };
  await writeComparison(folder, { ...record, cells, stopped, program: all, model: all, endpoint: all });
}

describe.each(Object.keys(reports) as (keyof typeof reports)[])('a report of a %s', (kind) => {
  it('has no fault that axe finds, and nothing wider than the page, in light and dark', async () => {
    const html = await reportHtml(await reports[kind](), new Date());
    for (const scheme of ['light', 'dark'] as const) {
      for (const width of [480, 1200]) {
        const { page } = await opened(html, scheme, width);
        expect(await axe(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        const name = kind === 'run' ? 'report' : 'report-comparison';
        await page.screenshot({ path: join(pictures, `${name}-${scheme}-${width}.png`), fullPage: true });
        await page.close();
      }
    }
  });

  it('runs nothing and asks for nothing, whatever a model or a data file wrote', async () => {
    const html = await reportHtml(await reports[kind](hostileStrings), new Date());
    const { page, asked } = await opened(html, 'light');
    expect(await page.locator('body').innerText()).toContain(hostileStrings[0]);
    for (const summary of await page.locator('summary').all()) await summary.click();
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
    expect(await page.locator(':is(script, iframe, img, link, form, object, embed, base, input, video)').count()).toBe(
      0,
    );
    expect(await page.locator('a').count()).toBe(1);
    expect(asked).toEqual([]);
    await page.close();
  });
});

it.each(Object.keys(reports) as (keyof typeof reports)[])(
  'a report of a %s gives its numbers as a file',
  async (kind) => {
    const reported = await reports[kind]();
    const { page } = await opened(await reportHtml(reported, new Date()), 'light');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('The numbers as CSV').click()]);
    expect(download.suggestedFilename()).toBe(
      `${(reported.kind === 'run' ? reported.run : reported.comparison).id}.csv`,
    );
    await page.close();
  },
);
