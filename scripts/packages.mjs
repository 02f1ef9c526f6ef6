/** npm packages, installed only when they are missing or old, and what every script needs. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const path = (...parts) => join(root, ...parts);

/** Says no to a Node that is too old, before anything fails in a way that nobody can read. */
export function checkNode() {
  const wanted = JSON.parse(readFileSync(path('package.json'), 'utf8')).engines.node.replace('>=', '');
  const [have, need] = [process.versions.node, wanted].map((version) => version.split('.').map(Number));
  for (const i of [0, 1, 2]) {
    if (have[i] > need[i]) return;
    if (have[i] < need[i]) fail(`Node ${process.versions.node} is too old: BetterTogether needs ${wanted} or newer.`);
  }
}

/** Installs the npm packages of package-lock.json when node_modules does not hold them. Returns true if it did. */
export function ensurePackages() {
  if (packagesPresent()) return false;
  say(`installing npm packages into ${path('node_modules')}`);
  // Without install scripts: nothing that is needed here compiles, and nothing else should run.
  const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts'];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (result.status !== 0) fail(`npm ${args.join(' ')} failed; see above. It needs the npm registry once.`);
  return true;
}

/** Whether what npm last installed is what the lock file asks for; packages for other platforms are left out. */
function packagesPresent() {
  const installed = path('node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const want = JSON.parse(readFileSync(path('package-lock.json'), 'utf8')).packages;
  return Object.entries(want).every(
    ([name, { version, optional }]) => name === '' || optional || have[name]?.version === version,
  );
}

export function say(line) {
  process.stderr.write(`${line}\n`);
}

export function fail(message) {
  say(message);
  process.exit(1);
}

export function secondsSince(began) {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}
