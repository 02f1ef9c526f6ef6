/** A DSPy program in the editor: found, run with the interpreter that a setting names, its scores above it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython, two } from '../system/dspyPython.ts';
import { Workspace, studentAnswer } from '../system/workspace.ts';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import type { CodeServer } from './codeServer.ts';
import { eventsOf, logOf, openWindow } from './window.ts';
import type { Workbench } from './workbench.ts';

let endpoint: FakeEndpoint;
let browser: Browser;
let server: CodeServer;
let workspace: Workspace;
let window: Workbench;

beforeAll(async () => {
  endpoint = await startFakeEndpoint({ answer: studentAnswer, models: ['base'], latencyMs: 3 });
  browser = await launchBrowser();
  const settings = { program: 'program.py#Two', metric: 'program.py#metric' };
  workspace = new Workspace({ baseURL: endpoint.baseURL, settings, strategy: 'p' });
  workspace.write('program.py', two);
  const interpreter = { 'bettertogether.python.interpreter': dspyPython() };
  workspace.write('.vscode/settings.json', JSON.stringify(interpreter));
  // Without the setting there would be no interpreter at all.
  server = await startCodeServer({ trusted: true, env: { BETTERTOGETHER_PYTHON: '/nowhere/python3' } });
  window = await openWindow(browser, server, workspace.folder, 'program.py');
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

it('is found by its source, optimized from its lens, and shows what it reached', async () => {
  await window.lens('Not scored').waitFor();
  await window.clickLens('Optimize', window.page.getByText(/Estimating what|Optimize two/).first());
  await expect.poll(async () => (await window.choices())[0], { timeout: 120_000 }).toMatch(/Start.*about \d/s);
  await window.pick('Start');
  await expect.poll(() => eventsOf(workspace.folder), { timeout: 180_000 }).toContain('"type":"run.finished"');
  const view = window.webview();
  await view.getByRole('tab', { name: 'Program', exact: true }).click();
  const answer = view.getByRole('region', { name: 'Predictor answer' });
  await answer.getByText('Go to source').click();
  const line =
    readFileSync(join(workspace.folder, 'program.py'), 'utf8')
      .split('\n')
      .findIndex((each) => each.includes('self.answer = ')) + 1;
  await window.page.locator('.statusbar').getByText(`Ln ${line}, Col 1`).waitFor();
  await expect
    .poll(async () => (await window.lenses()).join('\n'), { timeout: 60_000 })
    .toMatch(/\d+\.\d % \(\+\d+\.\d\) p\b/);
  await window.screenshot('python');
});
