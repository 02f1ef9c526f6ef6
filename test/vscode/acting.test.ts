/**
 * What a person does with runs in a real VS Code: looks at a price, cancels, compares, selects several, and mends an error.
 * One window, so the steps follow each other.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { two } from '../system/dspyPython.ts';
import { Workspace, studentAnswer } from '../system/workspace.ts';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import type { CodeServer } from './codeServer.ts';
import { stepsOf } from './steps.ts';
import { eventsOf, openWindow } from './window.ts';
import type { Workbench } from './workbench.ts';

const long = { timeout: 120_000 };

let endpoint: FakeEndpoint;
let browser: Browser;
let server: CodeServer;
let workspace: Workspace;
let window: Workbench;

beforeAll(async () => {
  endpoint = await startFakeEndpoint({ answer: studentAnswer, models: ['base'], latencyMs: 3 });
  browser = await launchBrowser();
  workspace = new Workspace({ baseURL: endpoint.baseURL, strategy: 'p' });
  server = await startCodeServer({ trusted: true });
  window = await openWindow(browser, server, workspace.folder);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await endpoint?.close();
  workspace?.dispose();
});

stepsOf(() => ({ window, server }));

const start = () => expect.poll(async () => (await window.choices())[0], long).toMatch(/Start.*about \d/s);

it('shows what the rows can tell and every step of the price, in a tab that closes without a question', async () => {
  await expect.poll(() => window.offers('Optimize Program'), { timeout: 60_000 }).toBe(true);
  await window.run('BetterTogether: Optimize Program');
  await start();
  expect((await window.choices()).join('\n')).toMatch(/\d+ dev rows.*a score is known to about ±\d+ points/s);
  await window.screenshot('price-rows');
  await window.pick('Every step');
  const tab = window.page.getByRole('tab', { name: /Price of two/ });
  await tab.waitFor();
  await start();
  await window.screenshot('price-steps');
  await window.page.keyboard.press('Escape');
  await tab.click();
  await window.run('View: Close Editor');
  await tab.waitFor({ state: 'hidden' });
  expect(await window.page.locator('.monaco-dialog-box').count()).toBe(0);
});

it('ends a run that was cancelled without a failure, and says in the terminal what goes on with it', async () => {
  await window.run('BetterTogether: Optimize Program');
  await start();
  endpoint.setLatency(3000);
  await window.pick('Start');
  await expect.poll(() => eventsOf(workspace.folder), long).toContain('"type":"run.started"');
  await window.closeNotifications();
  // That of the page itself.
  await window.act('Cancel').click();
  await window.notification(/stopped: it was cancelled/).waitFor(long);
  endpoint.setLatency(3);
  await window.screenshot('cancelled');
  expect(await window.page.locator('.part.panel').isVisible()).toBe(false);
  await window.closeNotifications();
  await window.run('BetterTogether: Follow Run in Terminal');
  await window.page.locator('.part.panel').waitFor();
  await window.page.waitForTimeout(3000);
  await window.screenshot('cancelled-terminal');
  expect(await window.page.getByText(/terminated with exit code/).count()).toBe(0);
});

it('goes on with it by the button of the page', async () => {
  await window.act('Resume').click();
  await expect.poll(() => eventsOf(workspace.folder), long).toContain('"type":"run.finished"');
  expect(readdirSync(join(workspace.folder, '.bettertogether', 'runs'))).toHaveLength(1);
  await window.webview().getByText('Finished').waitFor();
  await window.act('Resume').waitFor({ state: 'detached' });
  await window.closeNotifications();
});

it('says of a comparison how it ended, and nothing of its runs', async () => {
  await window.run('BetterTogether: Compare Strategies');
  await window.question('Rows of the table').waitFor();
  await expect.poll(async () => (await window.choices()).join('\n')).toContain('prompts only: no training');
  await window.screenshot('compare-strategies');
  await window.take('Rows of the table');
  await window.answer('Seeds', '0');
  await window.question('Compare strategies of two').waitFor(long);
  await start();
  await window.screenshot('compare-price');
  await window.pick('Start');
  const end = window.notification(/best is .* on (dev|test)/);
  await end.waitFor(long);
  await window.screenshot('compare-ended');
  await end.getByRole('button', { name: 'Open Comparison' }).waitFor();
  expect(await window.page.locator('.notifications-toasts .notification-list-item').count()).toBe(1);
  await window.closeNotifications();
});

it('deletes all runs that are selected, with one question', async () => {
  const runs = () => readdirSync(join(workspace.folder, '.bettertogether', 'runs'));
  const before = runs().length;
  await window.showView();
  // Not by a key: a click on the row opens its page, which takes the focus.
  await window
    .treeItem(/^two: \d strategies/)
    .locator('.monaco-tl-twistie')
    .click();
  const cells = window.treeItem(/^two: p( -> w)?,/);
  await cells.nth(1).waitFor();
  await cells.nth(0).click();
  await cells.nth(1).click({ modifiers: ['Control'] });
  await window.screenshot('runs-selected');
  await window.chooseFromMenu(cells.nth(1), 'Delete Run');
  await window.dialog('Delete 2 runs?').waitFor();
  await window.screenshot('delete-two');
  await window.inDialog('Delete 2 runs?', 'Delete 2 Runs');
  await expect.poll(() => runs().length).toBe(before - 2);
});

it('deletes a run by a key once it is agreed to', async () => {
  const runs = () => readdirSync(join(workspace.folder, '.bettertogether', 'runs'));
  const before = runs().length;
  // The one of no comparison.
  await window
    .treeItem(/^two: p,/)
    .last()
    .click();
  // The page that it opens takes the focus.
  await window.page.getByRole('tab', { name: 'two: p', exact: true, selected: true }).waitFor();
  await window.run('BetterTogether: Focus on Runs View');
  await window.page.keyboard.press('Delete');
  await window.dialog(/Delete two, /).waitFor();
  await window.screenshot('delete-by-key');
  expect(runs()).toHaveLength(before);
  await window.inDialog(/Delete two, /, 'Delete');
  await expect.poll(() => runs().length).toBe(before - 1);
});

it('looks at the interpreter before the first question, and offers what mends it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bt-python-'));
  writeFileSync(join(folder, 'program.py'), two);
  server.setting('bettertogether.python.interpreter', '/nowhere/python3');
  const other = await openWindow(browser, server, folder);
  try {
    await expect.poll(() => other.offers('Optimize Program'), { timeout: 60_000 }).toBe(true);
    await other.run('BetterTogether: Optimize Program');
    const error = other.notification(
      /\/nowhere\/python3 \(setting bettertogether\.python\.interpreter\) does not exist/,
    );
    await error.waitFor();
    await other.screenshot('no-interpreter');
    await error.getByRole('button', { name: 'Select Interpreter' }).waitFor();
  } finally {
    await other.page.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
