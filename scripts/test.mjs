/** `npm test`: sets up what is missing, then every check there is. Ends with what passed and what failed. */
import { checkNode, ensurePackages, fail, say, secondsSince } from './packages.mjs';
import { check, installed, node, pytest, sideBySide, vitest } from './suites.mjs';

const began = performance.now();
checkNode();
ensurePackages();
say(`npm packages: ${secondsSince(began)}\n`);

// What is downloaded leaves the processor to what only reads.
const [product, tools, checks] = await Promise.all([
  installed('product'),
  installed('tools'),
  sideBySide(
    [
      check('lint', node('eslint/bin/eslint.js', '.')),
      check('format', node('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.')),
    ],
    [
      check('types', node('typescript/bin/tsc', '-p', '.')),
      check('types of the webview', node('typescript/bin/tsc', '-p', 'webview')),
      check('types of its tests', node('typescript/bin/tsc', '-p', 'test/webview')),
    ],
  ),
]);
if (product === null || tools === null) fail('set-up failed; see above');
say(`set-up and checks: ${secondsSince(began)}\n`);

// Two lanes for two cores, as far as suites leave one free.
const results = [
  ...checks,
  ...(await sideBySide([vitest('vitest unit, contracts and parity', projects('unit', 'contracts', 'parity'))])),
  ...(await sideBySide(
    [vitest('vitest system', projects('system'))],
    [
      pytest('host', tools.dspy),
      // The trainer's tests with the real model fail, rather than skip, when it is not there.
      pytest('trainer', product.trainer, [], {
        BETTERTOGETHER_MODEL: product.model,
        BETTERTOGETHER_REQUIRE_MODEL: '1',
      }),
      vitest('vitest webview', projects('webview')),
      // A window of VS Code waits much of its time, so that another suite can compute meanwhile.
      vitest('vitest vscode', projects('vscode')),
    ],
  )),
];

say('');
for (const { name, passed, failed, seconds } of results)
  say(`${name}: ${passed} passed, ${failed} failed (${seconds})`);
for (const { name, failures } of results) for (const each of failures) say(`failed in ${name}: ${each}`);
const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
say(`all of it took ${secondsSince(began)}`);
// The last line is for machines: these words and nothing else.
say(`total: ${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') > 0 ? 1 : 0;

function projects(...names) {
  return names.flatMap((name) => ['--project', name]);
}
