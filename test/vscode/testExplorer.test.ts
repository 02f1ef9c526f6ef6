/**
 * The Test Explorer in a real VS Code: rows of a program, the ones that fail with label, prediction and trace, the held-out
 * rows apart, and a continuous run that meets its cap. One window, so the steps follow each other.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { Workspace, studentAnswer } from '../system/workspace.ts';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import type { CodeServer } from './codeServer.ts';
import { stepsOf } from './steps.ts';
import { openWindow } from './window.ts';
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
  window = await openWindow(browser, server, workspace.folder, 'program.ts');
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await endpoint?.close();
  workspace?.dispose();
});

stepsOf(() => ({ window, server }));

const row = (name: RegExp) => window.page.locator('.test-explorer').getByRole('treeitem', { name });

it('lists the configured program with its rows, and those that are held out apart from them', async () => {
  await window.run('Testing: Focus on Test Explorer View');
  await row(/two/).first().waitFor(long);
  await window.page.waitForTimeout(2000);
  await window.screenshot('tests-first');
  await row(/two/).first().click();
  await window.page.keyboard.press('ArrowRight');
  await row(/2: dev 1/).waitFor(long);
  await window.screenshot('tests-rows');
  expect(endpoint.calls).toHaveLength(0);
});

it('runs all on the dev rows alone, and shows label, prediction and trace of a row that failed', async () => {
  await window.run('Test: Run All Tests');
  await row(/2: dev 1.*Failed/).waitFor(long);
  await row(/1: dev 0.*Passed/).waitFor(long);
  await window.screenshot('tests-ran');
  const asked = endpoint.calls.map(({ messages }) => JSON.stringify(messages)).join('\n');
  expect(asked).toContain('dev 14');
  expect(asked).not.toContain('test 1');
});
