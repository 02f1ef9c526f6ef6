/** The tables of rows and traces in Chromium, on their real host side: what a person looks for, and how they get there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TraceRecord } from '../../src/engine/interfaces.ts';
import { runFiles } from '../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../src/run/record/runFolder.ts';
import { TraceStore } from '../../src/run/record/traceStore.ts';
import { writeSampleRun } from '../fakes/sampleRun.ts';
import { traceAt } from '../fakes/traces.ts';
import { buildPage, openPage, startBrowser } from './page.ts';
import type { OpenPage, Target } from './page.ts';

let workspace: string;
let browser: Browser;
let bundle: Awaited<ReturnType<typeof buildPage>>;
let run: RunLocation;

beforeAll(async () => {
  workspace = mkdtempSync(join(tmpdir(), 'bt-rows-'));
  [browser, bundle] = await Promise.all([startBrowser(), buildPage()]);
  run = await writeSampleRun({ workspace, partly: true });
});
afterAll(async () => {
  await browser.close();
  rmSync(workspace, { recursive: true, force: true });
});

const rows = (page: Page) => page.locator('.rows-body [role=row]');
const title = (page: Page) => page.locator('.trace h2');

async function on(
  tab: 'Examples' | 'Traces' | null,
  use: (open: OpenPage) => Promise<void>,
  target: Target = run,
  options: Partial<Parameters<typeof openPage>[2]> = {},
): Promise<void> {
  const open = await openPage(browser, target, { bundle, ...options });
  try {
    if (tab !== null) await open.page.getByRole('tab', { name: tab }).click();
    if (tab === 'Examples') await open.page.locator('.given').first().waitFor();
    if (tab === 'Traces') await rows(open.page).first().waitFor();
    await use(open);
    expect(open.offences).toEqual([]);
  } finally {
    await open.close();
  }
}

describe('the table of rows', () => {
  it('has the label, and what each state gave beside the grade, with differences marked and said', async () => {
    await on('Examples', async ({ page }) => {
      const heads = await page.getByRole('columnheader').allInnerTexts();
      expect(heads.map((text) => text.split('\n')[0]!.trim())).toEqual([
        ...['Row ▲', 'Inputs', 'Label', 'baseline', 'p', 'p -> w', 'p -> w -> p'],
      ]);
      const [second, third] = [rows(page).nth(1), rows(page).nth(2)];
      expect(await second.locator('[role=gridcell]').nth(2).innerText()).toBe('a river in Africa');
      const cells = await second.locator('.score').allTextContents();
      expect(cells[0]).toMatch(/✓\s+1\s+right\s+a river in Africa/);
      expect(cells[1]).toMatch(/✗\s+0\s+wrong\s+differs from the label: the Nile/);
      expect(await third.locator('.score').first().textContent()).toMatch(/◐\s+0\.30\s+partly right/);
      const line = await second
        .locator('.differs')
        .first()
        .evaluate((one) => getComputedStyle(one).textDecorationLine);
      expect(line).toBe('underline');
      expect(await second.locator('.score').nth(1).getAttribute('title')).toBe(
        'wrong\nthe Nile\nnot what the label says',
      );
    });
  });

  it('has what each state scored in its head: mean, interval and rows by grade', async () => {
    await on('Examples', async ({ page }) => {
      const head = await page.getByRole('columnheader', { name: 'p -> w -> p' }).innerText();
      expect(head).toMatch(/\d+\.\d % \d+\.\d–\d+\.\d/);
      const counts = [...head.matchAll(/(\d+)\s+(?:right|partly right|wrong|failed)/g)].map(([, count]) =>
        Number(count),
      );
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
      await page.getByRole('columnheader', { name: 'baseline' }).getByTitle('Show the rows that failed').click();
      await page.getByText(/^\d of 40 rows/).waitFor();
      for (const cell of await rows(page).locator('.score:nth-child(4)').allTextContents())
        expect(cell).toContain('failed');
    });
  });

  it('shares the width, and scrolls sideways by itself on a narrow page', async () => {
    await on('Examples', async ({ page }) => {
      const width = (place: number) =>
        rows(page)
          .first()
          .locator('[role=gridcell]')
          .nth(place)
          .evaluate((cell) => cell.getBoundingClientRect().width);
      expect(await width(1)).toBeGreaterThan(await width(3));
      await page.setViewportSize({ width: 480, height: 800 });
      const grid = page.getByRole('grid');
      await expect.poll(() => grid.evaluate((one) => one.scrollWidth > one.clientWidth)).toBe(true);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    });
  });

  it('has the trace of the chosen row beside it, which follows J and K, arrows and Enter', async () => {
    await on('Examples', async ({ page, effects }) => {
      const grid = page.getByRole('grid');
      await grid.focus();
      await page.keyboard.press('j');
      await page.keyboard.press('ArrowDown');
      // Nothing is open before Enter.
      expect(await title(page).count()).toBe(0);
      await page.keyboard.press('Enter');
      await expect.poll(() => title(page).innerText()).toBe('Row 3, p -> w -> p');
      expect(await rows(page).nth(2).getAttribute('aria-selected')).toBe('true');
      await page.keyboard.press('k');
      await expect.poll(() => title(page).innerText()).toBe('Row 2, p -> w -> p');
      await rows(page).nth(3).locator('.score').first().click();
      await expect.poll(() => title(page).innerText()).toBe('Row 4, baseline');
      await grid.press('j');
      await expect.poll(() => title(page).innerText()).toBe('Row 5, baseline');
      await page.getByText('Copy row as JSON').click();
      await page.getByText('Copy trace as JSON').click();
      await expect.poll(() => effects.length).toBe(2);
      expect(JSON.parse(String(effects[0]![1]))).toMatchObject({ row: 5, fields: { answer: 'a river in Africa' } });
      expect(JSON.parse(String(effects[1]![1]))).toMatchObject({ example: 4, step: '', purpose: 'dev' });
      await page.getByText('Open in Traces').click();
      await page.getByText('4 runs of the program').waitFor();
      expect(await title(page).innerText()).toBe('Row 5, baseline');
      await page.getByRole('tab', { name: 'Examples' }).click();
      await page.getByText('Close', { exact: true }).click();
      await expect.poll(() => title(page).count()).toBe(0);
    });
  });

  it('shows all rows as strips in words and marks; a click goes to the row', async () => {
    await on('Examples', async ({ page }) => {
      const strip = page.getByRole('img', { name: /^p -> w: fixed \d+, broken \d+ of 40 rows$/ });
      const [fixed, broken] = (await strip.getAttribute('aria-label'))!.match(/\d+/g)!;
      const step = page.locator('vscode-dropdown[aria-label=to]');
      await step.click();
      await page.getByRole('option', { name: 'p -> w', exact: true }).click();
      await page.getByText(`Fixed ${fixed}`, { exact: true }).waitFor();
      await page.getByText(`Broken ${broken}`, { exact: true }).waitFor();
      const { width } = (await strip.boundingBox())!;
      await strip.click({ position: { x: (width * 30.5) / 40, y: 5 } });
      await expect.poll(() => title(page).innerText()).toBe('Row 31, p -> w');
      // The table has gone there too.
      await expect.poll(() => page.locator('.rows-row[aria-selected=true]').isVisible()).toBe(true);
    });
  });

  it('sets labels against predictions, and shows the rows of a cell', async () => {
    await on('Examples', async ({ page }) => {
      await page.getByText('Confusion of labels: answer').click();
      const cell = page.getByRole('button', { name: /^3 rows with the label the Nile, predicted Lake Victoria$/ });
      await cell.click();
      await page.getByText('3 of 40 rows').waitFor();
      expect(await rows(page).count()).toBe(3);
      for (const row of await rows(page).all()) {
        expect(await row.locator('[role=gridcell]').nth(2).innerText()).toBe('the Nile');
        expect(await row.locator('.score').last().textContent()).toContain('Lake Victoria');
      }
      await page.getByText('One label and prediction ✕').click();
      await page.getByText('40 of 40 rows').waitFor();
    });
  });
});

describe('the list of traces', () => {
  it('finds a text in inputs and outputs, in a field with a name', async () => {
    await on('Traces', async ({ page }) => {
      const field = page.getByRole('textbox', { name: 'Search inputs and outputs', exact: true });
      await field.fill('river is row 12 about');
      // Dev and test in four states, and five candidates of each of two searches that got so far.
      await page.getByText('18 runs of the program').waitFor();
      for (const text of await rows(page).allInnerTexts()) expect(text).toContain('Which river is row 12 about?');
      await field.fill('<script>');
      await page.getByText('0 runs of the program').waitFor();
      await page.getByRole('tab', { name: 'Examples' }).click();
      await page.getByRole('textbox', { name: 'Search the inputs', exact: true }).waitFor();
    });
  });

  it('is restricted to what was right, partly right, wrong, failed or slow', async () => {
    await on('Traces', async ({ page }) => {
      await page.getByText('620 runs of the program').waitFor();
      const field = page.locator('vscode-dropdown[aria-label=Only]');
      const total = () => page.locator('.list > [role=status]').innerText();
      /** How many there are, after a look at those in sight. */
      const only = async (name: string, shows: RegExp): Promise<number> => {
        const before = await total();
        await field.click();
        await page.getByRole('option', { name, exact: true }).click();
        await expect.poll(async () => (await total()).replace(before, '')).toMatch(/^\d+ runs/);
        const others = async () => (await rows(page).allInnerTexts()).filter((text) => !shows.test(text));
        await expect.poll(others).toEqual([]);
        expect(await rows(page).count()).toBeGreaterThan(0);
        return Number(/^\d+(?= runs of the program$)/.exec(await total())![0]);
      };
      const right = await only('Right', /✓ 1\s+right/);
      const partly = await only('Partly right', /◐ 0\.30\s+partly right/);
      const wrong = await only('Wrong', /✗ 0\s+wrong/);
      const failed = await only('Failed', /! failed/);
      expect(right + partly + wrong + failed).toBe(620);
      // A twentieth of the 496 that were made; what came from the memo took no time.
      expect(await only('Slowest 5 %', /900 ms/)).toBe(25);
      expect(await only('All', /Which river/)).toBe(620);
    });
  });

  it('is sorted by score, tokens and time', async () => {
    await on('Traces', async ({ page }) => {
      await page.getByText('620 runs of the program').waitFor();
      for (const [name, first] of [
        ['Score', '✓ 1'],
        ['Tokens', '452'],
        ['Time', '900 ms'],
      ] as const) {
        await page.getByRole('columnheader', { name }).getByRole('button').click();
        await expect.poll(() => page.getByRole('columnheader', { name }).getAttribute('aria-sort')).toBe('descending');
        expect(await rows(page).first().innerText()).toContain(first);
      }
    });
  });

  it('opens what the keyboard moves to', async () => {
    await on('Traces', async ({ page }) => {
      await page.getByRole('grid').focus();
      await page.keyboard.press('j');
      await expect.poll(() => title(page).innerText()).toBe('Row 2, baseline');
      await page.keyboard.press('End');
      await expect.poll(() => title(page).innerText()).toBe('Row 60, p -> w -> p');
      await page.keyboard.press('ArrowUp');
      await expect.poll(() => title(page).innerText()).toBe('Row 59, p -> w -> p');
    });
  });
});

it('goes from "failed" on a card to the rows that failed', async () => {
  await on(null, async ({ page }) => {
    await page.locator('.card').nth(1).getByText('1 failed').click();
    await page.getByText('1 of 40 rows').waitFor();
    await page.locator('.given').first().waitFor();
    expect(await page.getByRole('tab', { name: 'Examples' }).getAttribute('aria-selected')).toBe('true');
    expect(await rows(page).locator('.score').nth(1).textContent()).toContain('failed');
  });
});

it('opens the file and line that an error names, and no file that is not of the folder', async () => {
  const own = mkdtempSync(join(tmpdir(), 'bt-rows-error-'));
  try {
    const failing = await writeSampleRun({ workspace: own, strategy: '', dev: 1, test: 1 });
    writeFileSync(join(own, 'metric.py'), '');
    const store = new TraceStore(runFiles(failing.folder).traces);
    const { outcome, ...head } = traceAt(runFiles(failing.folder).traces, 0)!;
    const error = { kind: 'metric', message: 'see ../secret.py:9', file: 'metric.py', line: 33 } as const;
    store.append({ ...head, outcome: { ...outcome, error } } satisfies TraceRecord);
    store.close();
    await on(
      'Traces',
      async ({ page, effects }) => {
        await rows(page).filter({ hasText: 'Dev' }).first().click();
        await page.getByRole('button', { name: '../secret.py:9' }).click();
        await page.getByText('only files of the folder that the run belongs to').waitFor();
        await page.getByRole('button', { name: 'metric.py:33' }).click();
        await expect.poll(() => effects).toEqual([['openSource', { file: join(own, 'metric.py'), line: 33 }]]);
      },
      failing,
    );
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
});

it('shows labels and predictions of runs side by side too', async () => {
  const other = await writeSampleRun({ workspace, strategy: 'p', partly: true });
  await on(
    null,
    async ({ page }) => {
      await page.locator('.given').first().waitFor();
      expect(await rows(page).nth(1).locator('[role=gridcell]').nth(2).innerText()).toBe('a river in Africa');
      expect(await rows(page).nth(1).locator('.score').allTextContents()).toEqual([
        expect.stringMatching(/✗\s+0\s+wrong\s+differs from the label: the Nile/),
        expect.stringMatching(/the Nile/),
      ]);
    },
    { root: workspace, runs: [run.id, other.id], id: null },
  );
});
