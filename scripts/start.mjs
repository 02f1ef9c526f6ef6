/** `npm start`: sets up what is missing, then makes the example program better. Says how long each took. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureEmbedded } from './ensure.mjs';
import { checkNode, ensurePackages, root, say, secondsSince } from './packages.mjs';

const began = performance.now();
checkNode();
ensurePackages();
await ensureBuilt();
const { home } = ensureEmbedded();
say(`set-up: ${secondsSince(began)} (packages in ${join(root, 'node_modules')}, model and trainer in ${home})\n`);

const runBegan = performance.now();
const args = process.argv.slice(2);
const command = args.length > 0 ? args : ['optimize', 'intents', '--yes'];
const child = spawn(process.execPath, [join(root, 'dist', 'cli.js'), ...command], { cwd: root, stdio: 'inherit' });
// Ctrl-C reaches the child by itself, which stops cleanly; this process only waits for it.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (signal === 'SIGTERM') child.kill(signal);
  });
}
child.on('close', (code) => {
  say(`\nrun: ${secondsSince(runBegan)}`);
  process.exitCode = code ?? 1;
});
