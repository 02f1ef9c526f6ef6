/** Brings this checkout into a state in which it runs: bundles and the embedded endpoint, each only when missing or old. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { path, root, say } from './packages.mjs';

/** Bundles when sources changed since the last time. Returns true if it did. */
export async function ensureBuilt() {
  const stamp = path('dist', '.sources');
  const hash = sourcesHash();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false;
  say('building dist');
  // Not before: it imports a package that was perhaps installed a moment ago.
  const { bundle } = await import('./build.mjs');
  await bundle();
  writeFileSync(stamp, hash);
  return true;
}

/** The extension as it is packaged has the SDK's types too, which take longer than all else and which no run needs. */
export async function ensurePackaged() {
  const built = await ensureBuilt();
  if (!built && existsSync(path('dist', 'types'))) return;
  const { writeTypes } = await import('./build.mjs');
  writeTypes();
}

function sourcesHash() {
  const hash = createHash('sha256');
  const files = readdirSync(path('src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  const others = [
    'scripts/build.mjs',
    'scripts/samples.mjs',
    'package.json',
    'package-lock.json',
    'bettertogether.json',
  ];
  const sample = readdirSync(path('examples', 'intents')).map((name) => path('examples', 'intents', name));
  for (const file of [...files, ...sample, ...others.map((name) => path(name))]) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

/** Installs what the embedded endpoint needs, with progress; returns what it says about it. */
export function ensureEmbedded() {
  const result = spawnSync(process.execPath, [path('dist', 'cli.js'), 'setup', '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
  return JSON.parse(result.stdout);
}
