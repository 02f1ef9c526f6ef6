/**
 * A run of 100,000 calls, generated: it opens, scrolls and shows any trace. Prints how long each takes; under
 * BETTERTOGETHER_HOLD_TIMES (`npm run bench -- view`) what is promised fails when it takes longer.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openMemo } from '../../src/lm/memo.ts';
import { cacheFolder } from '../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../src/run/record/runFolder.ts';
import { writeSampleRun } from '../fakes/sampleRun.ts';
import { buildPage, openPage, startBrowser } from './page.ts';

const programRuns = 50_000;
/** Of a program run in the sample. */
const calls = 2;

/** Milliseconds, by what takes them. */
const promised = { 'first picture of the run': 500, 'a search in all traces': 1000 };

let workspace: string;
let browser: Browser;
let run: RunLocation;
let bundle: Awaited<ReturnType<typeof buildPage>>;

beforeAll(async () => {
  workspace = mkdtempSync(join(tmpdir(), 'bt-large-'));
  // Four scorings of dev and test, and two searches of one candidate.
  const split = Math.floor(programRuns / 8);
  run = await writeSampleRun({ workspace, dev: split, test: split, candidates: 1, validation: 20 });
  [browser, bundle] = await Promise.all([startBrowser(), buildPage()]);
}, 240_000);
afterAll(async () => {
  await browser.close();
  rmSync(workspace, { recursive: true, force: true });
});

it('opens, lists, scrolls, searches and opens traces, and draws only what is in sight', async () => {
  const times: [string, number][] = [];
  const timed = async (what: string, work: () => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await work();
    const took = performance.now() - began;
    times.push([what, took]);
    return took;
  };
  const { page, firstPaint, offences, close } = await openPage(browser, run, { bundle });
  times.push(['first picture of the run', firstPaint]);
  const reading = page.getByText('reading the log…');
  await timed('the whole log read, after that', () => reading.waitFor({ state: 'detached' }));
  const rows = page.locator('.rows-body [role=row]');
  const total = programRuns + 40;
  await timed('the traces listed', async () => {
    await page.getByRole('tab', { name: 'Traces' }).click();
    await page.getByText(`${total.toLocaleString('en-US')} runs of the program`).waitFor();
    await rows.first().locator('.number').waitFor();
  });
  await timed('scrolled to the end', async () => {
    await page.getByRole('grid').press('End');
    await page.locator(`[aria-rowindex="${total + 1}"] .number`).waitFor();
  });
  // Everything but what is in sight is only a number.
  expect(await rows.count()).toBeLessThan(80);
  await timed('the first trace opened', async () => {
    await rows.last().click();
    await page.locator('.trace h2').waitFor();
  });
  await timed('its messages, after that: the first look into the memo', () =>
    page.locator('.turn.completion').first().waitFor(),
  );
  await timed('another trace with its messages', async () => {
    const before = await page.locator('.trace h2').innerText();
    await page.getByRole('grid').press('Home');
    await page.locator('[aria-rowindex="2"]').click();
    await expect.poll(() => page.locator('.trace h2').innerText(), { interval: 10 }).not.toBe(before);
    await page.locator('.turn.completion').first().waitFor();
  });
  await timed('a search in all traces', async () => {
    await page.getByRole('textbox', { name: 'Search inputs and outputs' }).fill('river is row 77 about');
    // Dev and test in four states.
    await page.getByText('8 runs of the program', { exact: true }).waitFor();
  });
  await page.getByRole('textbox', { name: 'Search inputs and outputs' }).fill('');
  await page.getByText(`${total.toLocaleString('en-US')} runs of the program`, { exact: true }).waitFor();
  await timed('the examples', async () => {
    await page.getByRole('tab', { name: 'Examples' }).click();
    await page.locator('.score').first().waitFor();
  });
  await timed('what each state gave, after that', () => page.locator('.given').first().waitFor());
  await timed('labels against predictions', async () => {
    await page.getByText('Confusion of labels: answer').click();
    await page.locator('.matrix button').first().waitFor();
  });
  // What looking at the first trace took when it waited for this.
  let entries = 0;
  await timed('beside it: opening the whole memo, as a run does', async () => {
    const memo = await openMemo(cacheFolder(workspace));
    entries = memo.entries;
    await memo.close();
  });
  console.log(
    [
      `a run of ${(total * calls).toLocaleString('en-US')} calls, ${entries.toLocaleString('en-US')} entries in the memo`,
      ...times.map(([what, ms]) => `  ${what}: ${ms.toFixed(0)} ms`),
    ].join('\n'),
  );
  await close();
  expect(offences).toEqual([]);
  expect(entries).toBeGreaterThan(total * calls);
  if (process.env['BETTERTOGETHER_HOLD_TIMES'] === undefined) return;
  const took = new Map(times);
  for (const [what, most] of Object.entries(promised)) expect(took.get(what), what).toBeLessThanOrEqual(most);
}, 120_000);
