/** The table of all runs in Chromium: found, sorted, ticked and acted on; read in four themes and at many widths. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunItem } from '../../src/editor/items/runItem.ts';
import { listedRuns, tableRun } from '../fakes/sampleRuns.ts';
import { hostileStrings } from '../unit/webview/hostile.ts';
import { axe } from './axe.ts';
import { buildPage, openPage, startBrowser } from './page.ts';
import type { OpenPage } from './page.ts';
import { themes } from './themes.ts';
import type { ThemeName } from './themes.ts';

const pictures = fileURLToPath(new URL('../../test-results/webview', import.meta.url));

let browser: Browser;
let bundle: Awaited<ReturnType<typeof buildPage>>;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  [browser, bundle] = await Promise.all([startBrowser(), buildPage()]);
});
afterAll(async () => {
  await browser.close();
});

/** Three programs in two folders, in every status. */
const several: readonly RunItem[] = Array.from({ length: 24 }, (_, i) =>
  tableRun(`run-${String(i).padStart(2, '0')}`, {
    root: i % 6 === 5 ? '/other' : '/w',
    program: ['intents', 'qa', 'routes'][i % 3]!,
    status: (['finished', 'finished', 'stopped', 'crashed', 'running'] as const)[i % 5]!,
    seed: i,
    minutes: i,
    half: [10, 40, null][i % 3]!,
    madeHere: i !== 7,
    label: i === 3 ? { name: 'third try', note: 'with fewer rows, and a metric that forgives more' } : {},
  }),
);

async function opened(
  use: (open: OpenPage) => Promise<void>,
  items: readonly RunItem[] = several,
  options: Partial<Parameters<typeof openPage>[2]> = {},
) {
  const open = await openPage(browser, listedRuns(items), { bundle, size: { width: 1600, height: 900 }, ...options });
  try {
    await use(open);
    expect(open.offences).toEqual([]);
  } finally {
    await open.close();
  }
}

const rowsOf = (page: Page) => page.locator('.rows-body [role=row]');
const names = (page: Page) => page.locator('.rows-body button.link').allInnerTexts();
const column = (page: Page, name: string) => page.getByRole('columnheader', { name });
const button = (page: Page, name: string) => page.locator('vscode-button', { hasText: name });

describe('the rows', () => {
  it('say of each run what it is, what it reached and what it took, the latest first', async () => {
    await opened(async ({ page }) => {
      const row = rowsOf(page).filter({ hasText: 'third try' });
      expect(await row.innerText()).toMatch(
        /third try\s+intents in w\s+p -> w\s+✗ crashed\s+80\.0 % 70\.0 to 89\.0\s+–\s+\+30\.0 \(\+20\.0 to \+40\.0\) on dev\s+4\s+\$0\s+21 s\s+2026-11-23 \d\d:\d3\s+base on embedded\s+3\s+with fewer rows/,
      );
      const gains = await page.locator('.rows-body [role=row] > :nth-child(8)').allInnerTexts();
      expect(gains.filter((text) => text === '+30.0 (−10.0 to +70.0, may be chance) on dev')).toHaveLength(8);
      expect(await rowsOf(page).first().innerText()).toContain('23');
      expect(await rowsOf(page).filter({ hasText: 'not yours' }).count()).toBe(1);
    });
  });

  it('are sorted by a click on a head, and back by another', async () => {
    await opened(async ({ page }) => {
      expect(await column(page, 'Begun').getAttribute('aria-sort')).toBe('descending');
      await column(page, 'Seed').getByRole('button').click();
      await expect.poll(() => column(page, 'Seed').getAttribute('aria-sort')).toBe('ascending');
      const seeds = () => page.locator('.rows-body [role=row] > :nth-child(14)').allInnerTexts();
      expect((await seeds()).map(Number)).toEqual(several.map((_, i) => i));
      await column(page, 'Seed').getByRole('button').press('Enter');
      await expect.poll(async () => (await seeds())[0]).toBe('23');
    });
  });

  it('are found by text, program and status', async () => {
    await opened(async ({ page }) => {
      const field = page.locator('vscode-text-field input');
      await field.fill('third FORGIVES');
      await expect.poll(() => names(page)).toEqual(['third try']);
      await field.fill('no such run');
      await page.getByText('No run passes the filters.').waitFor();
      await field.fill('');
      await page.locator('vscode-dropdown').first().click();
      await page.getByRole('option', { name: 'routes' }).click();
      await expect.poll(() => rowsOf(page).count()).toBe(8);
      await page.locator('vscode-dropdown').nth(1).click();
      await page.getByRole('option', { name: 'Running' }).click();
      await expect.poll(() => page.locator('h1').innerText()).toMatch(/^All runs\s+1 of 24$/);
    });
  });

  it('follow the runs while these work', async () => {
    const runs = listedRuns(several);
    const open = await openPage(browser, runs, { bundle, liveEvery: 20 });
    try {
      const row = rowsOf(open.page).filter({ hasText: 'running' }).first();
      expect(await row.locator(':scope > :nth-child(5)').getAttribute('title')).not.toBe('');
      runs.all = several.map(
        (item) => ({ ...item, status: 'finished', label: { name: `was ${item.run.id}` } }) as const,
      );
      await open.page.getByRole('button', { name: 'was run-23' }).waitFor();
      expect(await rowsOf(open.page).filter({ hasText: 'running' }).count()).toBe(0);
      expect(open.offences).toEqual([]);
    } finally {
      await open.close();
    }
  });
});

describe('runs that are ticked', () => {
  it('are ticked with space, opened with Enter, and handed to the commands', async () => {
    await opened(async ({ page, effects }) => {
      const grid = page.getByRole('grid');
      const folder = (i: number): string => several[i]!.run.folder;
      await grid.focus();
      await grid.press('ArrowDown');
      await grid.press('Space');
      expect(await button(page, 'Save Report').getAttribute('disabled')).toBeNull();
      expect(await button(page, 'Compare').getAttribute('title')).toContain('two runs or more');
      await button(page, 'Save Report').click();
      await grid.press('ArrowDown');
      await grid.press('Space');
      await page.getByText('2 ticked.').waitFor();
      await button(page, 'Compare').click();
      await grid.press('Enter');
      await expect
        .poll(() => effects)
        .toEqual([
          ['act', 'report', [folder(22)]],
          ['act', 'compare', [folder(22), folder(21)]],
          ['act', 'open', [folder(21)]],
        ]);
    });
  });

  it('are ticked by a click, all at once too; what cannot be done with them says why', async () => {
    await opened(async ({ page, effects }) => {
      await rowsOf(page).filter({ hasText: 'third try' }).locator('input').click();
      expect(await rowsOf(page).filter({ hasText: 'third try' }).getAttribute('aria-selected')).toBe('true');
      await button(page, 'Delete').click();
      await page.getByRole('button', { name: 'third try' }).click();
      await expect.poll(() => effects.map(([, act]) => act)).toEqual(['delete', 'open']);
      await page.getByLabel('Tick all runs that are shown').click();
      await page.getByText('24 ticked. At most 12 runs are compared').waitFor();
      await page.getByText('4 runs of these are at work. Cancel them first.').waitFor();
      expect(await button(page, 'Delete').getAttribute('disabled')).not.toBeNull();
      await page.getByLabel('Tick all runs that are shown').click();
      await page.getByText('Tick runs to compare').waitFor();
    });
  });

  it('of different folders are not compared, and hidden ones are let alone', async () => {
    await opened(async ({ page, effects }) => {
      await rowsOf(page).first().click();
      await rowsOf(page).nth(1).click();
      await page.getByText('Runs of different folders cannot be compared').waitFor();
      await page.locator('vscode-text-field input').fill('other');
      await page.getByText('1 ticked.').waitFor();
      await button(page, 'CSV').click();
      await page.getByText('The numbers of 4 runs are in the clipboard').waitFor();
      const [[, rows]] = effects as [[string, { root: string }[]]];
      expect(rows.map(({ root }) => root)).toEqual(['/other', '/other', '/other', '/other']);
    });
  });
});

it('opens a thousand runs at once, and scrolls to the last', async () => {
  const many = Array.from({ length: 1000 }, (_, i) => tableRun(`run-${String(i).padStart(4, '0')}`, { minutes: i }));
  await opened(async ({ page, firstPaint }) => {
    console.log(`1,000 runs drawn after ${Math.round(firstPaint)} ms`);
    expect(await rowsOf(page).count()).toBeLessThan(80);
    await page.getByRole('grid').press('End');
    await page.locator('[aria-rowindex="1001"]').waitFor();
    await page.getByRole('grid').press('Space');
    await page.getByText('1 ticked.').waitFor();
  }, many);
});

it('shows what is hostile as text', async () => {
  const hostile = hostileStrings.map((text, i) =>
    tableRun(`run-${i}`, { program: text, label: { name: text, note: text }, root: `/${i % 2}` }),
  );
  await opened(async ({ page }) => {
    expect(await rowsOf(page).locator('script, img, iframe, a, svg, style, link').count()).toBe(0);
    await page.getByRole('grid').press('End');
    await page.locator(`[aria-rowindex="${hostile.length + 1}"]`).waitFor();
    await page.locator('vscode-dropdown').first().click();
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
  }, hostile);
});

describe.each(Object.keys(themes) as ThemeName[])('in %s', (theme) => {
  it('can be read: what axe measures, colours among it, is right', async () => {
    await opened(
      async ({ page }) => {
        await rowsOf(page).nth(1).click();
        await rowsOf(page).nth(3).click();
        await page.getByText('2 ticked.').waitFor();
        await page.screenshot({ path: join(pictures, `all-runs-${theme}.png`) });
        expect(await axe(page)).toEqual([]);
      },
      several,
      { theme },
    );
  });
});

describe.each([
  { width: 480, height: 800 },
  { width: 640, height: 400 },
  { width: 1000, height: 700 },
  { width: 1600, height: 900 },
])('at $width by $height', (size) => {
  it('the table scrolls sideways and the page does not; it takes the height that there is', async () => {
    await opened(
      async ({ page }) => {
        await page.screenshot({ path: join(pictures, `all-runs-${size.width}.png`) });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width);
        await column(page, 'Note').scrollIntoViewIfNeeded();
        expect(await page.evaluate(() => document.documentElement.scrollLeft)).toBe(0);
        if (size.height < 480) return;
        const bottom = await page.locator('bt-rows').evaluate((list) => list.getBoundingClientRect().bottom);
        expect(bottom).toBeLessThanOrEqual(size.height);
        expect(bottom).toBeGreaterThan(size.height - 40);
      },
      several,
      { size },
    );
  });
});
