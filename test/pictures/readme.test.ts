/**
 * `npm run pictures`: README's pictures, of what `npm start` left in this checkout. Nothing is run and nothing made up: what they
 * show was measured.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
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
  keepOnly(folder);
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

/** Of all runs the newest one of the intents. */
function keepOnly(workspace: string): void {
  const runs = join(workspace, '.bettertogether', 'runs');
  const names = readdirSync(runs).toSorted();
  const kept = names.findLast((name) => name.includes('-intents-'));
  if (kept === undefined) throw new Error('Run `npm start` first.');
  for (const name of names) if (name !== kept) rmSync(join(runs, name), { recursive: true });
}

async function picture(name: string): Promise<void> {
  await window.page.mouse.move(5, 790);
  await window.page.waitForTimeout(800);
  // Half the size of Playwright's PNG.
  const cdp = await window.page.context().newCDPSession(window.page);
  const { data } = await cdp.send('Page.captureScreenshot', { format: 'webp', quality: 85 });
  writeFileSync(join(pictures, `${name}.webp`), data, 'base64');
  await cdp.detach();
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
});
