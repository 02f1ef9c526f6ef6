/** The extension's own page in the Extensions view, as somebody sees it who has nothing but the VSIX. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import { openWindow } from './window.ts';

it('begins with what the extension does, and has no broken picture and no dead link', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bt-page-'));
  const browser = await launchBrowser();
  const server = await startCodeServer({ trusted: true });
  try {
    const window = await openWindow(browser, server, folder);
    await window.run('Extensions: Show Installed Extensions');
    await window.page.locator('.extension-list-item', { hasText: 'BetterTogether' }).first().click();
    const page = window.webview();
    await page.getByText('asks for rows, metric, endpoint').waitFor();
    await window.screenshot('extension-page');
    // VS Code shows this page no picture that does not come by https, and follows no other link.
    const sources = await page.locator('img').evaluateAll((all) => all.map((each) => each.getAttribute('src')));
    const links = await page.locator('a[href]').evaluateAll((all) => all.map((each) => each.getAttribute('href')));
    for (const address of [...sources, ...links]) expect(address).toMatch(/^(https:|#)/);
    expect(await page.locator('body').innerText()).not.toMatch(/npm (start|test|run)/);
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
