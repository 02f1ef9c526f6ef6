/**
 * `docs/compatibility.md`, made of the tables in `docs/compatibility/`: a test holds each of them to what it runs, and
 * `test/unit/scripts/compatibility.test.ts` the page to the tables. As a command it writes the page:
 *
 *     node scripts/compatibility.mjs
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';
import { root } from './packages.mjs';

/** The parts of the page: a table each, its columns by their keys in the file. */
const parts = [
  {
    file: 'dspy.json',
    title: 'Versions of DSPy',
    about:
      'Recorded prompts and answers (goldens), the tests of the Python host, and the comparison with DSPy itself, live ' +
      '(parity). What is left out is in the next table, or needs another machine.',
    columns: {
      dspy: 'DSPy',
      goldens: 'goldens',
      host: 'host',
      parity: 'parity',
      python: 'Python',
      ran: 'run on',
    },
    test: 'npm run test:versions',
  },
  {
    file: 'olderDspy.json',
    title: 'What older versions of DSPy do otherwise',
    about:
      'Prompts of a DSPy program are rendered, and its answers read, by the DSPy that is installed; the search for prompts, ' +
      'training rows, scores and exports are the same with each.',
    columns: { what: 'what', before: 'before', dspy: 'DSPy', run: 'in a run' },
    test: 'python/host/tests/test_goldens.py` and `test/parity/dspy',
  },
  {
    file: 'values.json',
    title: 'Values of DSPy programs',
    about:
      'Made in code, as input, label, prediction, demo and training row: what the host asks and scores, beside what DSPy alone does.',
    columns: { kind: 'value', does: 'beside DSPy' },
    test: 'python/host/tests/test_values.py',
  },
  {
    file: 'savedValues.json',
    title: 'Values in exported states',
    about: "What `export` writes of a demo's value for `program.load`, which is what DSPy's own `save` writes of it.",
    columns: { kind: 'value', saved: 'in the file' },
    test: 'test/parity/dspy/savedValues.test.ts',
  },
  {
    file: 'endpoints.json',
    title: 'Endpoints: what they answer',
    about:
      'What servers and services were seen to do, and what a run makes of it. Each line is played by a scripted server.',
    columns: { quirk: 'what it does', seenAt: 'seen at', does: 'what a run does' },
    test: 'test/unit/lm/quirks',
  },
  {
    file: 'training.json',
    title: 'Training services',
    about: 'What services that train answer over the wire of OpenAI, and what it means to a run.',
    columns: { quirk: 'what it answers', service: 'seen at', run: 'what a run does' },
    test: 'test/unit/finetune/compatibility.test.ts',
  },
  {
    file: 'systems.json',
    title: 'Windows and macOS',
    about:
      'BetterTogether was not run on Windows or macOS. What is below is tested on any system, by functions that take the style of ' +
      'paths of another one as an argument.',
    columns: { what: 'what', does: 'what becomes of it' },
    test: 'test/unit/base/otherSystems.test.ts',
  },
];

const introduction =
  'What was run: values, servers, training services and versions. This page is made of the tables that tests check ' +
  '(`node scripts/compatibility.mjs`), so it says nothing that was not run.';

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(pageFile(), await compatibilityPage());

export function pageFile() {
  return join(root, 'docs', 'compatibility.md');
}

export async function compatibilityPage() {
  const text = ['# Compatibility', introduction, ...parts.filter(isThere).map(sectionOf)].join('\n\n');
  const style = await prettier.resolveConfig(pageFile());
  return prettier.format(text, { ...style, parser: 'markdown' });
}

function isThere({ file }) {
  return existsSync(tableFile(file));
}

export function tableFile(file) {
  return join(root, 'docs', 'compatibility', file);
}

function sectionOf({ file, title, about, columns, test }) {
  const rows = JSON.parse(readFileSync(tableFile(file), 'utf8'));
  const lines = [
    Object.values(columns),
    Object.keys(columns).map(() => '-'),
    ...rows.map((row) => cellsOf(row, columns)),
  ];
  const table = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `## ${title}\n\n${about} Run by \`${test}\`.\n\n${table}`;
}

function cellsOf(row, columns) {
  return Object.keys(columns).map((key) =>
    String(row[key] ?? '')
      .replaceAll('|', '\\|')
      .replaceAll('<', '&lt;'),
  );
}
