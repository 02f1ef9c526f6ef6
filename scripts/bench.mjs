/** `npm run bench`: bundles bench/main.ts and runs it; its arguments are passed on. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './ensure.mjs';
import { checkNode, ensurePackages, root } from './packages.mjs';

/** Files of the tests start what lies beside them, also when they were bundled into another folder. */
const testFilesKnowTheirPlace = {
  name: 'test-files-know-their-place',
  setup(build) {
    build.onLoad({ filter: /[\\/]test[\\/](fakes|soak)[\\/].*\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
    }));
  },
};

checkNode();
ensurePackages();
await ensureBuilt();
const { bundleFile } = await import('./build.mjs');
// Beside the other bundles, which it starts as a user's installation does.
const file = join(root, 'dist', 'bench.js');
await bundleFile('bench/main.ts', file, [testFilesKnowTheirPlace]);
const result = spawnSync(process.execPath, [file, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
rmSync(file, { force: true });
process.exitCode = result.status ?? 1;
