/** A DSPy program in a Jupyter notebook, in the editor: found, with its lenses in its cell, opened where it stands. */
import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { dspyPython, two } from '../system/dspyPython.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
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

/** The program of the tests of files, a definition a cell, with what people have around it. */
function notebook(): string {
  const [imports, ...definitions] = two.split(/\n(?=class |def )/);
  const cell = (source: string) => ({ cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source });
  const cells = [
    { cell_type: 'markdown', metadata: {}, source: '# Two hops' },
    cell(`%load_ext autoreload\n${imports!}`),
    ...definitions.map(cell),
    ...Array.from({ length: 12 }, (_, i) => cell(`x${i} = ${i}\n`.repeat(4))),
  ];
  return JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 }, null, 1);
}

beforeAll(async () => {
  endpoint = await startFakeEndpoint({ answer: studentAnswer, models: ['base'], latencyMs: 3 });
  browser = await launchBrowser();
  const settings = { program: 'two.ipynb#Two', metric: 'two.ipynb#metric' };
  workspace = new Workspace({ baseURL: endpoint.baseURL, settings, strategy: 'p' });
  workspace.write('two.ipynb', notebook());
  workspace.write('.vscode/settings.json', JSON.stringify({ 'bettertogether.python.interpreter': dspyPython() }));
  server = await startCodeServer({ trusted: true });
  window = await openWindow(browser, server, workspace.folder);
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

it('has its lenses in its cell, without a kernel, when it is opened from the view of programs', async () => {
  await window.showView();
  await window.treeItem(/^two/).click();
  await window.lens('Not scored').waitFor();
  await expect
    .poll(() => window.lenses(), { timeout: 30_000 })
    .toEqual([expect.stringMatching(/Not scored.*Optimize.*Evaluate/s)]);
  const cell = window.page.locator('.notebookOverlay .cell-editor-container', { has: window.lens('Not scored') });
  await expect.poll(() => cell.innerText()).toMatch(/class\sTwo/);
  await window.screenshot('notebook-dark');
});

it('has its predictors at their lines of the cell', async () => {
  const program = window.treeItem(/^two/);
  await program.waitFor();
  await program.locator('.monaco-tl-twistie').click();
  const predictor = window.treeItem(/^answer/);
  await predictor.first().click();
  await window.page.locator('.statusbar').getByText('Cell 3 of 16').waitFor();
  const made = window.page.locator('.notebookOverlay .view-line').filter({ hasText: /self\.answer\s=/ });
  const height = async (of: Locator) => (await of.first().boundingBox())?.y;
  const cursor = window.page.locator('.notebookOverlay .monaco-list-row.focused .current-line');
  await expect.poll(async () => Math.abs((await height(cursor))! - (await height(made))!)).toBeLessThan(6);
  await window.screenshot('notebook-predictor');
});

it('is optimized from its lens', async () => {
  await window.page
    .locator('.notebookOverlay .view-line')
    .filter({ hasText: /class\sTwo/ })
    .click();
  // VS Code comes for the lenses of a cell anew when it has the focus (`clickLens`).
  await window.page.waitForTimeout(1500);
  await window.page.locator('.codelens-decoration a', { hasText: 'Optimize' }).click();
  await window.page
    .getByText(/Estimating what|Optimize two/)
    .first()
    .waitFor();
  await expect.poll(async () => (await window.choices())[0], { timeout: 120_000 }).toMatch(/Start.*about \d/s);
  expect((await window.choices()).join('\n')).toContain('Show the gathered module');
  await window.pick('Start');
  await expect.poll(() => eventsOf(workspace.folder), { timeout: 120_000 }).toContain('"type":"run.finished"');
  await window.screenshot('notebook-result');
});

it('reads well in a light theme', async () => {
  await window.theme('Light Modern');
  await window.screenshot('notebook-light');
});
