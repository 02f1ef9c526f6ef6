/** Runs side by side in Chromium, on their real host side: chosen runs, and the cells of a comparison. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunLocation } from '../../src/run/record/runFolder.ts';
import type { Compared } from '../../src/page/comparisonReader.ts';
import {
  comparedSeeds as seeds,
  comparedStrategies as strategies,
  writeSampleComparison,
} from '../fakes/sampleComparison.ts';
import { writeSampleRun } from '../fakes/sampleRun.ts';
import { hostileStrings } from '../unit/webview/hostile.ts';
import { axe } from './axe.ts';
import { buildPage, openPage, startBrowser } from './page.ts';
import type { OpenPage } from './page.ts';
import { themes } from './themes.ts';
import type { ThemeName } from './themes.ts';
import { tooWide } from './tooWide.ts';

const pictures = fileURLToPath(new URL('../../test-results/webview', import.meta.url));

let workspace: string;
let browser: Browser;
let bundle: Awaited<ReturnType<typeof buildPage>>;
/** By strategy, then by seed. */
const runs: RunLocation[][] = [];
let record: Compared;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  workspace = mkdtempSync(join(tmpdir(), 'bt-compare-'));
  [browser, bundle] = await Promise.all([startBrowser(), buildPage()]);
  for (const strategy of strategies) {
    runs.push(await Promise.all(seeds.map((seed) => writeSampleRun({ workspace, strategy, seed, memo: false }))));
  }
  record = await writeSampleComparison(workspace, runs);
});
afterAll(async () => {
  await browser.close();
  rmSync(workspace, { recursive: true, force: true });
});

const chosen = (): Compared => ({
  root: workspace,
  runs: [runs[1]![0]!, runs[2]![0]!, runs[3]![0]!].map(({ id }) => id),
  id: null,
});
const rows = (page: Page) => page.locator('.rows-body [role=row]');
const body = (page: Page) => page.locator('.compared tbody tr');

/** Whether a click on its middle would meet it. */
const isOnTop = (of: Locator) =>
  of.evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const met = document.elementFromPoint(left + width / 2, top + height / 2);
    return met !== null && element.contains(met);
  });

async function opened(
  target: Compared,
  use: (open: OpenPage) => Promise<void>,
  options: Partial<Parameters<typeof openPage>[2]> = {},
): Promise<void> {
  const open = await openPage(browser, target, { bundle, ...options });
  try {
    await use(open);
    expect(open.offences).toEqual([]);
  } finally {
    await open.close();
  }
}

describe.each(Object.keys(themes) as ThemeName[])('runs side by side in %s', (theme) => {
  it('are drawn without a violation of policy or accessibility, chosen by hand and as cells', async () => {
    for (const [name, target] of Object.entries({ 'compare-runs': chosen(), 'compare-strategies': record })) {
      await opened(
        target,
        async ({ page }) => {
          await rows(page).first().locator('.score').first().waitFor();
          await page.screenshot({ path: join(pictures, `${name}-${theme}.png`) });
          expect(await axe(page)).toEqual([]);
        },
        { theme },
      );
    }
  });
});

describe.each([480, 700, 1000, 1600])('at a width of %i', (width) => {
  const size = { width, height: 900 };

  it('nothing but tables that scroll is wider than the page, and all columns of these can be reached', async () => {
    for (const [name, target] of Object.entries({ 'compare-runs': chosen(), 'compare-strategies': record })) {
      await opened(
        target,
        async ({ page }) => {
          await rows(page).first().locator('.score').first().waitFor();
          await page.screenshot({ path: join(pictures, `${name}-${width}.png`), fullPage: true });
          expect(await tooWide(page)).toEqual([]);
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
          const tables = page.locator('.wide > table');
          expect(await tables.count()).toBe(target.id === null ? 1 : 2);
          // On a usual panel nothing has to be scrolled for.
          const scrolls = await tables.evaluateAll((all) =>
            all.map(({ parentElement: box }) => box!.scrollWidth > box!.clientWidth),
          );
          if (width >= 1000) expect(scrolls).not.toContain(true);
          for (const table of await tables.all()) {
            await table.locator('thead th').last().scrollIntoViewIfNeeded();
            const { x, width: wide } = (await table.locator('thead th').last().boundingBox())!;
            expect(x + wide).toBeLessThanOrEqual(width);
            expect(x).toBeGreaterThanOrEqual(0);
          }
        },
        { size },
      );
    }
  });

  it('the letter of a run stays in sight, and the list of its states is not cut', async () => {
    await opened(
      chosen(),
      async ({ page }) => {
        await rows(page).first().locator('.score').first().waitFor();
        const before = await body(page).last().boundingBox();
        await page.locator('vscode-dropdown[aria-label="State of C"]').click();
        expect(await body(page).last().boundingBox()).toEqual(before);
        const options = page.locator('vscode-dropdown[aria-label="State of C"] vscode-option');
        for (const option of await options.all()) expect(await isOnTop(option)).toBe(true);
        await page.keyboard.press('Escape');
        await page.locator('.compared thead th').last().scrollIntoViewIfNeeded();
        for (const letter of await page.locator('.compared .letter').all()) expect(await isOnTop(letter)).toBe(true);
      },
      { size },
    );
  });
});

describe('runs side by side', () => {
  it('show scores with intervals, cost, and how far each is from the first, row by row', async () => {
    await opened(chosen(), async ({ page }) => {
      await rows(page).first().locator('.score').first().waitFor();
      expect(await body(page).count()).toBe(3);
      const cells = await body(page).nth(2).locator('td, th').allInnerTexts();
      expect(cells.join('|')).toMatch(/C\|.*p -> w -> p, seed 0.*\d+\.\d %.*to.*40 rows.*60 rows.*[+−]\d+\.\d.*\$/s);
      expect(await body(page).first().innerText()).toContain('the others are compared with it');
      // The difference is that of the rows below.
      const both = await page.getByText(/^(Fixed|Broken) \d+/).allInnerTexts();
      const [fixed, broken] = both.map((text) => Number(/\d+/.exec(text)![0]));
      const points = /([+−±])(\d+\.\d)/.exec(await body(page).nth(2).locator('td').nth(4).innerText())!;
      expect(Number(points[2])).toBeCloseTo((100 * Math.abs(fixed! - broken!)) / 40, 1);
    });
  });

  it('compare any state of a run, with any run as the base, on dev or test', async () => {
    await opened(chosen(), async ({ page }) => {
      await rows(page).first().locator('.score').first().waitFor();
      const before = await body(page).nth(2).innerText();
      await page.locator('vscode-dropdown[aria-label="State of C"]').click();
      await page.getByRole('option', { name: 'baseline', exact: true }).click();
      await expect.poll(() => body(page).nth(2).innerText()).not.toBe(before);
      await page.locator('vscode-dropdown[aria-label=From]').click();
      await page.getByRole('option', { name: /^B:/ }).click();
      await expect.poll(() => body(page).nth(1).innerText()).toContain('the others are compared with it');
      await page.locator('vscode-dropdown[aria-label="Rows of"]').click();
      await page.getByRole('option', { name: 'Test', exact: true }).click();
      await page.getByText('60 of 60 rows').waitFor();
      expect(await page.locator('thead').first().innerText()).toContain('Test, against B');
    });
  });

  it('open the run, and the trace of a row', async () => {
    await opened(chosen(), async ({ page, effects }) => {
      await rows(page).first().locator('.score').first().waitFor();
      await body(page).nth(1).getByRole('button').first().click();
      await rows(page).nth(3).locator('.score').nth(2).click();
      await expect.poll(() => effects.length).toBe(2);
      expect(effects[0]).toEqual(['openRun', runs[2]![0], null]);
      expect(effects[1]).toEqual(['openRun', runs[3]![0], { step: 'p -> w -> p', split: 'dev', example: 3 }]);
    });
  });

  it('say where runs answered another question', async () => {
    const other = mkdtempSync(join(tmpdir(), 'bt-compare-other-'));
    const first = await writeSampleRun({ workspace: other, memo: false, strategy: 'p' });
    const second = await writeSampleRun({ workspace: other, memo: false, strategy: 'p', dev: 30 });
    try {
      await opened({ root: other, runs: [first.id, second.id], id: null }, async ({ page }) => {
        await page.getByText('other dev rows: not comparable').waitFor();
        await page.getByText('rows of the same number are not the same row').waitFor();
      });
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it('are where they were after a reload', async () => {
    const steps = { [runs[3]![0]!.id]: 'p' };
    await opened(
      chosen(),
      async ({ page }) => {
        await page.getByText('60 of 60 rows').waitFor();
        expect(await page.locator('thead').first().innerText()).toContain('against C');
        await expect.poll(() => page.locator('.rows-head').innerText()).toContain('C p');
      },
      { state: { split: 'test', base: runs[3]![0]!.id, steps, filter: 'nonsense' } },
    );
  });

  it('keep everything that a model or a data file wrote text', async () => {
    const hostile = mkdtempSync(join(tmpdir(), 'bt-compare-hostile-'));
    const options = {
      workspace: hostile,
      texts: hostileStrings,
      dev: 100,
      test: 1,
      memo: false,
      strategy: 'p',
    } as const;
    const pair = [await writeSampleRun(options), await writeSampleRun(options)];
    writeFileSync(
      join(pair[0]!.folder, 'label.json'),
      JSON.stringify({ name: '<img src=x onerror="window.pwned=1">' }),
    );
    try {
      await opened({ root: hostile, runs: pair.map(({ id }) => id), id: null }, async ({ page }) => {
        await rows(page).first().locator('.score').first().waitFor();
        await page.getByRole('grid').press('End');
        expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
        expect(
          await page.locator('#app :is(script, iframe, img, link, style, form, object, embed, base, a)').count(),
        ).toBe(0);
      });
    } finally {
      rmSync(hostile, { recursive: true, force: true });
    }
  });
});

describe('a comparison', () => {
  it('shows the table of strategies × seeds with means, why it was stopped, and one seed side by side', async () => {
    await opened(record, async ({ page, effects }) => {
      const table = page.locator('.strategies').first();
      expect(await table.locator('thead').innerText()).toMatch(/Strategy\s+Seed 0\s+Seed 1\s+Seed 2\s+Mean/);
      const lines = await table.locator('tbody tr').allInnerTexts();
      expect(lines.map((line) => line.split(/\s*\t\s*/)[0]!.trim())).toEqual([
        'baseline',
        'p',
        'p -> w',
        'p -> w -> p',
      ]);
      expect(lines[2]).toMatch(/69\.0\s+67\.0\s+65\.0\s+67\.0 ± 2\.0/);
      expect(lines[3]).toContain('stopped');
      expect(await table.locator('tr.best').innerText()).toContain('p -> w -> p');
      await page.getByText('The cap of 5,000 calls is reached. What is left takes about 310 calls.').waitFor();
      expect(await body(page).count()).toBe(4);
      await page.locator('vscode-dropdown[aria-label=Seed]').click();
      await page.getByRole('option', { name: '2', exact: true }).click();
      await expect.poll(() => body(page).count()).toBe(3);
      await table.getByRole('button', { name: '67.0' }).click();
      await expect.poll(() => effects).toEqual([['openRun', runs[2]![1], null]]);
    });
  });
});
