/** The suites of tests, each run to its end and counted. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, say, secondsSince } from './packages.mjs';

/** A program among the npm packages, as a command. */
export function node(script, ...args) {
  return [process.execPath, join(root, 'node_modules', script), ...args];
}

/** Runs a command with its output shown; whether it ended well. */
export function run([command, ...args], options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options }).status === 0;
}

/**
 * @param args further arguments of vitest: which tests.
 * @returns name, passed, failed, skipped and the seconds as a text.
 */
export function vitest(name, args = []) {
  return counted(name, (reports) => {
    const file = join(reports, 'vitest.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const ok = run(node('vitest/vitest.mjs', 'run', ...reporters, ...args));
    return { ok, ...read(file, vitestCounts) };
  });
}

/** @param part a folder of `python`. */
export function pytest(part, python, args = [], env = {}) {
  return counted(`pytest ${part}`, (reports) => {
    const file = join(reports, 'pytest.xml');
    const ok = run([python, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', `--junitxml=${file}`, ...args], {
      cwd: join(root, 'python', part),
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
    });
    return { ok, ...read(file, pytestCounts) };
  });
}

function counted(name, suite) {
  const start = performance.now();
  say(`--- ${name}`);
  const reports = mkdtempSync(join(tmpdir(), 'bettertogether-test-'));
  const { ok, passed, failed, skipped } = suite(reports);
  rmSync(reports, { recursive: true, force: true });
  // A file that does not even load has no failed test, and fails all the same.
  return { name, passed, failed: ok ? failed : Math.max(1, failed), skipped, seconds: secondsSince(start) };
}

function vitestCounts(text) {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(text);
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
}

function pytestCounts(xml) {
  const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);
  const [failed, skipped] = [count('failures') + count('errors'), count('skipped')];
  return { passed: count('tests') - failed - skipped, failed, skipped };
}

function read(file, counts) {
  try {
    return counts(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}
