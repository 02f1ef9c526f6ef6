/** The extension of what is built, as a `.vsix`: `node scripts/vsix.mjs FILE`. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, path, root } from './packages.mjs';
import { extensionPage } from './publishing.mjs';

export function packageExtension(file) {
  const manifest = JSON.parse(readFileSync(path('package.json'), 'utf8'));
  mkdirSync(path('dist'), { recursive: true });
  writeFileSync(path('dist', 'README.md'), extensionPage(readFileSync(path('media', 'README.md'), 'utf8'), manifest));
  const vsce = join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  const args = ['--no-dependencies', '--no-rewrite-relative-links', '--allow-missing-repository'];
  const command = [vsce, 'package', ...args, '--readme-path', 'dist/README.md', '--out', file];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  if (status !== 0) fail(`${stdout}${stderr}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) packageExtension(process.argv[2]);
