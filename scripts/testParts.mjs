/**
 * What the tests need and this machine lacks, in two lists that can be installed side by side: `node scripts/testParts.mjs
 * product|tools`. Prints where things are, as JSON.
 */
import { spawnSync } from 'node:child_process';
import { ensureChromium } from './chromium.mjs';
import { ensureDspy } from './dspy.mjs';
import { ensureEmbedded, ensurePackaged } from './ensure.mjs';
import { fail, path, say } from './packages.mjs';

const lists = { product, tools };

/** What is built here, with the embedded endpoint's own parts. */
async function product() {
  await ensurePackaged();
  const { trainer, model } = ensureEmbedded();
  ensurePytest(trainer.python);
  return { trainer: trainer.python, model: model.path };
}

/** A browser, DSPy and a VS Code. */
function tools() {
  ensureChromium();
  const dspy = ensureDspy();
  const { status } = spawnSync('bash', [path('test', 'vscode', 'setup.sh')], { stdio: ['ignore', 2, 2] });
  if (status !== 0) fail('VS Code could not be set up for the tests; see above');
  return { dspy };
}

/** pytest is for developers alone, so the trainer's own set-up leaves it out. */
function ensurePytest(python) {
  if (spawnSync(python, ['-m', 'pytest', '--version'], { stdio: 'ignore' }).status === 0) return;
  say('installing pytest beside the trainer');
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'pytest==8.4.2'];
  if (spawnSync(python, args, { stdio: ['ignore', 2, 2] }).status !== 0)
    fail('pytest could not be installed; see above');
}

process.stdout.write(JSON.stringify(await lists[process.argv[2]]()));
