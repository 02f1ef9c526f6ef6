/**
 * "Set Up Embedded Model" in a real VS Code, from nothing: the extension's own storage is empty, npm and pip are as the
 * machine has them. Asked for, cancelled in the middle, asked for again, and then the model answers. Brings and installs
 * about a gigabyte; prints what the progress said and when. Pictures are left in `test-results/screenshots`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { homeAt } from '../../src/home/home.ts';
import type { Home } from '../../src/home/home.ts';
import { embeddedWorkspace } from '../system/crash/embeddedWorkspace.ts';
import type { Workspace } from '../system/workspace.ts';
import { launchBrowser } from '../vscode/browser.ts';
import { startCodeServer } from '../vscode/codeServer.ts';
import type { CodeServer } from '../vscode/codeServer.ts';
import { logOf, openWindow } from '../vscode/window.ts';
import type { Workbench } from '../vscode/workbench.ts';

const question = 'Set up the embedded model?';
const anHour = { timeout: 3_600_000 };

let browser: Browser;
let server: CodeServer;
let workspace: Workspace;
let window: Workbench;
let home: Home;

beforeAll(async () => {
  browser = await launchBrowser();
  workspace = embeddedWorkspace();
  server = await startCodeServer({ trusted: true, env: { BETTERTOGETHER_HOME: undefined } });
  home = homeAt(join(server.storage, 'embedded'));
  window = await openWindow(browser, server, workspace.folder, 'program.ts');
});

afterAll(async () => {
  await window?.page.close();
  await server?.close();
  await browser?.close();
  workspace?.dispose();
});

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await window.screenshot(`failed ${task.name.slice(0, 60)}`);
  console.error(logOf(server));
});

const began = performance.now();
const say = (text: string): void =>
  console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`);

/** Tells what the notification says, as it changes, until `done`; a picture of each part of the work. */
async function follow(done: () => Promise<boolean>): Promise<readonly string[]> {
  const progress = window.notification('Embedded model');
  const heard: string[] = [];
  while (!(await done())) {
    const text = (await progress.innerText({ timeout: 300 }).catch(() => '')).replaceAll(/\s+/g, ' ').trim();
    if (text !== '' && text !== heard.at(-1)) {
      heard.push(text);
      say(text);
      const part = /runtime|Fetching|Installing the trainer|Checking/.exec(text)?.[0].split(' ').at(-1);
      if (part !== undefined) await window.screenshot(`setup-${part.toLowerCase()}`);
    }
    await window.page.waitForTimeout(250);
  }
  return heard;
}

const shown = (text: string | RegExp): Promise<boolean> => window.notification(text).isVisible();

describe('the embedded model, from nothing', () => {
  it('is asked for, and installs nothing when the answer is no', async () => {
    await window.lens('Not scored').waitFor();
    await window.run('BetterTogether: Set Up Embedded Model');
    const asked = window.dialog(question);
    await asked.waitFor();
    expect(await asked.innerText()).toContain(home.root);
    await window.screenshot('setup-consent');
    await window.inDialog(question, 'Cancel');
    expect(existsSync(home.root)).toBe(false);
  });

  it('can be cancelled in the middle, which ends what was started', async () => {
    await window.run('BetterTogether: Set Up Embedded Model');
    await window.inDialog(question, 'Set Up');
    await follow(async () => existsSync(join(home.runtime, 'stamp.json')));
    const cancel = window.notification('Embedded model');
    await cancel.hover();
    await cancel.getByRole('button', { name: 'Cancel' }).click();
    await cancel.waitFor({ state: 'hidden' });
    await window.screenshot('setup-cancelled');
    expect(await shown('is ready')).toBe(false);
    expect(existsSync(join(home.venv, 'stamp.json'))).toBe(false);
    // A set-up that goes on would hold its lock, and finish the model.
    await window.page.waitForTimeout(3000);
    const locks = readdirSync(home.root).filter((name) => name.endsWith('.lock.lock'));
    expect(locks).toEqual([]);
    say('cancelled');
  });

  it('goes on where it stopped, and says when it is ready', anHour, async () => {
    await window.run('BetterTogether: Set Up Embedded Model');
    await window.inDialog(question, 'Set Up');
    const heard = await follow(async () => (await shown('is ready')) || (await shown('Open Log')));
    await window.screenshot('setup-ready');
    expect(await shown('The embedded model is ready.')).toBe(true);
    expect(heard.join('\n')).not.toContain('Installing the llama.cpp runtime');
    expect(heard.join('\n')).toMatch(/Fetching smollm2.*Installing the trainer/s);
    for (const part of [home.runtime, home.venv]) expect(existsSync(join(part, 'stamp.json'))).toBe(true);
    say('ready');
  });

  it('answers in the editor', anHour, async () => {
    await window.closeNotifications();
    await window.run('BetterTogether: Evaluate Program');
    await window.pick('Baseline, on dev');
    const told = window.notification(/\d+\.\d %.* on 4 dev rows/);
    await told.waitFor({ timeout: 300_000 });
    say(await told.innerText());
    await window.lens(/\d % as written/).waitFor();
    await window.screenshot('setup-evaluated');
  });
});
