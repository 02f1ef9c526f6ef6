/**
 * `npm run pictures`: README's pictures, of what `npm start` and `bettertogether compare reviews` left in this checkout.
 * Nothing is run and nothing made up: what they show was measured.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { readComparison } from '../../src/run/compare/comparisonFolder.ts';
import { launchBrowser } from '../vscode/browser.ts';
import { startCodeServer } from '../vscode/codeServer.ts';
import type { CodeServer } from '../vscode/codeServer.ts';
import { openWindow } from '../vscode/window.ts';
import type { Workbench } from '../vscode/workbench.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pictures = join(root, 'media', 'readme');
const themes = { light: 'Light Modern', dark: 'Dark Modern' } as const;

let parent: string;
let folder: string;
let browser: Browser;
let server: CodeServer;
let window: Workbench;

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'bt-pictures-'));
  folder = join(parent, 'bettertogether');
  mkdirSync(folder);
  for (const part of ['bettertogether.json', 'package.json', 'tsconfig.json', 'examples', '.bettertogether']) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  // What the examples import.
  for (const part of ['src', 'node_modules']) symlinkSync(join(root, part), join(folder, part));
  await keepOnly(folder);
  browser = await launchBrowser();
  server = await startCodeServer({ trusted: true });
  window = await openWindow(browser, server, folder, 'examples/intents/program.ts');
  await window.page.setViewportSize({ width: 1375, height: 800 });
});

afterAll(async () => {
  await window?.page.close();
  await server?.close();
  await browser?.close();
  rmSync(parent, { recursive: true, force: true });
});

/** Of all runs the newest one of the intents, and those of the newest comparison of the reviews. */
async function keepOnly(workspace: string): Promise<void> {
  const runs = join(workspace, '.bettertogether', 'runs');
  const comparisons = join(workspace, '.bettertogether', 'comparisons');
  const newest = (place: string, program: string) =>
    readdirSync(place)
      .toSorted()
      .findLast((name) => name.includes(`-${program}-`));
  const [run, comparison] = [newest(runs, 'intents'), newest(comparisons, 'reviews')];
  if (run === undefined || comparison === undefined) {
    throw new Error('Run `npm start` and `node dist/cli.js compare reviews --strategies all --seeds 0,1,2` first.');
  }
  const { cells, lattices } = await readComparison(join(comparisons, comparison));
  const kept = new Set([run, comparison, ...[...cells, ...lattices].map((each) => each.run)]);
  for (const place of [runs, comparisons]) {
    for (const name of readdirSync(place)) if (!kept.has(name)) rmSync(join(place, name), { recursive: true });
  }
}

async function picture(name: string): Promise<void> {
  await window.page.mouse.move(5, 790);
  await window.page.waitForTimeout(800);
  await window.page.screenshot({ path: join(pictures, `${name}.png`) });
}

describe('the pictures', () => {
  it('show the scores above a program', async () => {
    await window.showView();
    await window
      .treeItem(/intents/)
      .first()
      .waitFor();
    await window.lens(/%/).first().waitFor();
    await window.page.locator('.statusbar').getByText('Initializing').waitFor({ state: 'hidden' });
    await picture('lenses-dark');
  });

  it('show a run and one of its traces', async () => {
    await window.run('BetterTogether: Open Run');
    await window.pick(/intents/);
    const view = window.webview();
    await view.getByText('Finished').waitFor();
    await window.run('View: Toggle Primary Side Bar Visibility');
    for (const [suffix, theme] of Object.entries(themes)) {
      await window.theme(theme);
      await view.getByRole('tab', { name: 'Run', exact: true }).click();
      await view.locator('.details').waitFor();
      await picture(`run-${suffix}`);
      await view.getByRole('tab', { name: 'Traces', exact: true }).click();
      await view.locator('.rows-body [role=row]').nth(3).click();
      await view.locator('.turn.completion').first().waitFor();
      await picture(`trace-${suffix}`);
    }
  });

  it('show strategies and seeds side by side', async () => {
    await window.run('BetterTogether: Open Comparison');
    await window.webview().locator('.strategies tbody tr').nth(7).waitFor();
    await picture('compare-dark');
  });
});
