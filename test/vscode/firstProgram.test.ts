/**
 * A folder without any configuration, and an endpoint that wants a key: from the questions to the result, with what can
 * go another way in between. One window, so the steps follow each other.
 */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { Workspace, studentAnswer } from '../system/workspace.ts';
import { resolveHome } from '../../src/home/home.ts';
import { ensureEmbedded } from '../../src/embedded/setup.ts';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import type { CodeServer } from './codeServer.ts';
import { stepsOf } from './steps.ts';
import { eventsOf, logOf, openWindow } from './window.ts';
import type { Workbench } from './workbench.ts';

const key = 'sk-secret-of-the-test';
const long = { timeout: 120_000 };

let endpoint: FakeEndpoint;
let browser: Browser;
let server: CodeServer;
let workspace: Workspace;
let window: Workbench;
let emptyHome: string;

beforeAll(async () => {
  endpoint = await startFakeEndpoint({ answer: studentAnswer, models: ['base'], latencyMs: 3, apiKey: key });
  browser = await launchBrowser();
  emptyHome = mkdtempSync(join(tmpdir(), 'bt-empty-home-'));
  workspace = new Workspace({ baseURL: endpoint.baseURL });
  rmSync(join(workspace.folder, 'bettertogether.json'));
  server = await startCodeServer({ trusted: true, env: { BETTERTOGETHER_HOME: emptyHome } });
  window = await openWindow(browser, server, workspace.folder, 'program.ts');
});

afterAll(async () => {
  await window?.page.close();
  await server?.close();
  await browser?.close();
  await endpoint?.close();
  workspace?.dispose();
  rmSync(emptyHome, { recursive: true, force: true });
});

stepsOf(() => ({ window, server }));

const configuration = () => JSON.parse(readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8'));
const runs = () => readdirSync(join(workspace.folder, '.bettertogether', 'runs'));

/** No file of the workspace, of the editor's settings or of its logs holds the key. */
function expectKeyNowhere(): void {
  const holds = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => readFileSync(file).includes(key));
  expect(holds(workspace.folder)).toEqual([]);
  expect(logOf(server)).not.toContain(key);
}

describe('a folder without a configuration', () => {
  it('welcomes, offers what can work now, and nothing else', async () => {
    await window.lens('Not scored').waitFor();
    await window.showView();
    await window.page.getByText('No run yet.').waitFor();
    await window.screenshot('welcome');
    expect(await window.offers('Optimize Program')).toBe(true);
    for (const command of ['Resume Run', 'Cancel Run', 'Open Run', 'Compare Runs', 'Export Program', 'Set API Key']) {
      expect([command, await window.offers(command)]).toEqual([command, false]);
    }
  });

  it('asks for data, metric, endpoint, key and strategy, proposing what it found', async () => {
    await window.clickLens('Optimize', window.question('Rows to optimize on'));
    expect((await window.choices())[0]).toMatch(/train\.jsonl.*with dev\.jsonl and test\.jsonl/s);
    await window.screenshot('wizard-data');
    await window.pick('train.jsonl');
    await window.question('decides whether an answer is right').waitFor();
    expect((await window.choices())[0]).toMatch(/^metric/);
    await window.screenshot('wizard-metric');
    await window.pick(/^metric/);
    await window.question('Where the language model is served').waitFor();
    await window.screenshot('wizard-endpoint');
    await window.pick('Another OpenAI-compatible endpoint');
    await window.answer('Base URL of the endpoint', endpoint.baseURL);
    await window.question(`API key for ${endpoint.baseURL}`).waitFor();
    await window.screenshot('wizard-key');
    await window.answer(`API key for ${endpoint.baseURL}`, key);
    // It serves one model: there is no choice to make.
    await window.question('p searches for better prompts').waitFor();
    await window.screenshot('wizard-strategy');
    await window.pick('prompts, then weights');
    await expect.poll(async () => (await window.choices())[0], long).toMatch(/Start.*about \d/s);
    await window.screenshot('wizard-price');
  });

  it('wrote the answers to bettertogether.json, shows it, and finds no fault with it', async () => {
    const { programs, endpoints } = configuration();
    expect(programs).toEqual({
      two: {
        program: 'program.ts#Two',
        metric: 'program.ts#metric',
        train: 'train.jsonl',
        dev: 'dev.jsonl',
        test: 'test.jsonl',
        inputs: ['question'],
        endpoint: 'local',
        model: 'base',
        strategy: 'p -> w',
      },
    });
    expect(endpoints).toEqual({ local: { kind: 'openai', baseURL: endpoint.baseURL, apiKeyEnv: 'LOCAL_API_KEY' } });
    await window.page.getByRole('tab', { name: /bettertogether\.json/ }).waitFor();
    await window.screenshot('configuration');
    expectKeyNowhere();
  });

  it('takes a cap before the run, which then stops at it', async () => {
    await window.pick('Change the cap');
    await window.answer('At most this much is spent', '60 calls');
    await expect.poll(async () => (await window.choices())[0], long).toMatch(/capped at 60 calls/);
    expect(configuration().programs.two.budget).toEqual({ calls: 60 });
    await window.pick('Start');
    const stopped = window.notification(/stopped/);
    await stopped.waitFor(long);
    await window.screenshot('stopped-at-cap');
    expect(await stopped.innerText()).toContain('Resume');
    expect(eventsOf(workspace.folder)).toContain('"reason":"budget"');
  });

  it('goes on with a higher cap, and pays nothing twice', async () => {
    await window.closeNotifications();
    await window.run('BetterTogether: Resume Run');
    await window.answer('New cap over the whole run', '5000 calls');
    await window.notification(/(than|against) the baseline on/).waitFor(long);
    expect(runs()).toHaveLength(1);
    expect(endpoint.counters.repeated).toBe(0);
    expect(eventsOf(workspace.folder)).toContain('"type":"run.finished"');
    await window.screenshot('resumed');
  });

  it('gives the run a name and a note', async () => {
    await window.closeNotifications();
    await window.run('BetterTogether: Rename Run');
    await window.answer('A name for the run', 'the first one');
    await window.showView();
    await window
      .treeItem(/the first one/)
      .first()
      .waitFor();
    await window.run('BetterTogether: Edit Note of Run');
    await window.answer('Shown when the run is hovered', 'with twelve rows');
    const label = join(workspace.folder, '.bettertogether', 'runs', runs()[0]!, 'label.json');
    await expect.poll(() => readFileSync(label, 'utf8')).toContain('with twelve rows');
    expect(JSON.parse(readFileSync(label, 'utf8'))).toEqual({ name: 'the first one', note: 'with twelve rows' });
  });

  it('measures the program as written', async () => {
    await window.run('BetterTogether: Evaluate Program');
    await window.pick('Baseline, on dev');
    const told = window.notification(/33\.3 %/);
    await told.waitFor(long);
    expect(await told.innerText()).toMatch(/on 15 dev rows/);
    await window.screenshot('evaluated');
    await window.closeNotifications();
  });

  it('exports the result to a file that is a state', async () => {
    await window.run('BetterTogether: Export Program');
    await window.pick('final');
    await window.question('Export the first one').waitFor();
    await window.screenshot('export');
    await window.take('Export the first one');
    await window.notification('Exported to two').waitFor(long);
    const name = readdirSync(workspace.folder).find((each) => /^two\.(final|best)\.json$/.test(each))!;
    expect(JSON.parse(readFileSync(join(workspace.folder, name), 'utf8'))).toHaveProperty('predictors.answer');
    await window.closeNotifications();
  });

  it('shows the run, the program and a trace, and jumps to the line of a predictor', async () => {
    await window.run('BetterTogether: Open Run');
    const view = window.webview();
    await view.getByText('Finished').waitFor();
    for (const [tab, shown] of [
      ['Run', '.details'],
      ['Examples', '.score'],
      ['Traces', '.rows-body [role=row]'],
      ['Program', '.predictor'],
    ] as const) {
      await view.getByRole('tab', { name: tab, exact: true }).click();
      await view.locator(shown).first().waitFor();
      if (tab === 'Traces') {
        await view.locator('.rows-body [role=row]').nth(3).click();
        await view.locator('.turn.completion').first().waitFor();
      }
      await window.screenshot(`run-${tab.toLowerCase()}-dark`);
    }
    await view.getByRole('region', { name: 'Predictor answer' }).getByText('Go to source').click();
    await window.page.locator('.statusbar').getByText('Ln 5, Col 1').waitFor();
  });

  it('asks for the key again when the address changes, and tests the endpoint with it', async () => {
    const elsewhere = endpoint.baseURL.replace('127.0.0.1', 'localhost');
    const file = join(workspace.folder, 'bettertogether.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(endpoint.baseURL, elsewhere));
    await window.page.waitForTimeout(1500);
    await window.run('BetterTogether: Test Endpoint');
    await window.question(`was entered for ${endpoint.baseURL}`).waitFor();
    await window.screenshot('key-again');
    await window.answer(`API key for ${elsewhere}`, key);
    await window.notification(/serves \d+ models?\..*answered in \d+ ms/).waitFor();
    await window.screenshot('endpoint-tested');
    expectKeyNowhere();
    writeFileSync(file, readFileSync(file, 'utf8').replace(elsewhere, endpoint.baseURL));
    await window.page.waitForTimeout(1500);
    await window.closeNotifications();
  });

  it('starts a run from tasks.json after a look at what it costs, and cancels it', async () => {
    workspace.write(
      '.vscode/tasks.json',
      JSON.stringify({
        version: '2.0.0',
        tasks: [{ type: 'bettertogether', label: 'again', program: 'two', seed: 7, strategy: 'p' }],
      }),
    );
    endpoint.setLatency(1500);
    // VS Code hears of a new tasks.json some time later, and a list that is open stays as it is.
    await expect.poll(async () => (await window.offered('Tasks: Run Task')).join('\n'), long).toContain('again');
    await window.run('Tasks: Run Task');
    await window.pick('again');
    await window.dialog('Start optimizing "two"?').waitFor();
    await window.screenshot('task-costs');
    await window.inDialog('Start optimizing "two"?', 'Start');
    await window.page.locator('.statusbar').getByText(/two,/).waitFor();
    await expect.poll(() => runs().length, long).toBe(2);
    await expect.poll(() => eventsOf(workspace.folder), long).toContain('"type":"run.started"');
    expect(eventsOf(workspace.folder)).toContain('"seed":7');
    await window.run('BetterTogether: Cancel Run');
    await window.notification(/stopped/).waitFor(long);
    endpoint.setLatency(3);
    expect(eventsOf(workspace.folder)).toContain('"reason":"cancelled"');
    await window.closeNotifications();
  });

  it('compares two runs', async () => {
    await window.run('View: Close All Editors');
    await window.run('BetterTogether: Compare Runs');
    await window.question('Two runs or more').waitFor();
    await window.screenshot('compare-runs-question');
    await window.page.locator('.quick-input-widget:visible').getByRole('button', { name: 'OK' }).click();
    await window.webview().locator('.compared tbody tr').nth(1).waitFor();
    await window.webview().locator('.rows-body .score').first().waitFor();
    await window.screenshot('compare-runs');
  });

  it('compares strategies in a process of its own', async () => {
    await window.run('View: Close All Editors');
    await window.run('BetterTogether: Compare Strategies');
    await window.question('Rows of the table').waitFor();
    await window.screenshot('compare-strategies-question');
    await window.page.locator('.quick-input-widget:visible').getByRole('button', { name: 'OK' }).click();
    await window.answer('Seeds, one column each', '0');
    await expect.poll(async () => (await window.choices())[0], long).toMatch(/Start.*about \d/s);
    await window.pick('Change the cap');
    await window.answer('At most this much is spent', '9000 calls');
    await expect.poll(async () => (await window.choices())[0], long).toMatch(/capped at 9,000 calls/);
    await window.pick('Start');
    const table = window.webview().locator('.strategies tbody tr');
    await table.nth(4).waitFor(long);
    await expect.poll(async () => (await table.allInnerTexts()).join('\n'), long).toMatch(/p -> w -> p\s+\d+\.\d/);
    await window.webview().getByText('Finished').waitFor(long);
    await window.screenshot('compare-strategies');
  });

  it('reads well in light and in high contrast', async () => {
    for (const [name, theme] of [
      ['light', 'Light Modern'],
      ['highContrast', 'Dark High Contrast'],
    ] as const) {
      await window.theme(theme);
      await window.screenshot(`compare-strategies-${name}`);
      await window.run('View: Close All Editors');
      await window.run('BetterTogether: Open Run');
      await window.pick('the first one');
      for (const tab of ['Run', 'Program', 'Examples', 'Traces']) {
        await window.webview().getByRole('tab', { name: tab, exact: true }).click();
        await window.page.waitForTimeout(600);
        await window.screenshot(`run-${tab.toLowerCase()}-${name}`);
      }
      await window.run('View: Close All Editors');
      await window.run('BetterTogether: Open Comparison');
      await window.webview().locator('.strategies').first().waitFor();
    }
    await window.theme('Dark Modern');
  });

  it('deletes a run only when asked twice', async () => {
    const before = runs().length;
    await window.run('BetterTogether: Delete Run');
    await window.pick('the first one');
    await window.dialog('Delete the first one?').waitFor();
    await window.screenshot('delete');
    await window.inDialog('Delete the first one?', 'Cancel');
    expect(runs()).toHaveLength(before);
    await window.run('BetterTogether: Delete Run');
    await window.pick('the first one');
    await window.inDialog('Delete the first one?', 'Delete');
    await expect.poll(() => runs().length).toBe(before - 1);
  });

  it('sets up the embedded model only with consent, and checks one that is there', async () => {
    await window.run('BetterTogether: Set Up Embedded Model');
    const asked = window.dialog('Set up the embedded model?');
    await asked.waitFor();
    expect(await asked.innerText()).toMatch(/about 1 GB.*no data leaves/s);
    await window.screenshot('embedded-consent');
    await window.inDialog('Set up the embedded model?', 'Cancel');
    expect(readdirSync(emptyHome)).toEqual([]);
    // A home that is set up: installing a gigabyte is for the tests of the set-up itself.
    const home = resolveHome();
    await ensureEmbedded(home);
    server.setting('bettertogether.embedded.home', home.root);
    await window.page.waitForTimeout(2000);
    await window.run('BetterTogether: Set Up Embedded Model');
    const there = window.notification('is set up in');
    await there.getByRole('button', { name: 'Check Again' }).click();
    await window.notification('The embedded model is ready.').waitFor(long);
    await window.screenshot('embedded-ready');
    expect(existsSync(join(emptyHome, 'models'))).toBe(false);
  });
});
