/** The editor and the page where VS Code is in German. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { Workspace, studentAnswer } from '../system/workspace.ts';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import type { CodeServer } from './codeServer.ts';
import { logOf, openWindow } from './window.ts';
import type { Workbench } from './workbench.ts';

let endpoint: FakeEndpoint;
let browser: Browser;
let server: CodeServer;
let workspace: Workspace;
let window: Workbench;

beforeAll(async () => {
  endpoint = await startFakeEndpoint({ answer: studentAnswer, models: ['base'] });
  browser = await launchBrowser();
  workspace = new Workspace({ baseURL: endpoint.baseURL, strategy: 'p' });
  server = await startCodeServer({ trusted: true, language: 'de' });
  window = await openWindow(browser, server, workspace.folder, 'program.ts');
});

afterAll(async () => {
  await window?.page.close();
  await server?.close();
  await browser?.close();
  await endpoint?.close();
  workspace?.dispose();
});

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await window.screenshot(`failed ${task.name.slice(0, 60)}`);
  console.error(logOf(server));
});

it('has its lenses, its commands and its views in German', async () => {
  await window.lens('Nicht bewertet').waitFor();
  await expect
    .poll(() => window.lenses(), { timeout: 30_000 })
    .toEqual([expect.stringMatching(/Nicht bewertet.*Optimieren.*Auswerten/s)]);
  expect(await window.offers('Programm optimieren')).toBe(true);
  await window.showView();
  await window.page.getByText('Noch kein Lauf.').waitFor();
});

it('asks in German, and does what is chosen', async () => {
  await window.run('BetterTogether: Programm optimieren');
  await window.page.getByText('Daten und Schlüssel').waitFor();
  await window.screenshot('german-price');
  await window.pick(/Starten/);
  await window.webview().getByText('p ist wirklich besser als die Baseline').first().waitFor();
  await window.webview().getByText('Fertig', { exact: true }).first().waitFor();
  await window.screenshot('german-run');
});
