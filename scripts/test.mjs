/** `npm test`: sets up what is missing, then every check there is. Ends with what passed and what failed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDspy } from './dspy.mjs';
import { ensureBuilt, ensureEmbedded } from './ensure.mjs';
import { checkNode, ensurePackages, fail, root, say, secondsSince } from './packages.mjs';

const began = performance.now();
checkNode();
ensurePackages();
await ensureBuilt();
const { trainer, model } = ensureEmbedded();
ensurePytest(trainer.python);
// Not before the packages are there.
const { ensureChromium } = await import('./chromium.mjs');
ensureChromium();
const dspy = ensureDspy();
say(`set-up: ${secondsSince(began)}\n`);

const reports = mkdtempSync(join(tmpdir(), 'bettertogether-test-'));
const results = [
  check('types', node('typescript/bin/tsc', '-p', '.')),
  check('types of the webview', node('typescript/bin/tsc', '-p', 'webview')),
  check('types of its tests', node('typescript/bin/tsc', '-p', 'test/webview')),
  check('lint', node('eslint/bin/eslint.js', '.')),
  check('format', node('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.')),
  vitest(),
  // The trainer's tests with the real model fail, rather than skip, when it is not there.
  pytest('trainer', trainer.python, { BETTERTOGETHER_MODEL: model.path, BETTERTOGETHER_REQUIRE_MODEL: '1' }),
  pytest('host', dspy),
];
rmSync(reports, { recursive: true, force: true });

say('');
for (const { name, passed, failed, seconds } of results)
  say(`${name}: ${passed} passed, ${failed} failed (${seconds})`);
const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
say(`all of it took ${secondsSince(began)}`);
// The last line is for machines: these words and nothing else.
say(`total: ${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') > 0 ? 1 : 0;

function node(script, ...args) {
  return [process.execPath, join(root, 'node_modules', script), ...args];
}

function run([command, ...args], options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options }).status === 0;
}

/** A check that passes or fails as a whole. */
function check(name, command) {
  const start = performance.now();
  say(`--- ${name}`);
  const ok = run(command);
  return { name, passed: ok ? 1 : 0, failed: ok ? 0 : 1, seconds: secondsSince(start) };
}

function vitest() {
  const start = performance.now();
  say('--- vitest');
  const file = join(reports, 'vitest.json');
  const ok = run(
    node('vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`),
  );
  const report = readReport(file, (text) => JSON.parse(text));
  const failed = report?.numFailedTests ?? 0;
  // A file that does not even load has no failed test, and fails all the same.
  return {
    name: 'vitest',
    passed: report?.numPassedTests ?? 0,
    failed: ok ? failed : Math.max(1, failed),
    seconds: secondsSince(start),
  };
}

function pytest(part, python, env = {}) {
  const start = performance.now();
  say(`--- pytest ${part}`);
  const file = join(reports, `pytest-${part}.xml`);
  const ok = run([python, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', `--junitxml=${file}`], {
    cwd: join(root, 'python', part),
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
  });
  const count = (xml, name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);
  const { tests, failed } = readReport(file, (xml) => ({
    tests: count(xml, 'tests') - count(xml, 'skipped'),
    failed: count(xml, 'failures') + count(xml, 'errors'),
  })) ?? { tests: 0, failed: 0 };
  const seconds = secondsSince(start);
  return { name: `pytest ${part}`, passed: tests - failed, failed: ok ? failed : Math.max(1, failed), seconds };
}

function readReport(file, parse) {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** pytest is for developers alone, so the trainer's own set-up leaves it out. */
function ensurePytest(python) {
  if (spawnSync(python, ['-m', 'pytest', '--version'], { stdio: 'ignore' }).status === 0) return;
  say('installing pytest beside the trainer');
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'pytest==8.4.2'];
  if (!run([python, ...args])) fail('pytest could not be installed; see above');
}
