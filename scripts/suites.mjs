/** The suites of tests, each run to its end and counted. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root, say, secondsSince } from './packages.mjs';

/** A program among the npm packages, as a command. */
export function node(script, ...args) {
  return [process.execPath, join(root, 'node_modules', script), ...args];
}

/** Runs a command. @param live its output is shown as it comes; otherwise it is in the result. */
function run([command, ...args], live, options = {}) {
  return new Promise((resolve) => {
    const stdio = live ? 'inherit' : ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd: root, stdio, ...options });
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (status) => resolve({ ok: status === 0, output: Buffer.concat(output).toString() }));
  });
}

/** Sees to a list of what the tests need (scripts/testParts.mjs). @returns where things are; `null`: it failed, and said why. */
export async function installed(list) {
  const stdio = ['ignore', 'pipe', 'inherit'];
  const { ok, output } = await run([process.execPath, join(root, 'scripts', 'testParts.mjs'), list], false, { stdio });
  return ok ? JSON.parse(output) : null;
}

/**
 * Runs lists of suites side by side, each list one suite after the other. Output of the first list is shown as it comes,
 * that of the others when a suite has ended.
 */
export async function sideBySide(...lists) {
  const lanes = lists.map(async (suites, lane) => {
    const results = [];
    for (const suite of suites) results.push(await suite(lane === 0));
    return results;
  });
  return (await Promise.all(lanes)).flat();
}

/** A check that passes or fails as a whole. */
export const check = (name, command) => (live) =>
  counted(name, live, async () => {
    const { ok, output } = await run(command, live);
    return { ok, output, ...nothing, passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  });

/**
 * @param args further arguments of vitest: which tests.
 * @returns name, passed, failed, skipped, the seconds as a text, and of each failure a line: which test, and what it said.
 */
export const vitest =
  (name, args = []) =>
  (live) =>
    counted(name, live, async (reports) => {
      const file = join(reports, 'vitest.json');
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
      const { ok, output } = await run(node('vitest/vitest.mjs', 'run', ...reporters, ...args), live);
      return { ok, output, ...read(file, vitestCounts) };
    });

/** @param part a folder of `python`. */
export const pytest =
  (part, python, args = [], env = {}) =>
  (live) =>
    counted(`pytest ${part}`, live, async (reports) => {
      const file = join(reports, 'pytest.xml');
      const command = [python, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', `--junitxml=${file}`, ...args];
      const { ok, output } = await run(command, live, {
        cwd: join(root, 'python', part),
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
      });
      return { ok, output, ...read(file, pytestCounts) };
    });

async function counted(name, live, suite) {
  const start = performance.now();
  say(live ? `--- ${name}` : `    beside it: ${name}`);
  const reports = mkdtempSync(join(tmpdir(), 'bettertogether-test-'));
  const { ok, output, failed, ...rest } = await suite(reports);
  rmSync(reports, { recursive: true, force: true });
  if (!live) say(`--- ${name}, which ran beside others\n${output.trimEnd()}`);
  // A file that does not even load has no failed test, and fails all the same.
  return { name, ...rest, failed: ok ? failed : Math.max(1, failed), seconds: secondsSince(start) };
}

const nothing = { passed: 0, failed: 0, skipped: 0, failures: [] };

function vitestCounts(text) {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(text);
  const failures = testResults.flatMap(({ name: file, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0 && status === 'failed') return [failure(relative(root, file), message)];
    return failed.map((test) => failure(`${relative(root, file)} > ${test.fullName}`, test.failureMessages[0]));
  });
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests, failures };
}

function pytestCounts(xml) {
  const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);
  const [failed, skipped] = [count('failures') + count('errors'), count('skipped')];
  const cases = xml.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*><(?:failure|error) message="([^"]*)"/g);
  const failures = [...cases].map(([, file, test, message]) => failure(`${file} > ${test}`, message));
  return { passed: count('tests') - failed - skipped, failed, skipped, failures };
}

/** One line, so that the end of a long log says it all. */
function failure(test, message = '') {
  const [line] = stripVTControlCharacters(message).split(/\n|&#10;/);
  return `${test}: ${line}`;
}

function read(file, counts) {
  try {
    return counts(readFileSync(file, 'utf8'));
  } catch {
    return nothing;
  }
}
