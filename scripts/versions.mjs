/**
 * `npm run test:versions`: the tests that need DSPy, with each version of it that is supported, in an environment of its
 * own (scripts/dspy.mjs). What passed is written to `docs/compatibility/dspy.json` and so to `docs/compatibility.md`.
 * Arguments are versions: `npm run test:versions -- 3.0.0 3.2.0`; without one it is all of them, which takes an hour.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dspyVersions, ensureDspy } from './dspy.mjs';
import { checkNode, ensurePackages, fail, say } from './packages.mjs';
import { pytest, vitest } from './suites.mjs';

const versions = process.argv.length > 2 ? process.argv.slice(2) : dspyVersions;
checkNode();
ensurePackages();
// Not before: they import packages that were perhaps installed a moment ago.
const { default: prettier } = await import('prettier');
const { compatibilityPage, pageFile, tableFile } = await import('./compatibility.mjs');
const failures = [];
for (const version of versions) {
  const results = await resultsWith(version);
  const failed = Object.values(results).some((result) => result.failed > 0);
  if (failed) failures.push(version);
  else await keep({ dspy: version, ...told(version, results) });
}
if (failures.length > 0) fail(`Tests failed with DSPy ${failures.join(', ')}; see above.`);

/** By the columns of the table. */
async function resultsWith(version) {
  process.env.BETTERTOGETHER_DSPY = version;
  const python = ensureDspy();
  say(`=== DSPy ${version}`);
  const goldens = 'tests/test_goldens.py';
  return {
    goldens: await pytest('host', python, [goldens])(true),
    host: await pytest('host', python, [`--ignore=${goldens}`])(true),
    parity: await vitest('parity', ['--project', 'parity', 'test/parity/dspy'])(true),
  };
}

function told(version, results) {
  const columns = Object.entries(results).map(([name, { passed, skipped }]) => [
    name,
    skipped === 0 ? `${passed} passed` : `${passed} passed, ${skipped} left out`,
  ]);
  return { ...Object.fromEntries(columns), python: pythonOf(), ran: new Date().toISOString().slice(0, 10) };
}

function pythonOf() {
  const code = 'import platform; print(platform.python_version(), end="")';
  return spawnSync(ensureDspy(), ['-c', code], { encoding: 'utf8' }).stdout;
}

/** Puts the row in the place of an earlier one, the newest version first. */
async function keep(row) {
  const file = tableFile('dspy.json');
  const others = JSON.parse(readFileSync(file, 'utf8')).filter(({ dspy }) => dspy !== row.dspy);
  const rows = [...others, row].sort((a, b) => dspyVersions.indexOf(a.dspy) - dspyVersions.indexOf(b.dspy));
  const style = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(JSON.stringify(rows), { ...style, parser: 'json' }));
  writeFileSync(pageFile(), await compatibilityPage());
}
