/** Runs that came with a folder: told apart in the view, and taken over only by who says so. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeSampleRun } from '../fakes/sampleRun.ts';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import { openWindow } from './window.ts';

it('are marked as not yours until they are taken over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bt-foreign-'));
  // Made by this process, whose user's secret is another one than the window's.
  await writeSampleRun({ workspace: folder, memo: false, dev: 8, test: 8 });
  const browser = await launchBrowser();
  const server = await startCodeServer({ trusted: true });
  try {
    const window = await openWindow(browser, server, folder);
    await window.showView();
    await window.treeItem(/not yours/).waitFor();
    await window.screenshot('foreign-run');
    await window.theme('Light Modern');
    await window.screenshot('foreign-run-light');
    await window.run('BetterTogether: Take Over Runs');
    const question = 'Take over what was not made by you';
    await window.dialog(question).waitFor();
    await window.screenshot('foreign-run-question-light');
    expect(await window.dialog(question).innerText()).toContain('rivers');
    await window.inDialog(question, 'Take Over');
    await window.treeItem(/not yours/).waitFor({ state: 'hidden' });
    await window.treeItem(/rivers/).waitFor();
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
