/** The pages in German, which takes more room than English: nothing is wider than the page or cut off in a button. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as l10n from '@vscode/l10n';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tabs, unfold, unfoldTab } from './everything.ts';
import type { Target } from './page.ts';
import type { ThemeName } from './themes.ts';

const file = new URL('../../l10n/bundle.l10n.de.json', import.meta.url);
const strings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
l10n.config({ contents: strings });
const { buildPage, openPage, startBrowser } = await import('./page.ts');
const { writeSampleRun } = await import('../fakes/sampleRun.ts');
const { comparedSeeds, comparedStrategies, writeSampleComparison } = await import('../fakes/sampleComparison.ts');
const { listedRuns, tableRun } = await import('../fakes/sampleRuns.ts');

const pictures = fileURLToPath(new URL('../../test-results/webview', import.meta.url));
/** Widths of a panel beside an editor and of one alone, each in one of two themes. */
const looks: readonly (readonly [width: number, theme: ThemeName])[] = [
  [480, 'dark'],
  [1000, 'light'],
];

let workspace: string;
let browser: Browser;
let bundle: Awaited<ReturnType<typeof buildPage>>;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  workspace = mkdtempSync(join(tmpdir(), 'bt-german-'));
  [browser, bundle] = await Promise.all([startBrowser(), buildPage()]);
});
afterAll(async () => {
  await browser.close();
  rmSync(workspace, { recursive: true, force: true });
});

async function opened(target: Target, [width, theme]: (typeof looks)[number]) {
  const language = { name: 'de', strings };
  const open = await openPage(browser, target, { bundle, theme, size: { width, height: 900 }, language });
  let pictured = 0;
  const look = async (name: string): Promise<void> => {
    const { page } = open;
    const cut = await page
      .locator('vscode-button')
      .evaluateAll((all) =>
        all.flatMap((button) => (button.scrollWidth > button.clientWidth + 1 ? [button.textContent] : [])),
      );
    expect(cut).toEqual([]);
    await page.screenshot({ path: join(pictures, `german-${name}-${width}-${++pictured}.png`), fullPage: true });
  };
  return { ...open, look };
}

describe.each(looks)('in German, %i px wide, %s', (...size) => {
  it('the page of a run has room for all it says', async () => {
    const run = await writeSampleRun({ workspace });
    const { page, look, offences, close } = await opened(run, size);
    expect(await page.getByRole('tab').allInnerTexts()).toEqual(['Lauf', 'Programm', 'Beispiele', 'Traces']);
    expect(await page.locator('.verdict').innerText()).toContain(
      'ist wirklich besser als die Baseline auf 60 test-Zeilen',
    );
    for (const tab of tabs) {
      await unfoldTab(page, tab, () => look(tab));
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size[0]);
    }
    expect(offences).toEqual([]);
    await close();
  });

  it('so have a comparison and the table of all runs', async () => {
    const runs = [];
    for (const strategy of comparedStrategies) {
      runs.push(
        await Promise.all(comparedSeeds.map((seed) => writeSampleRun({ workspace, strategy, seed, memo: false }))),
      );
    }
    const record = await writeSampleComparison(workspace, runs);
    const items = (['finished', 'stopped', 'crashed', 'running'] as const).map((status, i) =>
      tableRun(`run-${i}`, { status, seed: i, minutes: i, madeHere: i !== 1 }),
    );
    for (const [name, target] of [
      ['comparison', record],
      ['runs', listedRuns(items)],
    ] as const) {
      const { page, look, offences, close } = await opened(target, size);
      await unfold(page);
      await look(name);
      expect(offences).toEqual([]);
      await close();
    }
  });
});
