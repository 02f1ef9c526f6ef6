/**
 * The run view in Chromium, on its real host side and under its real security policy. Screenshots of every view in
 * four themes are left in `test-results/webview`.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holderOf } from '../../src/run/record/lock.ts';
import { runFiles } from '../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../src/run/record/runFolder.ts';
import { treeStep, writeSampleRun } from '../fakes/sampleRun.ts';
import { hostileStrings } from '../unit/webview/hostile.ts';
import { axe } from './axe.ts';
import { buildPage, openPage, startBrowser } from './page.ts';
import type { OpenPage } from './page.ts';
import { themes } from './themes.ts';
import type { ThemeName } from './themes.ts';

const pictures = fileURLToPath(new URL('../../test-results/webview', import.meta.url));
const tabs = ['Run', 'Program', 'Examples', 'Traces'] as const;

let workspace: string;
let browser: Browser;
let bundle: Awaited<ReturnType<typeof buildPage>>;
let run: RunLocation;
let rewritten: RunLocation;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  workspace = mkdtempSync(join(tmpdir(), 'bt-runview-'));
  [browser, bundle] = await Promise.all([startBrowser(), buildPage()]);
  run = await writeSampleRun({ workspace });
  // The data of a workspace is that of its last sample.
  const own = join(workspace, 'rewritten');
  mkdirSync(own);
  rewritten = await writeSampleRun({ workspace: own, strategy: treeStep, dev: 10, test: 10 });
});
afterAll(async () => {
  await browser.close();
  rmSync(workspace, { recursive: true, force: true });
});

const rows = (page: Page) => page.locator('.rows-body [role=row]');

async function goTo(page: Page, tab: (typeof tabs)[number]): Promise<void> {
  await page.getByRole('tab', { name: tab, exact: true }).click();
  const shown = { Run: '.details', Program: '.predictor', Examples: '.score', Traces: '.rows-body [role=row]' }[tab];
  await page.locator(shown).first().waitFor();
}

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

describe.each(Object.keys(themes) as ThemeName[])('the run view in %s', (theme) => {
  it('draws every view without a violation of its policy or of accessibility', async () => {
    await opened(
      async ({ page }) => {
        for (const tab of tabs) {
          await goTo(page, tab);
          if (tab === 'Run') {
            await page.getByRole('button', { name: 'p -> w', exact: true }).click();
            await page.locator('bt-loss-chart canvas').waitFor();
            await page.getByText('Look into the rows').click();
            await page.locator('.turn.trained').first().waitFor();
            await page.screenshot({ path: join(pictures, `training-${theme}.png`) });
            expect(await axe(page)).toEqual([]);
            await page.getByRole('button', { name: 'p', exact: true }).click();
          }
          if (tab === 'Program') {
            await page.locator('vscode-dropdown[aria-label=After]').click();
            await page.screenshot({ path: join(pictures, `states-${theme}.png`) });
            await page.getByRole('option', { name: 'p -> w -> p, candidate 4:' }).click();
            await page.getByText('p -> w -> p, candidate 4', { exact: true }).first().waitFor();
          }
          if (tab === 'Traces') {
            await rows(page).nth(5).click();
            await page.locator('.turn.completion').first().waitFor();
          }
          await page.screenshot({ path: join(pictures, `${tab.toLowerCase()}-${theme}.png`) });
          expect(await axe(page)).toEqual([]);
        }
      },
      { theme },
    );
  });
});

describe.each(Object.keys(themes) as ThemeName[])('a step with a tree in %s', (theme) => {
  it('is drawn without a violation of its policy or of accessibility', async () => {
    await opened(
      async ({ page }) => {
        await page.locator('.candidate.best pre.diff').first().waitFor();
        await page.getByText('Row by row').click();
        await page.locator('.front .top').first().waitFor();
        await page.screenshot({ path: join(pictures, `tree-${theme}.png`), fullPage: true });
        expect(await axe(page)).toEqual([]);
        await page.getByText('Prompts before and after').click();
        const answer = page.getByRole('region', { name: 'Predictor answer' });
        for (const side of [0, 1]) await answer.getByText('The prompt as it was sent').nth(side).click();
        await answer.locator('.turn').nth(3).waitFor();
        await page.screenshot({ path: join(pictures, `before-after-${theme}.png`), fullPage: true });
        expect(await axe(page)).toEqual([]);
        await goTo(page, 'Traces');
        await rows(page).filter({ hasText: 'Wrong:' }).first().click();
        await page.locator('.turn.completion').first().waitFor();
        await page.screenshot({ path: join(pictures, `feedback-${theme}.png`) });
        expect(await axe(page)).toEqual([]);
      },
      { theme },
      rewritten,
    );
  });
});

describe('a step whose candidates were made from each other', () => {
  const node = (page: Page, place: number) =>
    page.locator('details.candidate', { has: page.getByText(`Candidate ${place}`, { exact: true }) });

  it('shows them as a tree, a merge once, with what each is best on and what changed', async () => {
    await opened(
      async ({ page }) => {
        const tree = page.getByRole('region', { name: 'Tree of candidates' });
        await tree
          .getByText(/best on \d+ of 20 rows/)
          .first()
          .waitFor();
        expect(await tree.locator('details.candidate').count()).toBe(6);
        const nested = tree.locator('> ol > li > ol > li > ol > li > ol > li');
        expect(await nested.locator('summary').innerText()).toMatch(/Candidate 6[^]*chosen[^]*merged from 4 and 5/);
        expect(await node(page, 1).locator('summary').innerText()).toContain('made from no other');
        expect(await node(page, 2).locator('summary').innerText()).toMatch(/from 1[^]*changed write_query\.predict/);
        await node(page, 4).locator('summary').click();
        const diff = node(page, 4).locator('pre.diff');
        await diff.waitFor();
        expect(await diff.locator('del').allTextContents()).toEqual(['removed: the one ']);
        await node(page, 1).locator('summary').press('Enter');
        await node(page, 1).getByText('Its prompts are those of what the step began with.').waitFor();
      },
      {},
      rewritten,
    );
  });

  it('lists the rows with the candidates that are best on some, and opens the trace of one', async () => {
    await opened(
      async ({ page }) => {
        await page.getByText('Row by row').click();
        await page.locator('.front .top').first().waitFor();
        expect(await page.locator('.front').innerText()).toMatch(
          /candidates are the best, alone or tied, on at least one of 20 rows/,
        );
        const third = rows(page).nth(2);
        expect(await third.innerText()).toContain('Which river is row 2 about?');
        await third.locator('.number').last().click();
        await page.locator('.turn.completion').first().waitFor();
        expect(await page.locator('.trace h2').innerText()).toBe(`Row 3, ${treeStep}`);
      },
      {},
      rewritten,
    );
  });
});

describe('the prompts of a step', () => {
  it('stand before and after, with what changed, and as they were sent', async () => {
    await opened(
      async ({ page }) => {
        await page.getByText('Prompts before and after').click();
        const answer = page.getByRole('region', { name: 'Predictor answer' });
        const [before, after] = [answer.locator('.box').first(), answer.locator('.box').last()];
        expect(await before.locator('h3').innerText()).toBe('baseline');
        expect(await after.locator('h3').innerText()).toBe(treeStep);
        expect(await after.locator('ins').first().textContent()).toContain('Name the river as the question does');
        expect(await before.locator('ins').count()).toBe(0);
        for (const side of [before, after]) {
          await side.getByText('The prompt as it was sent').click();
          await side.getByText('On row 1, dev.').waitFor();
          await side.locator('.turn').first().waitFor();
        }
        const sent = after.locator('.turn').first();
        expect(await sent.innerText()).toMatch(
          /^system\nAnswer the question about a river \(answer\)\. Name the river as/,
        );
        await after.getByText('Open the trace').click();
        await expect.poll(() => page.locator('.trace h2').innerText()).toBe(`Row 1, ${treeStep}`);
      },
      {},
      rewritten,
    );
  });
});

describe('what a metric said', () => {
  const wrong = /Wrong: the river is .*\. The passages name it/;

  it('stands beside the score in the list of traces, in one line, and whole in the trace', async () => {
    await opened(
      async ({ page }) => {
        await goTo(page, 'Traces');
        await page.getByRole('columnheader', { name: 'The metric said' }).waitFor();
        const row = rows(page).filter({ hasText: wrong }).first();
        expect(await row.innerText()).toMatch(/^\d+\s+\S+[^]*✗ 0\s+wrong\s+Wrong:/);
        await row.click();
        await page.getByText('What the metric said').waitFor();
        expect(await page.locator('.trace').innerText()).toMatch(/Wrong: the river is .*\.\nThe passages name it/);
      },
      {},
      rewritten,
    );
  });

  it('has no column where it says nothing', async () => {
    await opened(async ({ page }) => {
      await goTo(page, 'Traces');
      await rows(page).first().locator('.number').waitFor();
      const heads = await page.getByRole('columnheader').allInnerTexts();
      expect(heads.map((text) => text.trim())).toEqual([
        'Row ▲',
        'Step',
        'Purpose',
        'Input',
        'Score',
        'Tokens',
        'Time',
      ]);
    });
  });
});

describe('the run view', () => {
  it('shows scores, candidates, training and cost of a finished run', async () => {
    await opened(async ({ page }) => {
      expect(await page.locator('h1').innerText()).toMatch(/rivers[^]*Finished/);
      expect(await page.locator('.card').count()).toBe(4);
      expect(await page.locator('.card').nth(3).innerText()).toMatch(/best on dev[^]*% dev[^]*\$/);
      const candidates = page.locator('table tbody tr');
      expect(await candidates.count()).toBe(6);
      expect(await candidates.nth(3).innerText()).toContain('stopped early after 10 rows');
      expect(await page.locator('tr.best').count()).toBe(1);
      expect(await page.locator('header').innerText()).toMatch(/of at most 20,000.*of at most \$5\.00/s);
    });
  });

  it('shows the updates of a policy: KL, and the share of groups without a difference', async () => {
    const own = join(workspace, 'policy');
    mkdirSync(own);
    const learned = await writeSampleRun({ workspace: own, strategy: 'p -> w', dev: 10, test: 10 });
    const told = {
      type: 'policy.updated',
      prefix: 'p -> w',
      updates: 3,
      reward: 41.5,
      rows: 48,
      calls: 64,
      unreadable: 1,
    };
    const lines = [
      { ...told, update: 1, groups: 6, withoutDifference: 2, answerTokens: 30.6, model: 'm-1', kl: 0.0123 },
      // A trainer that reports no KL, then a version that told none.
      { ...told, update: 2, groups: 8, withoutDifference: 0, model: 'm-2', kl: null },
      { ...told, update: 3, groups: 0, withoutDifference: 0, rows: 0, model: 'm-2' },
    ].map((event, place) => JSON.stringify({ v: 1, seq: 90_000 + place, time: new Date(0).toISOString(), ...event }));
    appendFileSync(runFiles(learned.folder).events, `${lines.join('\n')}\n`);
    await opened(
      async ({ page }) => {
        await page.locator('.card-title').nth(2).click();
        const updates = page.locator('table', { hasText: 'Rollouts score' });
        expect(await updates.locator('th').allInnerTexts()).toEqual([
          ...[
            'Update',
            'Rollouts score',
            'Groups',
            'Without a difference',
            'KL',
            'Unreadable',
            'Tokens an answer',
            'Rows',
          ],
        ]);
        const cells = await updates
          .locator('tbody tr')
          .evaluateAll((all) =>
            all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent!.trim())),
          );
        expect(cells).toEqual([
          ['3 of 3', '41.5 %', '0', '0', '–', '1 of 64', '–', 'none'],
          ['2 of 3', '41.5 %', '8', '0 (0 %)', '–', '1 of 64', '–', 'none'],
          ['1 of 3', '41.5 %', '6', '2 (25 %)', '0.0123', '1 of 64', '31', 'none'],
        ]);
        expect(await axe(page)).toEqual([]);
      },
      {},
      learned,
    );
  });

  it('follows a run that works, and says where it stopped', async () => {
    const live = await writeSampleRun({ workspace, open: true });
    const { process: started } = runFiles(live.folder);
    writeFileSync(started, JSON.stringify(holderOf(process.pid)));
    const open = await openPage(browser, live, { bundle, liveEvery: 30 });
    try {
      const last = open.page.locator('table tbody tr').last();
      await expect.poll(() => last.innerText()).toMatch(/validating 10 of 20/);
      const event = { v: 1, seq: 99_999, time: new Date(0).toISOString(), type: 'example', prefix: 'p -> w -> p' };
      const body = { candidate: 5, purpose: 'validate', example: 10, round: 0, score: 1, cached: false, seconds: 1 };
      appendFileSync(runFiles(live.folder).events, `${JSON.stringify({ ...event, ...body })}\n`);
      await expect.poll(() => last.innerText()).toMatch(/validating 11 of 20/);
      writeFileSync(started, JSON.stringify({ ...holderOf(process.pid), pid: 0 }));
      await expect.poll(() => last.innerText(), { timeout: 10_000 }).toMatch(/the run stopped after 11 rows/);
      const card = open.page.locator('.card.stopped');
      expect(await card.innerText()).toMatch(/Prompt search, stopped here/);
      expect(await open.page.locator('body').innerText()).not.toMatch(/, running/);
      await open.page.screenshot({ path: join(pictures, 'stopped.png') });
      expect(open.offences).toEqual([]);
    } finally {
      await open.close();
    }
  });

  it('opens the trace of a row from the examples, copies it and jumps to the source', async () => {
    await opened(async ({ page, effects }) => {
      await goTo(page, 'Examples');
      await page.locator('vscode-text-field input').fill('row 7 ');
      await expect.poll(() => rows(page).count()).toBe(1);
      await rows(page).first().locator('.score').nth(1).click();
      await page.locator('.turn.completion').first().waitFor();
      expect(await page.locator('.trace h2').innerText()).toBe('Row 8, p');
      expect(await page.locator('.trace').innerText()).toContain('[[ ## answer ## ]]');
      await page.getByText('Copy as curl').first().click();
      await page.getByText('Copied as curl').waitFor();
      await page.getByText('Go to source').first().click();
      await expect.poll(() => effects.map(([name]) => name)).toEqual(['copy', 'openSource']);
      expect(String(effects[0]![1])).toContain('row 7 about');
    });
  });

  it('filters and sorts the examples', async () => {
    await opened(async ({ page }) => {
      await goTo(page, 'Examples');
      const all = await rows(page).count();
      await page.getByText(/^Fixed \d+/).click();
      await expect.poll(() => page.getByText(/^\d+ of 40 rows/).innerText()).not.toBe('40 of 40 rows');
      const scores = await rows(page).evaluateAll((list) =>
        list.map((one) => [...one.querySelectorAll('.score')].map((cell) => cell.textContent?.includes('right'))),
      );
      expect(scores.length).toBeGreaterThan(0);
      expect(scores.length).toBeLessThan(all);
      for (const score of scores) expect([score[0], score.at(-1)]).toEqual([false, true]);
      await page.getByText(/^All \d+/).click();
      await page.getByRole('columnheader', { name: 'Row' }).getByRole('button').click();
      await expect.poll(() => rows(page).first().locator('.number').innerText()).toBe('40');
    });
  });

  it('shows two states beside each other and hands the difference to the editor', async () => {
    await opened(async ({ page, effects }) => {
      await goTo(page, 'Program');
      const answer = page.getByRole('region', { name: 'Predictor answer' });
      expect(await answer.innerText()).toMatch(/baseline[^]*No demos[^]*p -> w -> p[^]*Demos \(3\)/);
      await page.locator('vscode-dropdown[aria-label=After]').click();
      await page.getByRole('option', { name: 'p', exact: true }).click();
      await expect.poll(() => answer.innerText()).toMatch(/Demos \(2\)/);
      await answer.getByText('Show prompt changes').click();
      await expect.poll(() => effects.length).toBe(1);
      const [left, right] = ['', 'p'].map((step) => ({ step, candidate: null }));
      expect(effects[0]).toEqual(['openDiff', left, right, 'answer']);
    });
  });

  it('shows the prompts of a candidate that lost beside any other state', async () => {
    await opened(async ({ page, effects }) => {
      await goTo(page, 'Run');
      await page.getByRole('button', { name: 'Prompts of candidate 4' }).click();
      const answer = page.getByRole('region', { name: 'Predictor answer' });
      // Beside what the step began with.
      await expect.poll(() => answer.innerText()).toMatch(/p -> w[^]*p -> w -> p, candidate 4[^]*Demos \(1\)/);
      await page.locator('vscode-dropdown[aria-label=Before]').click();
      const all = await page.locator('vscode-dropdown[aria-label=Before] vscode-option').allInnerTexts();
      expect(all.slice(0, 4).map((text) => text.trim())).toEqual([
        ...['baseline', 'p', 'p -> w', 'p -> w -> p (best on dev)'],
      ]);
      expect(all).toHaveLength(16);
      expect(all[13]).toMatch(/p -> w -> p, candidate 4: stopped early after 10 rows, 1 demo/);
      expect(all.filter((text) => text.includes('chosen'))).toHaveLength(2);
      await page.getByRole('option', { name: /^p, candidate 5:/ }).click();
      await expect.poll(() => answer.innerText()).toMatch(/p, candidate 5[^]*Demos \(2\)[^]*p -> w -> p, candidate 4/);
      await answer.getByText('Show prompt changes').click();
      await expect.poll(() => effects.length).toBe(1);
      expect(effects[0]).toMatchObject([
        'openDiff',
        { step: 'p', candidate: { place: 4 } },
        { step: 'p -> w -> p', candidate: { place: 3 } },
        'answer',
      ]);
    });
  });

  it('still opens a run whose candidates were not kept, and says so', async () => {
    const earlier = await writeSampleRun({ workspace, dev: 5, test: 5 });
    rmSync(runFiles(earlier.folder).states);
    const state = { tab: 'program', right: 'p#2' };
    const open = await openPage(browser, earlier, { bundle, state });
    try {
      await open.page.getByText('The state of the candidate that was asked for was not kept').waitFor();
      expect(await open.page.locator('.predictor').count()).toBe(2);
      expect(open.offences).toEqual([]);
    } finally {
      await open.close();
    }
  });

  it('shows the traces of a candidate, and how they are filtered, also after a filter was chosen by hand', async () => {
    await opened(async ({ page }) => {
      await goTo(page, 'Traces');
      const step = page.locator('vscode-dropdown[aria-label=Step]');
      await step.click();
      await page.getByRole('option', { name: 'baseline' }).click();
      await page.getByText('100 runs of the program').waitFor();
      await goTo(page, 'Run');
      await page.getByRole('button', { name: 'Traces of candidate 4' }).click();
      await page.getByText('10 runs of the program').waitFor();
      await expect
        .poll(() => step.evaluate((element) => (element as HTMLElement & { displayValue: string }).displayValue))
        .toBe('p -> w -> p');
      await page.getByText('Candidate 4 ✕').click();
      await page.getByText('110 runs of the program').waitFor();
    });
  });

  it('can be used with the keyboard alone', async () => {
    await opened(async ({ page }) => {
      await page.getByRole('tab', { name: 'Run' }).focus();
      for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
      await rows(page).first().waitFor();
      const grid = page.getByRole('grid');
      await grid.focus();
      await page.keyboard.press('End');
      await expect.poll(() => grid.getAttribute('aria-activedescendant')).toMatch(/-619$/);
      expect(await rows(page).last().getAttribute('aria-rowindex')).toBe('621');
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('.trace h2').innerText()).toBe('Row 2, baseline');
    });
  });

  it('is where it was after a reload', async () => {
    const state = { tab: 'traces', trace: 45, traceFilter: { purpose: 'test' }, sort: 'broken' };
    await opened(
      async ({ page }) => {
        await page.locator('.turn.completion').first().waitFor();
        expect(await page.locator('.trace h2').innerText()).toBe('Row 6, baseline');
        await page.getByText('240 runs of the program').waitFor();
      },
      { state },
    );
  });

  it('keeps everything that a model wrote text', async () => {
    const hostile = await writeSampleRun({ workspace, texts: hostileStrings, dev: 100, test: 1 });
    const open = await openPage(browser, hostile, { bundle });
    const { page } = open;
    try {
      for (const tab of tabs) {
        await goTo(page, tab);
        if (tab !== 'Traces') continue;
        for (let i = 0; i < 20; i++) {
          await rows(page).nth(i).click();
          await expect.poll(() => page.locator('.trace h2').innerText()).toBe(`Row ${i + 1}, baseline`);
          await page.locator('.turn.completion').first().waitFor();
        }
      }
      expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
      expect(
        await page.locator('#app :is(script, iframe, img, link, style, form, object, embed, base, a)').count(),
      ).toBe(0);
      expect(open.offences).toEqual([]);
    } finally {
      await open.close();
    }
  });
});
