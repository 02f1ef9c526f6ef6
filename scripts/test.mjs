/** `npm test`: sets up what is missing, then every check there is. Ends with what passed and what failed. */
import { spawnSync } from 'node:child_process';
import { ensureDspy } from './dspy.mjs';
import { ensureEmbedded, ensurePackaged } from './ensure.mjs';
import { checkNode, ensurePackages, fail, say, secondsSince } from './packages.mjs';
import { check, node, pytest, sideBySide, vitest } from './suites.mjs';

const began = performance.now();
checkNode();
ensurePackages();
await ensurePackaged();
const { trainer, model } = ensureEmbedded();
ensurePytest(trainer.python);
// Not before the packages are there.
const { ensureChromium } = await import('./chromium.mjs');
ensureChromium();
const dspy = ensureDspy();
say(`set-up: ${secondsSince(began)}\n`);

// Two lanes for two cores, as far as suites leave one free.
const results = [
  ...(await sideBySide(
    [check('lint', node('eslint/bin/eslint.js', '.'))],
    [
      check('types', node('typescript/bin/tsc', '-p', '.')),
      check('types of the webview', node('typescript/bin/tsc', '-p', 'webview')),
      check('types of its tests', node('typescript/bin/tsc', '-p', 'test/webview')),
      check('format', node('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.')),
    ],
  )),
  ...(await sideBySide([vitest('vitest unit, contracts and parity', projects('unit', 'contracts', 'parity'))])),
  ...(await sideBySide(
    [vitest('vitest system', projects('system'))],
    [
      pytest('host', dspy),
      // The trainer's tests with the real model fail, rather than skip, when it is not there.
      pytest('trainer', trainer.python, [], { BETTERTOGETHER_MODEL: model.path, BETTERTOGETHER_REQUIRE_MODEL: '1' }),
      vitest('vitest webview', projects('webview')),
    ],
  )),
  ...(await sideBySide([vitest('vitest vscode', projects('vscode'))])),
];

say('');
for (const { name, passed, failed, seconds } of results)
  say(`${name}: ${passed} passed, ${failed} failed (${seconds})`);
const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
say(`all of it took ${secondsSince(began)}`);
// The last line is for machines: these words and nothing else.
say(`total: ${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') > 0 ? 1 : 0;

function projects(...names) {
  return names.flatMap((name) => ['--project', name]);
}

/** pytest is for developers alone, so the trainer's own set-up leaves it out. */
function ensurePytest(python) {
  if (spawnSync(python, ['-m', 'pytest', '--version'], { stdio: 'ignore' }).status === 0) return;
  say('installing pytest beside the trainer');
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'pytest==8.4.2'];
  if (spawnSync(python, args, { stdio: 'inherit' }).status !== 0) fail('pytest could not be installed; see above');
}
