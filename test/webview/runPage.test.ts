/** The Run tab and the head of the page in Chromium: what a person wants at a glance, and can do from there. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeLabel } from '../../src/run/record/label.ts';
import { holderOf } from '../../src/run/record/lock.ts';
import { runFiles } from '../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../src/run/record/runFolder.ts';
import { writeSampleRun } from '../fakes/sampleRun.ts';
import { buildPage, openPage, startBrowser } from './page.ts';
import type { OpenPage } from './page.ts';

const pictures = fileURLToPath(new URL('../../test-results/webview', import.meta.url));

let workspace: string;
let browser: Browser;
let bundle: Awaited<ReturnType<typeof buildPage>>;
let run: RunLocation;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  workspace = mkdtempSync(join(tmpdir(), 'bt-runpage-'));
  [browser, bundle] = await Promise.all([startBrowser(), buildPage()]);
  run = await writeSampleRun({ workspace });
});
afterAll(async () => {
  await browser.close();
  rmSync(workspace, { recursive: true, force: true });
});

async function opened(
  use: (open: OpenPage) => Promise<void>,
  options: Partial<Parameters<typeof openPage>[2]> = {},
  target = run,
) {
  const open = await openPage(browser, target, { bundle, ...options });
  try {
    await use(open);
    expect(open.offences).toEqual([]);
  } finally {
    await open.close();
  }
}

describe('whether a gain is real', () => {
  it('is said first, by a sign and a word, judged on test', async () => {
    await opened(async ({ page }) => {
      const verdict = page.locator('.verdict');
      expect(await verdict.innerText()).toMatch(
        /^▲ Better\s+p -> w -> p is really better than the baseline on 60 test rows/,
      );
      const second = page.locator('.card').nth(1);
      // Of a log without gains, of the rows that it has.
      expect(await second.innerText()).toMatch(/% dev\s+[+−±][\d.]+ \([+−]?[\d.±]+ to /);
      expect(await second.innerText()).toMatch(/% test\s+[+−±][\d.]+ \(/);
      expect(await second.locator('.score-bar').count()).toBe(2);
      for (const gain of await page.locator('.card .gain').all()) {
        const unclear = (await gain.innerText()).includes('may be chance');
        expect(await gain.locator('.good, .bad').count()).toBe(unclear ? 0 : 1);
      }
    });
  });
});

describe('the head', () => {
  const act = (page: Page, name: string) => page.getByRole('group', { name: 'Actions on the run' }).getByText(name);

  it('has a button for what applies to the run, and hands it to the editor', async () => {
    await opened(async ({ page, effects }) => {
      expect(await page.locator('.acts vscode-button').allInnerTexts()).toEqual(['Prompts', 'Compare…', 'Export…']);
      for (const name of ['Prompts', 'Compare…', 'Export…']) await act(page, name).click();
      await expect
        .poll(() => effects)
        .toEqual([
          ['act', 'prompts'],
          ['act', 'compare'],
          ['act', 'export'],
        ]);
    });
  });

  it('cancels a run that works and resumes one that stopped, and says how long it takes', async () => {
    const live = await writeSampleRun({ workspace, open: true });
    const files = runFiles(live.folder);
    const before = new Date(Date.now() - 60_000);
    const event = { v: 1, type: 'example', prefix: 'p -> w -> p', candidate: null, purpose: 'test', round: 0 };
    const rows = [0, 1, 2].map((example) => {
      const time = new Date(before.getTime() + example).toISOString();
      return JSON.stringify({ ...event, seq: 90_000 + example, time, example, score: 1, cached: false, seconds: 1 });
    });
    appendFileSync(files.events, `${rows.join('\n')}\n`);
    writeFileSync(files.process, JSON.stringify(holderOf(process.pid)));
    await writeLabel(live.folder, { name: 'first try', note: 'with less rows' });
    await opened(
      async ({ page, effects }) => {
        expect(await page.locator('h1').innerText()).toMatch(/^first try\s+rivers p -> w -> p\s+Running$/);
        expect(await page.locator('.note').innerText()).toBe('with less rows');
        expect(await page.locator('.at-work').innerText()).toMatch(/^p -> w -> p: test 3 of 60, 19 min \d\d s left$/);
        await act(page, 'Cancel').click();
        await expect.poll(() => effects).toEqual([['act', 'cancel']]);
        writeFileSync(files.process, JSON.stringify({ ...holderOf(process.pid), pid: 0 }));
        await act(page, 'Resume').click();
        await expect.poll(() => effects.at(-1)).toEqual(['act', 'resume']);
        expect(await act(page, 'Cancel').count()).toBe(0);
        expect(await page.locator('.at-work').count()).toBe(0);
      },
      { liveEvery: 30 },
      live,
    );
  });

  it('is a line on the other tabs', async () => {
    await opened(async ({ page }) => {
      expect(await page.locator('header').innerText()).toMatch(/Calls\s+992 paid of at most 20,000 \(4 %\)/);
      await page.getByRole('tab', { name: 'Program' }).click();
      await expect.poll(() => page.locator('header .facts').count()).toBe(0);
      expect(await page.locator('header').evaluate((head) => head.clientHeight)).toBeLessThan(50);
    });
  });
});
