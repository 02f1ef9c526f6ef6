/** The Run tab and the head of the page in Chromium: what a person wants at a glance, and can do from there. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
      expect(await verdict.innerText()).toMatch(/^▲ Better\s+p -> w -> p is really better than the baseline on 60 test rows/);
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
