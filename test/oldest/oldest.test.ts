/** The packaged extension in the oldest VS Code that `engines.vscode` names: what it contributes is known there, and a run reaches its end. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { Workspace, studentAnswer } from '../system/workspace.ts';
import { launchBrowser } from '../vscode/browser.ts';
import { startCodeServer } from '../vscode/codeServer.ts';
import type { CodeServer } from '../vscode/codeServer.ts';
import { askInvoker, invoker } from '../vscode/invoker.ts';
import { stepsOf } from '../vscode/steps.ts';
import { eventsOf, logOf, openWindow } from '../vscode/window.ts';
import type { Workbench } from '../vscode/workbench.ts';

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
  server = await startCodeServer({ version: 'oldest', trusted: true, extensions: [invoker] });
  window = await openWindow(browser, server, workspace.folder, 'program.ts');
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await endpoint?.close();
  workspace?.dispose();
});

stepsOf(() => ({ window, server }));

it('is the VS Code that engines.vscode names', () => {
  expect(packageJson.engines.vscode).toBe(`^${server.version}`);
});

it('starts: lenses stand above the program, and its tools are offered to agents', async () => {
  await window.lens('Not scored').waitFor(long);
  const { tools = [] } = await askInvoker(workspace.folder, {});
  const known = packageJson.contributes.languageModelTools.map(({ name }) => name);
  expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(known));
});

it('has the rows of the program in the Test Explorer', async () => {
  await window.run('Testing: Focus on Test Explorer View');
  const rows = window.page.locator('.test-explorer .monaco-list-row');
  await rows.filter({ hasText: /^two/ }).first().waitFor(long);
});

it('optimizes, and shows the run as it goes and its score above the program', async () => {
  await window.clickLens('Optimize', window.page.getByText(/Estimating what|Optimize two/).first());
  await expect.poll(async () => (await window.choices())[0], long).toMatch(/Start.*about \d/s);
  await window.pick('Start');
  await window.page.getByRole('tab', { name: /two/ }).waitFor();
  await window.webview().locator('.badge', { hasText: 'Finished' }).waitFor(long);
  await window.screenshot('oldest-run');
  await window.page.getByRole('tab', { name: 'program.ts' }).click();
  await expect.poll(async () => (await window.lenses()).join('\n'), long).toContain('66.7 % (+33.3) p');
  expect(eventsOf(workspace.folder)).toContain('"type":"run.finished"');
  expect(logOf(server)).not.toContain('[error]');
});
