/** Reports in Chromium, as somebody opens them who was sent the file: whole, readable, and dead. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportHtml } from '../../src/report/report.ts';
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

describe('a report', () => {
  for (const scheme of ['light', 'dark'] as const) {
    it(`has no fault that axe finds, and nothing wider than the page, ${scheme}`, async () => {
      const run = await writeSampleRun({ workspace, memo: false });
      const html = await reportHtml({ kind: 'run', run }, new Date());
      for (const width of [480, 1200]) {
        const { page } = await opened(html, scheme, width);
        expect(await axe(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        await page.screenshot({ path: join(pictures, `report-${scheme}-${width}.png`), fullPage: true });
        await page.close();
      }
    });
  }

  it('runs nothing and asks for nothing, whatever a model or a data file wrote', async () => {
    const run = await writeSampleRun({ workspace, texts: hostileStrings, dev: 100, test: 1, memo: false });
    const { page, asked } = await opened(await reportHtml({ kind: 'run', run }, new Date()), 'light');
    for (const summary of await page.locator('summary').all()) await summary.click();
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
    expect(await page.locator(':is(script, iframe, img, link, form, object, embed, base, input, video)').count()).toBe(
      0,
    );
    expect(await page.locator('a').count()).toBe(1);
    expect(asked).toEqual([]);
    await page.close();
  });

  it('gives its numbers as a file', async () => {
    const run = await writeSampleRun({ workspace, memo: false });
    const { page } = await opened(await reportHtml({ kind: 'run', run }, new Date()), 'light');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('The numbers as CSV').click()]);
    expect(download.suggestedFilename()).toBe(`${run.id}.csv`);
    await page.close();
  });
});
