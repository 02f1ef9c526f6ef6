/** A person's way through the editor, in a real VS Code: find, optimize, watch, reload, see the result. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { writeSampleRun } from '../fakes/sampleRun.ts';
import { Workspace, studentAnswer } from '../system/workspace.ts';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import type { CodeServer } from './codeServer.ts';
import { logOf, openWindow } from './window.ts';
import type { Workbench } from './workbench.ts';

let endpoint: FakeEndpoint;
let browser: Browser;

beforeAll(async () => {
  endpoint = await startFakeEndpoint({ answer: studentAnswer, models: ['base'], latencyMs: 15 });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await endpoint?.close();
});

describe('a trusted folder', () => {
  let server: CodeServer;
  let workspace: Workspace;
  let window: Workbench;

  beforeAll(async () => {
    workspace = new Workspace({ baseURL: endpoint.baseURL });
    server = await startCodeServer({ trusted: true });
    window = await openWindow(browser, server, workspace.folder, 'program.ts');
  });

  afterAll(async () => {
    await window?.page.close();
    await server?.close();
    workspace?.dispose();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    await window.screenshot(`failed ${task.name}`);
    console.error(logOf(server));
  });

  it('shows lenses above the program and the program in its view', async () => {
    await window.lens('Not scored').waitFor();
    await expect
      .poll(() => window.lenses(), { timeout: 30_000 })
      .toEqual([expect.stringMatching(/Not scored.*Optimize.*Evaluate/s)]);
    await window.showView();
    await window.treeItem(/^two/).waitFor();
    await window.screenshot('programs-dark');
  });

  it('says what a run takes, starts it, and finds it again after a reload in the middle', async () => {
    await window.clickLens('Optimize', window.page.getByText(/Estimating what|Optimize two/).first());
    await expect.poll(async () => (await window.choices())[0], { timeout: 20_000 }).toMatch(/Start.*about \d/s);
    await window.page.waitForTimeout(500);
    await window.screenshot('optimize-price');
    // Slow enough to be at work still when the window has been loaded again.
    endpoint.setLatency(2000);
    await window.pick('Start');
    // Something is to be seen as soon as the panel is there, whatever has to be read first.
    const tab = window.page.getByRole('tab', { name: /two/ });
    await tab.waitFor();
    const began = performance.now();
    await window.webview().locator('#app').getByText(/\S/).first().waitFor();
    console.log(`first paint of the run view after ${Math.round(performance.now() - began)} ms`);
    await window.webview().locator('.badge', { hasText: 'Running' }).waitFor();
    console.log(`the run in it after ${Math.round(performance.now() - began)} ms`);
    await window.page.locator('.statusbar').getByText(/two,/).waitFor();
    await window.screenshot('running');
    await window.page.reload();
    await window.page.locator('.statusbar').getByText(/two,/).waitFor();
    endpoint.setLatency(5);
    await window
      .lens(/p -> w -> p|p -> w|\+/)
      .first()
      .waitFor({ timeout: 120_000 });
    const runs = readdirSync(join(workspace.folder, '.bettertogether', 'runs'));
    expect(runs).toHaveLength(1);
    const events = readFileSync(join(workspace.folder, '.bettertogether', 'runs', runs[0]!, 'events.jsonl'), 'utf8');
    expect(events.match(/"type":"run.started"/g)).toHaveLength(1);
    await expect.poll(() => existsEvent(workspace, runs[0]!, 'run.finished'), { timeout: 120_000 }).toBe(true);
  });

  it('shows the result: score and strategy above the program, the run in its view', async () => {
    await expect.poll(async () => (await window.lenses()).join('\n'), { timeout: 30_000 }).toMatch(/100\.0 % \(\+\d/);
    await expect.poll(async () => (await window.lenses()).join('\n'), { timeout: 30_000 }).toContain('Open run');
    await window.showView();
    await window
      .treeItem(/p -> w -> p.*100\.0 %/)
      .first()
      .waitFor();
    await window.screenshot('result-dark');
    expect(await window.offers('Show Prompt Changes')).toBe(true);
    expect(await window.offers('Cancel Run')).toBe(false);
  });

  it('shows what changed in the prompts', async () => {
    await window.run('BetterTogether: Show Prompt Changes');
    await window.pick('best on dev');
    await window.page.locator('.monaco-diff-editor').first().waitFor();
    await window.screenshot('prompt-changes');
  });

  it('shows what a candidate was that did not win', async () => {
    await window.run('BetterTogether: Show Prompt Changes');
    const lost = (row: string) => /^p, candidate \d(?!.*(chosen|no demos))/s.test(row);
    // The palette is still there for a moment.
    await expect.poll(async () => (await window.choices()).some(lost), { timeout: 20_000 }).toBe(true);
    const candidate = (await window.choices()).find(lost)!;
    await window.screenshot('prompt-changes-question');
    const label = /p, candidate \d/.exec(candidate)![0];
    await window.pick(new RegExp(`^${label}`));
    await window.page.getByRole('tab', { name: new RegExp(`baseline ↔ ${label}`) }).waitFor();
    await window.page.locator('.monaco-diff-editor').getByText('Demo 1').first().waitFor();
    await window.screenshot('prompt-changes-candidate');
  });

  it('reads well in a light theme', async () => {
    await window.theme('Light Modern');
    await window.screenshot('result-light');
  });

  it('lists all runs in a table, where two are ticked and compared', async () => {
    await writeSampleRun({ workspace: workspace.folder });
    await window.run('BetterTogether: Show All Runs');
    await window.page.getByRole('tab', { name: /^All Runs/ }).waitFor();
    const rows = window.webview().locator('.rows-body [role=row]');
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(2);
    const own = rows.filter({ hasText: /two.*100\.0 %/s });
    await own.locator('input').click();
    await rows.filter({ hasText: 'not yours' }).locator('input').click();
    await window.webview().getByText('2 ticked.').waitFor();
    await window.screenshot('all-runs');
    await window.webview().locator('vscode-button', { hasText: 'Compare' }).click();
    await window.page.getByRole('tab', { name: /^2 runs of/ }).waitFor();
    await window.webview().locator('table.compared tbody tr').nth(1).waitFor();
    await window.screenshot('all-runs-compared');
    // The table is where it was left, and opens a run.
    await window.page.getByRole('tab', { name: /^All Runs/ }).click();
    await window.webview().getByText('2 ticked.').waitFor();
    await own.getByRole('button').click();
    await window.page.getByRole('tab', { name: /^two: p -> w -> p/ }).waitFor();
  });

  it('finds a text in the page', async () => {
    await window.webview().getByRole('tab', { name: 'Examples' }).click();
    await window.page.keyboard.press('Control+f');
    await window.page.locator('.simple-find-part.visible input').fill('a dev 12');
    // These tests are typed for Node, the function runs in the page. Each Enter finds the next place.
    const selected = async () => {
      await window.page.keyboard.press('Enter');
      const body = window.webview().locator('body');
      return body.evaluate(() => String((globalThis as unknown as { getSelection(): object }).getSelection()));
    };
    await expect.poll(selected, { interval: 500 }).toBe('a dev 12');
    await window.screenshot('find-in-page');
    await window.page.keyboard.press('Escape');
  });

  it('has the acts of a run in the menu of its page', async () => {
    await window.webview().locator('h1').first().click({ button: 'right' });
    const menu = window.page.locator('.monaco-menu');
    for (const entry of ['Show Prompt Changes', 'Compare Runs', 'Export Program', 'Save Report'])
      await menu.getByText(entry).waitFor();
    await window.screenshot('menu-of-page');
    await window.page.keyboard.press('Escape');
  });

  it('saves the report of a run where it is told to', async () => {
    await window.chooseFromMenu(window.webview().locator('h1').first(), 'Save Report');
    await window.takeProposed('Report of two');
    await window.notification(/The report is in bettertogether-.*-two-/).waitFor();
    const name = readdirSync(workspace.folder).find((each) => each.endsWith('.html'))!;
    const page = await browser.newPage();
    await page.goto(pathToFileURL(join(workspace.folder, name)).href);
    await page.getByRole('heading', { name: /^two/ }).first().waitFor();
    await page.getByText(/p -> w is really better than the baseline on 12 test rows/).waitFor();
    await page.getByRole('heading', { name: 'What changed on dev rows' }).waitFor();
    expect(await page.locator('script').count()).toBe(0);
    await page.close();
    await window.closeNotifications();
  });

  it('asks for the price of the program in front by a key', async () => {
    await window.page.getByRole('tab', { name: /program\.ts/ }).click();
    await window.page.locator('.editor-instance .view-line').first().click();
    await window.page.keyboard.press('Control+k');
    await window.page.keyboard.press('b');
    await window.question('Optimize two').waitFor();
    await expect.poll(async () => (await window.choices())[0], { timeout: 20_000 }).toMatch(/Start.*about \d/s);
    await window.page.keyboard.press('Escape');
  });

  it('offers the programs of a file in its menus', async () => {
    await window.page.getByRole('tab', { name: /program\.ts/ }).click();
    await window.page.locator('.editor-instance .view-line').first().click({ button: 'right' });
    await window.page.locator('.monaco-menu').getByText('BetterTogether').hover();
    await window.page.locator('.monaco-menu').getByText('Optimize Program').waitFor();
    await window.screenshot('menu-of-editor');
    await window.page.keyboard.press('Escape');
    await window.page.keyboard.press('Escape');
  });

  it('renames a run by a key', async () => {
    const named = async (run: RegExp, name: string) => {
      await window.showView();
      await window.treeItem(run).last().click();
      // The page that it opens takes the focus.
      await window.run('BetterTogether: Focus on Runs View');
      await window.page.keyboard.press('F2');
      await window.answer('Rename Run', name);
    };
    await named(/^two: p -> w -> p,/, 'the first one');
    await named(/^the first one/, '');
    await window
      .treeItem(/^two: p -> w -> p/)
      .last()
      .waitFor();
  });

  it('deletes from the table once it is agreed to', async () => {
    const rows = window.webview().locator('.rows-body [role=row]');
    await window.page.getByRole('tab', { name: /^All Runs/ }).click();
    await rows.filter({ hasText: 'not yours' }).locator('input').click();
    await window.webview().getByText('1 ticked.').waitFor();
    await window.webview().locator('vscode-button', { hasText: 'Delete' }).click();
    await window.inDialog(/Delete two, /, 'Delete');
    await expect.poll(() => rows.count()).toBe(1);
    expect(readdirSync(join(workspace.folder, '.bettertogether', 'runs'))).toHaveLength(1);
  });
});

describe('a folder that is not trusted', () => {
  it('shows programs and runs nothing', async () => {
    const workspace = new Workspace({ baseURL: endpoint.baseURL });
    const server = await startCodeServer({ trusted: false });
    const window = await openWindow(browser, server, workspace.folder, 'program.ts');
    const before = endpoint.counters.requests;
    try {
      await window.lens('Not scored').waitFor();
      expect((await window.lenses()).join('\n')).not.toContain('Optimize');
      expect(await window.offers('Open Configuration')).toBe(true);
      expect(await window.offers('Optimize Program')).toBe(false);
      await window.screenshot('untrusted');
      expect(endpoint.counters.requests).toBe(before);
      expect(existsSync(join(workspace.folder, '.bettertogether'))).toBe(false);
    } finally {
      await window.page.close();
      await server.close();
      workspace.dispose();
    }
  });
});

function existsEvent(workspace: Workspace, run: string, type: string): boolean {
  const file = join(workspace.folder, '.bettertogether', 'runs', run, 'events.jsonl');
  return readFileSync(file, 'utf8').includes(`"type":"${type}"`);
}
