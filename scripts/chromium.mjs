/** Finds a Chromium for tests in a browser, or installs one. Never skips: without one the tests have not run. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import { fail, root, say } from './packages.mjs';

/** A shell without the browser around its pages takes a third of the processor time. */
const shells = ['chromium-headless-shell', 'chrome-headless-shell'];
const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macs = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** The path of a browser that is there: `CHROMIUM`, one of the system's, or Playwright's own. */
export function findChromium() {
  const asked = process.env['CHROMIUM'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const system = [shells, browsers].flatMap((names) =>
    folders.flatMap((folder) => names.map((name) => join(folder, name))),
  );
  return [asked, ...system, ...macs, chromium.executablePath()].find((file) => file && isProgram(file)) ?? null;
}

/** Installs one where there is none: from apt as root, else Playwright's download. */
export function ensureChromium() {
  if (findChromium() !== null) return;
  say('installing Chromium for the tests in a browser');
  const run = (command, ...args) => spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
  const apt = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  // Debian has both, Ubuntu neither.
  const installs = (name) => run('apt-get', 'install', '-y', name) && findChromium() !== null;
  if (apt && run('apt-get', 'update') && (installs('chromium-headless-shell') || installs('chromium'))) return;
  const cli = join(root, 'node_modules', 'playwright-core', 'cli.js');
  if (run(process.execPath, cli, 'install', 'chromium') && findChromium() !== null) return;
  fail('the tests in a browser need Chromium. Install it, or set CHROMIUM to the path of one');
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
