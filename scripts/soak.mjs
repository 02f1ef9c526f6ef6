/** `npm run test:soak`: the long forms of the reliability suites, with seeds printed. See docs/reliability.md. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureEmbedded } from './ensure.mjs';
import { checkNode, ensurePackages, root } from './packages.mjs';

checkNode();
ensurePackages();
await ensureBuilt();
ensureEmbedded();
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'soak', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, BETTERTOGETHER_SOAK: '1' },
});
process.exitCode = status ?? 1;
