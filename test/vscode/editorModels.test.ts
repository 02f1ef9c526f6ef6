/** A model of VS Code writes instructions for a run: by a command it is named, the window is closed in the middle, and opened again. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { student } from '../system/instructed.ts';
import { Workspace } from '../system/workspace.ts';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import type { CodeServer } from './codeServer.ts';
import { stepsOf } from './steps.ts';
import { eventsOf, openWindow } from './window.ts';
import type { Workbench } from './workbench.ts';

const provider = fileURLToPath(new URL('scripted-models', import.meta.url));
const mipro = { kind: 'mipro', train: 12, validation: 9, trials: 6, candidates: 3, minibatch: 5, fullEvery: 5 };

let endpoint: FakeEndpoint;
let browser: Browser;
let server: CodeServer;
let workspace: Workspace;
let window: Workbench;
let folder: string;
let log: string;

const asked = (): readonly string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);

beforeAll(async () => {
  endpoint = await startFakeEndpoint({ answer: student, models: ['base'] });
  browser = await launchBrowser();
  folder = mkdtempSync(join(tmpdir(), 'bt-scripted-'));
  log = join(folder, 'asked.jsonl');
  workspace = new Workspace({ baseURL: endpoint.baseURL, strategy: 'mipro', settings: { steps: { mipro } } });
  server = await startCodeServer({
    trusted: true,
    extensions: [provider],
    env: { BT_SCRIPTED_LOG: log },
    settings: { 'chat.disableAIFeatures': false },
  });
  window = await openWindow(browser, server, workspace.folder, 'program.ts');
});

afterAll(async () => {
  await window?.page.close();
  await server?.close();
  await browser?.close();
  await endpoint?.close();
  workspace?.dispose();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

stepsOf(() => ({ window, server }));

it('names a model of VS Code as the proposer of a step, with an endpoint that needs no key', async () => {
  await window.lens('Not scored').waitFor();
  await window.run('BetterTogether: Use a Model of VS Code');
  await window.pick('proposer of mipro');
  await window.pick('Writer');
  const config = () => readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8');
  await expect
    .poll(() => JSON.parse(config()) as unknown)
    .toMatchObject({
      programs: { two: { steps: { mipro: { proposer: { model: 'writer-1', endpoint: 'editor' } } } } },
      endpoints: { editor: { kind: 'editor' } },
    });
  await window.screenshot('editor-model-named');
});

it('serves it to runs, by a file of the user’s own', async () => {
  const windows = (): readonly string[] => {
    const home = join(server.logs, '..', '..', 'bettertogether', 'editor');
    return existsSync(home) ? readdirSync(home).filter((name) => name.endsWith('.json')) : [];
  };
  await expect.poll(windows, { timeout: 60_000 }).toHaveLength(1);
});

it('asks where data goes, and runs with the model', async () => {
  await window.clickLens('Optimize', window.page.getByText(/models of VS Code|Estimating what|Optimize two/).first());
  await window.dialog('models of VS Code').waitFor();
  await window.screenshot('editor-model-consent');
  await window.inDialog('models of VS Code', 'Send');
  await expect.poll(async () => (await window.choices())[0], { timeout: 120_000 }).toMatch(/Start/s);
  await window.pick('Start');
  await expect.poll(() => asked().length, { timeout: 120_000 }).toBeGreaterThan(2);
});

it('pauses when the window is closed in the middle, and says what to open', async () => {
  await window.page.close();
  await expect
    .poll(() => eventsOf(workspace.folder), { timeout: 180_000, interval: 1000 })
    .toMatch(/"type":"run.stopped","reason":"endpoint".*models of VS Code.*Open .* in VS Code/);
  expect(eventsOf(workspace.folder)).not.toContain('"type":"run.finished"');
});

it('offers to go on in the next window, and asks nothing twice', async () => {
  window = await openWindow(browser, server, workspace.folder, 'program.ts');
  const offer = window.notification('They answer again');
  await offer.waitFor({ timeout: 120_000 });
  await window.screenshot('editor-model-resume');
  await offer.getByRole('button', { name: 'Resume' }).click();
  // A window of another browser knows nothing of what was agreed to in the first.
  await window.dialog('models of VS Code').waitFor();
  await window.inDialog('models of VS Code', 'Send');
  await expect
    .poll(() => eventsOf(workspace.folder), { timeout: 180_000, interval: 1000 })
    .toContain('"type":"run.finished"');
  // What was on its way when the window closed may be asked again.
  expect(asked().length - new Set(asked()).size).toBeLessThanOrEqual(4);
  await expect.poll(async () => (await window.lenses()).join('\n'), { timeout: 60_000 }).toMatch(/100\.0 %/);
  await window.screenshot('editor-model-done');
});
