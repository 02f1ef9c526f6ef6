/** `npm run house`: bundles scripts/house/main.ts and runs it. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFile } from './build.mjs';
import { checkNode, ensurePackages, root } from './packages.mjs';

/** Megabytes that need no bundling. */
const compilerApart = {
  name: 'compiler-apart',
  setup(build) {
    build.onResolve({ filter: /^typescript$/ }, () => ({ path: 'typescript', external: true }));
  },
};

checkNode();
ensurePackages();
const file = join(root, 'dist', 'house.js');
await bundleFile('scripts/house/main.ts', file, [compilerApart]);
const result = spawnSync(process.execPath, [file], { cwd: root, stdio: 'inherit' });
rmSync(file, { force: true });
process.exitCode = result.status ?? 1;
