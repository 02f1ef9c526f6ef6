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

const tree = () => window.page.locator('.test-explorer');
/** An item by its whole label, which its description follows. */
const item = (label: string) =>
  tree()
    .locator('.monaco-list-row')
    .filter({ hasText: new RegExp(`^${label}`) })
    .first();
const state = (label: string) => item(label).getAttribute('aria-label');

it('lists the configured program with its rows, and those that are held out behind them', async () => {
  await window.run('Testing: Focus on Test Explorer View');
  await item('two').waitFor(long);
  await item('two').click();
  await window.page.keyboard.press('ArrowRight');
  await item('2: dev 1').waitFor(long);
  await item('Test rows').waitFor();
  await window.screenshot('tests-rows');
  expect(endpoint.calls).toHaveLength(0);
});

it('runs all on the dev rows alone, and shows label and prediction of a row that failed', async () => {
  await window.run('Test: Run All Tests');
  await expect.poll(() => state('2: dev 1'), long).toContain('Failed');
  await expect.poll(() => state('1: dev 0'), long).toContain('Passed');
  await expect.poll(() => item('two').innerText(), long).toContain('33.3 %');
  await window.screenshot('tests-ran');
  await expect.poll(async () => (await window.lenses()).join(), long).toContain('33.3 % baseline');
  const asked = endpoint.calls.map(({ messages }) => JSON.stringify(messages)).join('\n');
  expect(asked).toContain('dev 14');
  expect(asked).not.toContain('test 1');
  const results = window.page.locator('.test-output-peek-tree, .test-output-peek');
  await results.getByText('answer: expected a dev 1, predicted no idea').first().waitFor(long);
});

it('opens the trace of a row from its menu', async () => {
  await window.chooseFromMenu(item('2: dev 1'), 'Open Trace');
  await window.page.getByRole('tab', { name: /Trace of two, dev row 2/ }).waitFor();
  const shown = window.page.locator('.editor-instance .view-lines').last();
  await expect
    .poll(async () => (await shown.innerText()).replaceAll('\u00A0', ' '), long)
    .toContain('Row 2 of dev: score 0');
  await window.screenshot('tests-trace');
});

it('pauses a continuous run at its cap, and goes on with another one', async () => {
  const before = endpoint.calls.length;
  await window.run('Test: Start Continuous Run');
  await window.question('Continuous run of two').waitFor(long);
  await window.screenshot('continuous-cap');
  await window.answer('Continuous run of two', '7 calls');
  await window.page.waitForTimeout(4000);
  // All of it is remembered: nothing was paid, and the cap is not met.
  expect(endpoint.calls.length).toBe(before);
  const file = join(workspace.folder, 'program.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace('question, hint -> answer', 'question, hint -> answer, why'));
  const paused = window.notification(/continuous run of two is paused: .* of 7 calls spent/);
  await paused.waitFor(long);
  await window.screenshot('continuous-paused');
  expect(endpoint.calls.length - before).toBeLessThanOrEqual(7);
  await paused.getByRole('button', { name: 'Go On…' }).click();
  await window.answer('Continuous run of two', '100 calls');
  await expect.poll(() => endpoint.calls.length - before, long).toBeGreaterThan(20);
  await window.theme('Light Modern');
  await window.screenshot('tests-light');
});
