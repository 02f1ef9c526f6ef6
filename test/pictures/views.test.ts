/**
 * `npm run pictures -- views`: every tab of the pages in four themes and several sizes, under `test-results/pictures`. What
 * looks otherwise than the last time is listed: look at it, and delete the folder `before` to start anew.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunLocation } from '../../src/run/record/runFolder.ts';
import { writeSampleRun } from '../fakes/sampleRun.ts';
import { buildPage, openPage, startBrowser } from '../webview/page.ts';
import type { Target } from '../webview/page.ts';
import { themes } from '../webview/themes.ts';
import type { ThemeName } from '../webview/themes.ts';

const results = fileURLToPath(new URL('../../test-results/pictures', import.meta.url));
const now = join(results, 'now');
const before = join(results, 'before');

/** Widths of panels in CSS pixels; 200 per cent is a small panel to the page. */
const sizes = [
  { width: 480, height: 800 },
  { width: 700, height: 800 },
  { width: 1000, height: 800 },
  { width: 1600, height: 1000 },
  { width: 800, height: 450 },
] as const;
const tabs = ['Run', 'Program', 'Examples', 'Traces'] as const;

let workspace: string;
let browser: Browser;
let bundle: Awaited<ReturnType<typeof buildPage>>;
let runs: readonly RunLocation[];
const changed: string[] = [];

beforeAll(async () => {
  rmSync(before, { recursive: true, force: true });
  if (existsSync(now)) renameSync(now, before);
  mkdirSync(now, { recursive: true });
  workspace = mkdtempSync(join(tmpdir(), 'bt-views-'));
  [browser, bundle] = await Promise.all([startBrowser(), buildPage()]);
  runs = [await writeSampleRun({ workspace }), await writeSampleRun({ workspace, seed: 1 })];
});

afterAll(async () => {
  await browser?.close();
  rmSync(workspace, { recursive: true, force: true });
  console.log(
    existsSync(before)
      ? `${changed.length} pictures are others than before:\n${changed.join('\n')}`
      : `There were no pictures before. They are in ${now}.`,
  );
});

type Size = (typeof sizes)[number];

/** One page in one theme and size: a picture of each of its tabs. */
async function picture(name: string, target: Target, theme: ThemeName, size: Size): Promise<void> {
  const { page, offences, close } = await openPage(browser, target, { bundle, theme, size });
  try {
    for (const tab of name === 'run' ? tabs : [null]) {
      if (tab !== null) await page.getByRole('tab', { name: tab, exact: true }).click();
      await page.waitForLoadState('networkidle');
      await page.waitForTimeout(400);
      const file = `${[name, ...(tab === null ? [] : [tab.toLowerCase()])].join('-')}-${theme}-${size.width}x${size.height}.png`;
      keep(file, await page.screenshot());
    }
    expect(offences).toEqual([]);
  } finally {
    await close();
  }
}

function keep(file: string, png: Buffer): void {
  writeFileSync(join(now, file), png);
  const last = join(before, file);
  if (existsSync(last) && !readFileSync(last).equals(png)) changed.push(file);
}

describe.each(Object.keys(themes) as ThemeName[])('in the theme %s', (theme) => {
  it.each(sizes)('at $width x $height', async (size) => {
    await picture('run', runs[0]!, theme, size);
    const compared = { root: workspace, runs: runs.map(({ id }) => id), id: null };
    await picture('compare', compared, theme, size);
  });
});
