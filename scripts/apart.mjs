/**
 * The suites that `npm test` leaves out, by their names in vitest.config.ts; further arguments go to vitest.
 *
 *     npm run test:soak     the long forms of the reliability suites, with seeds printed: see docs/reliability.md
 *     npm run test:oldest   the extension in the oldest VS Code that `engines.vscode` names
 *     npm run pictures      README's pictures, of runs that were made here; `-- views`: every page in four themes and five sizes,
 *                           and which of them look otherwise than the last time
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureEmbedded, ensurePackaged } from './ensure.mjs';
import { checkNode, ensurePackages, root } from './packages.mjs';

const [suite, ...rest] = process.argv.slice(2);
checkNode();
ensurePackages();
await ensurePackaged();
ensureEmbedded();
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', suite, ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, BETTERTOGETHER_SUITE: suite },
});
process.exitCode = status ?? 1;
