/**
 * Somebody who has nothing: from an empty folder to a run that has finished on the model of this machine, without a question but
 * the language and the price, where the search alone is chosen: training, which is proposed too, takes much longer. One
 * window, so the steps follow each other.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureEmbedded } from '../../src/embedded/setup.ts';
import { resolveHome } from '../../src/home/home.ts';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import type { CodeServer } from './codeServer.ts';
import { stepsOf } from './steps.ts';
import { eventsOf, openWindow } from './window.ts';
import type { Workbench } from './workbench.ts';

let browser: Browser;
let server: CodeServer;
let folder: string;
let window: Workbench;

beforeAll(async () => {
  // Installing a gigabyte is for the tests of the set-up itself.
  await ensureEmbedded(resolveHome());
  folder = mkdtempSync(join(tmpdir(), 'bt-sample-'));
  browser = await launchBrowser();
  server = await startCodeServer({ trusted: true, env: { BETTERTOGETHER_HOME: resolveHome().root } });
  window = await openWindow(browser, server, folder);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

stepsOf(() => ({ window, server }));

const price = () =>
  expect.poll(async () => (await window.choices())[0], { timeout: 300_000 }).toMatch(/Start.*about \d/s);
const strategy = (): unknown =>
  JSON.parse(readFileSync(join(folder, 'bettertogether.json'), 'utf8')).programs.intents.strategy;

/** Every answer is there already, as the sample is configured. */
async function confirm(question: string, answer: string | RegExp): Promise<void> {
  await window.question(question).waitFor();
  expect((await window.choices())[0]).toMatch(answer);
  await window.pick(answer);
}

it('is offered a sample project where there is no program, and gets it into the empty folder', async () => {
  await window.showView();
  const create = window.page.getByRole('button', { name: 'Create Sample Project' });
  await create.waitFor();
  await window.screenshot('sample-welcome');
  await create.click();
  await window.question('What the program is written in').waitFor();
  await window.screenshot('sample-language');
  await window.pick('TypeScript');
  await window.lens('Not scored').waitFor();
  await window.screenshot('sample-created');
  expect(readdirSync(folder).toSorted()).toEqual(
    expect.arrayContaining([
      'README.md',
      'bettertogether.json',
      'dev.jsonl',
      'program.ts',
      'test.jsonl',
      'train.jsonl',
    ]),
  );
});

it('goes from there to the price by one click, where nothing leaves this machine', async () => {
  await window.notification('The sample project is there').getByRole('button', { name: 'Optimize' }).click();
  await price();
  expect((await window.choices()).join('\n')).toContain('Nothing leaves this machine.');
  await window.screenshot('sample-price');
});

it('changes the strategy there, with every other answer as it was', async () => {
  expect(strategy()).toBe('p -> w -> p');
  await window.pick('Change data, metric, model or strategy');
  await confirm('Rows to optimize on', /^train\.jsonl/);
  await window.question('Which fields is the program called with').waitFor();
  await window.page.locator('.quick-input-widget:visible').getByRole('button', { name: 'OK' }).click();
  await confirm('decides whether an answer is right', /^exactMatch:answer/);
  await confirm('Where the language model is served', /embedded|this machine/i);
  await window.question('p searches for better prompts').waitFor();
  await window.screenshot('sample-strategy');
  await window.pick('prompts only: no training');
  await price();
  expect(strategy()).toBe('p');
});

it('starts the run, which finishes', async () => {
  await window.pick('Start');
  await expect.poll(() => eventsOf(folder), { timeout: 600_000, interval: 1000 }).toContain('"type":"run.finished"');
  await window.webview().getByText('Finished').waitFor();
  await window.screenshot('sample-finished');
});

it('is not replaced by another one', async () => {
  const program = readFileSync(join(folder, 'program.ts'), 'utf8');
  await window.closeNotifications();
  await window.run('BetterTogether: Create Sample Project');
  await window.pick('TypeScript');
  // The folder is not empty any more: it is asked where, and made in a folder of its own there.
  await window.question('Where the sample project is made').waitFor();
  await window.page.keyboard.press('Escape');
  expect(readFileSync(join(folder, 'program.ts'), 'utf8')).toBe(program);
});
