/** `npm run package`: builds all that is published, the extension and two npm packages, and says what is not set yet. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { buildNpmPackages } from './npmPackages.mjs';
import { fail, path, root, say } from './packages.mjs';
import { beforePublishing } from './publishing.mjs';
import { packageExtension } from './vsix.mjs';

const manifest = JSON.parse(readFileSync(path('package.json'), 'utf8'));
const vsix = `bettertogether-${manifest.version}.vsix`;
packageExtension(path(vsix));
const folders = await buildNpmPackages();
const files = [vsix, ...folders.map(pack)];

say('');
for (const file of files) say(`${file}: ${(statSync(path(file)).size / 1e6).toFixed(2)} MB`);
const open = beforePublishing(manifest);
if (open.length > 0) say(`\n${open.join('\n')}`);

function pack(folder) {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // On Windows a shell reads it, which would divide the absolute path at a space.
  const args = ['pack', `./${relative(root, folder).replaceAll(sep, '/')}`, '--json', '--loglevel=error'];
  const { status, stdout, stderr } = spawnSync(npm, args, {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) fail(stderr);
  return JSON.parse(stdout)[0].filename;
}
