/** The Run tab and the head of the page in Chromium: what a person wants at a glance, and can do from there. */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
import { axe } from './axe.ts';
import { themes } from './themes.ts';
import type { ThemeName } from './themes.ts';
import { buildPage, openPage, startBrowser } from './page.ts';
import type { OpenPage } from './page.ts';
import { tooWide } from './tooWide.ts';

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
      expect(await page.locator('.acts vscode-button').allInnerTexts()).toEqual([
        'Prompts',
        'Compare…',
        'Report…',
        'Export…',
      ]);
      for (const name of ['Prompts', 'Compare…', 'Report…', 'Export…']) await act(page, name).click();
      await expect
        .poll(() => effects)
        .toEqual([
          ['act', 'prompts'],
          ['act', 'compare'],
          ['act', 'report'],
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

describe('the chart of the scores', () => {
  /** Where the pointer is to be for the chart to say what `pattern` is of. */
  const find = (page: Page, pattern: RegExp) =>
    page.locator('bt-score-chart .u-over').evaluate((over, wanted) => {
      const box = over.getBoundingClientRect();
      const tip = document.querySelector('bt-score-chart .tip');
      for (let x = box.left; x < box.right; x += 3) {
        for (let y = box.top; y < box.bottom; y += 3) {
          over.dispatchEvent(new MouseEvent('mousemove', { clientX: x, clientY: y }));
          if (tip instanceof HTMLElement && !tip.hidden && wanted.test(tip.textContent ?? '')) return [x, y] as const;
        }
      }
      throw new Error(`nothing there is called ${String(wanted)}`);
    }, pattern);

  it('names the step under the pointer and opens it, and a candidate with its rows', async () => {
    await opened(async ({ page }) => {
      const tip = page.locator('bt-score-chart .tip');
      await page.mouse.move(...(await find(page, /^p -> w, dev/)));
      expect(await tip.innerText()).toMatch(/^p -> w, dev: 80\.0 % \([\d.]+ to [\d.]+\) after 560 calls$/);
      await page.screenshot({ path: join(pictures, 'chart.png') });
      await page.mouse.click(...(await find(page, /^p -> w, dev/)));
      await page.getByRole('heading', { name: 'p -> w: Fine-tuning' }).waitFor();
      await page.mouse.click(...(await find(page, /^p, candidate 2, rows in order, chosen/)));
      await page.getByText('20 runs of the program').waitFor();
      await page.getByText('Candidate 2 ✕').waitFor();
    });
  });

  it('names the step whose band is under the pointer, and opens it', async () => {
    await opened(async ({ page }) => {
      const over = page.locator('bt-score-chart .u-over');
      // A fine-tuning pays for no call: its band is a line.
      for (const [step, name, heading] of [
        ['p -> w', /^p -> w$/, 'p -> w: Fine-tuning'],
        ['p', /^p$/, 'p: Prompt search'],
      ] as const) {
        const [left, top] = await find(page, name);
        await page.mouse.click(left + 4, top + 2);
        expect(await over.evaluate((one) => getComputedStyle(one).cursor)).toBe('pointer');
        await page.getByRole('heading', { name: heading, exact: true }).waitFor();
        expect(await page.getByRole('button', { name: step, exact: true }).getAttribute('aria-pressed')).toBe('true');
      }
      // Before the first step there is none.
      const { x, y } = (await over.boundingBox())!;
      await page.mouse.move(x + 1, y + 2);
      expect(await page.locator('bt-score-chart .tip').isVisible()).toBe(false);
    });
  });

  it('counts along calls, dollars or time, and has its numbers in a table too', async () => {
    await opened(async ({ page }) => {
      const figure = page.getByRole('figure', { name: 'Scores over the run' });
      await figure.getByText('The scores as a table').click();
      const rows = figure.locator('tbody tr');
      await rows.first().waitFor();
      // Four steps on two splits, and the candidates of two searches that were not stopped early.
      expect(await rows.count()).toBe(8 + 10);
      const baseline = figure.getByRole('row', { name: 'baseline, dev' });
      expect(await baseline.innerText()).toMatch(/baseline, dev\s+35\.0 %\s+20\.2 to 49\.8\s+\d+$/);
      await figure.getByRole('combobox').click();
      await page.getByRole('option', { name: 'dollars' }).click();
      await expect.poll(() => baseline.innerText()).toMatch(/\$0\.\d+$/);
      await page.mouse.move(...(await find(page, /^baseline, test/)));
      expect(await page.locator('bt-score-chart .tip').innerText()).toMatch(/after \$0\.\d+$/);
    });
  });

  it('grows while the run works', async () => {
    const live = await writeSampleRun({ workspace, open: true });
    await opened(
      async ({ page }) => {
        const figure = page.getByRole('figure', { name: 'Scores over the run' });
        await figure.getByText('The scores as a table').click();
        await figure.locator('tbody tr').first().waitFor();
        const before = await figure.locator('tbody tr').count();
        const score = { score: 61, low: 40, high: 80, n: 20, failed: 0 };
        const event = { v: 1, seq: 90_000, time: new Date().toISOString(), type: 'candidate.finished' };
        const body = { prefix: 'p -> w -> p', candidate: 5, score, scored: 20, of: 20 };
        appendFileSync(runFiles(live.folder).events, `${JSON.stringify({ ...event, ...body })}\n`);
        await expect.poll(() => figure.locator('tbody tr').count()).toBe(before + 1);
        await find(page, /^p -> w -> p, candidate 6/);
      },
      { liveEvery: 30 },
      live,
    );
  });
});

describe('what each step took', () => {
  it('is counted by step and predictor, out of the traces, once it is looked at', async () => {
    await opened(async ({ page }) => {
      const section = page.locator('details.costs');
      expect(await section.locator('table').count()).toBe(0);
      await section.locator('summary').click();
      const row = section.locator('tr', { has: page.getByRole('rowheader', { name: 'write_query.predict' }) }).first();
      await row.waitFor();
      // 100 rows of the baseline, each fifth from the memo.
      expect(await row.innerText()).toMatch(/write_query\.predict\s+80\s+20\s+17\.0k\s+1,120\s+400 ms\s+400 ms/);
      const baseline = section.locator('tr.step').first();
      expect(await baseline.innerText()).toMatch(/^baseline\s+200\s+40\s+[\d.,k]+\s+[\d.,k]+\s+\$0\.0100$/);
      expect(await section.locator('tr.step').count()).toBe(4);
      await section.screenshot({ path: join(pictures, 'costs.png') });
      expect(await axe(page)).toEqual([]);
    });
  });
});

describe('a model that an earlier run trained', () => {
  /** The run again, as it is where the job was remembered. */
  async function remembered(): Promise<RunLocation> {
    const again = await writeSampleRun({ workspace });
    const { events } = runFiles(again.folder);
    const lines = readFileSync(events, 'utf8').split('\n');
    const kept = lines.filter((line) => !/"type":"job\.(intended|submitted|progress)"/.test(line));
    const text = kept.map((line) =>
      line.includes('"job.finished"') ? line.replace('"cached":false', '"cached":true') : line,
    );
    writeFileSync(events, text.join('\n'));
    return again;
  }

  it('has the curve of that run, and a way there', async () => {
    const again = await remembered();
    await opened(
      async ({ page, effects }) => {
        await page.getByRole('button', { name: 'p -> w', exact: true }).click();
        await page.locator('bt-loss-chart canvas').waitFor();
        const details = page.locator('.details');
        expect(await details.innerText()).toMatch(/trained before, nothing paid/);
        expect(await details.innerText()).not.toMatch(/Rows\s+0|0 s/);
        await details.getByRole('button', { name: /^\d{8}-/ }).click();
        await expect.poll(() => effects.map(([name]) => name)).toEqual(['openRun']);
        expect(existsSync(runFiles((effects[0]![1] as RunLocation).folder).events)).toBe(true);
        expect((effects[0]![1] as RunLocation).id).not.toBe(again.id);
      },
      {},
      again,
    );
  });

  it('says where that run is gone', async () => {
    const own = join(workspace, 'alone');
    mkdirSync(own);
    const alone = await writeSampleRun({ workspace: own });
    const { events } = runFiles(alone.folder);
    const again = await remembered();
    writeFileSync(events, readFileSync(runFiles(again.folder).events));
    await opened(
      async ({ page }) => {
        await page.getByRole('button', { name: 'p -> w', exact: true }).click();
        await page.getByText('The run that trained it is not in this folder any more.').waitFor();
        expect(await page.locator('bt-loss-chart').count()).toBe(0);
      },
      {},
      alone,
    );
  });
});

const tabs = ['Run', 'Program', 'Examples', 'Traces'] as const;

async function goTo(page: Page, tab: (typeof tabs)[number]): Promise<void> {
  await page.getByRole('tab', { name: tab, exact: true }).click();
  const shown = { Run: '.details', Program: '.predictor', Examples: '.score', Traces: '.rows-body [role=row]' }[tab];
  await page.locator(shown).first().waitFor();
}

describe.each(Object.keys(themes) as ThemeName[])('in %s', (theme) => {
  it('every tab can be read: what axe measures, colours among it, is right', async () => {
    await opened(
      async ({ page }) => {
        for (const tab of tabs) {
          await goTo(page, tab);
          if (tab === 'Traces') {
            await page.locator('.rows-body [role=row]').nth(5).click();
            await page.locator('.turn.completion').first().waitFor();
          }
          await page.screenshot({ path: join(pictures, `page-${tab.toLowerCase()}-${theme}.png`) });
          expect(await axe(page)).toEqual([]);
        }
        await goTo(page, 'Run');
        await page.getByRole('button', { name: 'p -> w', exact: true }).click();
        await page.getByText('The scores as a table').click();
        expect(await axe(page)).toEqual([]);
      },
      { theme },
    );
  });
});

describe.each(Object.keys(themes) as ThemeName[])('what matters in %s', (theme) => {
  interface Look {
    readonly color: string;
    readonly weight: number;
    readonly size: number;
  }
  const looksOf = (page: Page, selector: string) =>
    page.locator(selector).evaluateAll((all) =>
      all.map((one): Look => {
        const { color, fontWeight, fontSize } = getComputedStyle(one);
        return { color, weight: Number(fontWeight), size: parseFloat(fontSize) };
      }),
    );

  it('stands out from what is beside the point: by colour, weight and size', async () => {
    await opened(
      async ({ page }) => {
        const [text] = await looksOf(page, 'body');
        for (const beside of ['header .facts dt', 'main p.muted', 'thead th', 'caption', '.card .gain .muted']) {
          const looks = await looksOf(page, beside);
          expect([beside, looks.length]).not.toEqual([beside, 0]);
          for (const { color, weight } of looks) {
            expect([beside, color]).not.toEqual([beside, text!.color]);
            expect(weight).toBeLessThan(600);
          }
        }
        const values = await looksOf(page, 'header .facts dd');
        const names = await looksOf(page, 'header .facts dt');
        expect(values).toHaveLength(names.length);
        for (const [place, { color, weight }] of values.entries()) {
          expect(color).toBe(text!.color);
          expect(weight).toBeGreaterThan(names[place]!.weight);
        }
        const [title, heading, score] = await Promise.all(
          ['h1', 'h2', '.card .big'].map(async (selector) => (await looksOf(page, selector))[0]!),
        );
        expect(title!.size).toBeGreaterThan(heading!.size);
        expect(heading!.size).toBeGreaterThan(text!.size);
        expect(heading!.weight).toBeGreaterThanOrEqual(600);
        expect(score!.size).toBeGreaterThan(1.4 * text!.size);
      },
      { theme },
    );
  });
});

const sizes = [
  { width: 480, height: 800 },
  { width: 700, height: 900 },
  { width: 1000, height: 700 },
  { width: 1600, height: 900 },
  // A window of 1280 by 800 at 200 per cent.
  { width: 640, height: 400 },
  { width: 1100, height: 400 },
];

describe.each(sizes)('at $width by $height', (size) => {
  it('nothing but tables that scroll is wider than the page, and lists take the height that there is', async () => {
    await opened(
      async ({ page }) => {
        for (const tab of tabs) {
          await goTo(page, tab);
          expect([tab, await tooWide(page)]).toEqual([tab, []]);
          const hidden = await page
            .locator('vscode-panels')
            .evaluate((panels) => panels.scrollWidth - panels.clientWidth);
          expect([tab, hidden]).toEqual([tab, 0]);
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width);
          await page.screenshot({ path: join(pictures, `size-${tab.toLowerCase()}-${size.width}-${size.height}.png`) });
          if (size.width < 800 || size.height < 480 || (tab !== 'Examples' && tab !== 'Traces')) continue;
          const bottom = await page.locator('bt-rows').evaluate((list) => list.getBoundingClientRect().bottom);
          expect(bottom).toBeLessThanOrEqual(size.height);
          expect(bottom).toBeGreaterThan(size.height - 40);
        }
      },
      { size },
    );
  });
});

describe.each([490, 1000])('the candidates at a width of %i', (width) => {
  it('have each number, interval and button in one line', async () => {
    await opened(
      async ({ page }) => {
        const table = page.locator('table.candidates').first();
        await table.waitFor();
        await table.screenshot({ path: join(pictures, `candidates-${width}.png`) });
        const cells = table.locator('tbody').locator('th, td.number, td.interval, td.more');
        expect(await cells.count()).toBe(6 * 4);
        // What is in one line overlaps: nothing in the cell begins below where something else ends.
        const broken = await cells.evaluateAll((all) =>
          all.flatMap((cell) => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            const boxes = [...range.getClientRects()].filter(({ width, height }) => width > 1 && height > 0);
            const end = Math.min(...boxes.map(({ bottom }) => bottom));
            return boxes.some(({ top }) => top >= end) ? [cell.outerHTML] : [];
          }),
        );
        expect(broken).toEqual([]);
        const intervals = await table.locator('td.interval').allInnerTexts();
        expect(intervals.filter((text) => /^\d+\.\d–\d+\.\d$/.test(text.trim())).length).toBeGreaterThan(3);
      },
      { size: { width, height: 800 } },
    );
  });
});
