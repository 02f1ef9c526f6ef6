/** Records and answers are read back as JSON with a schema: nothing in them is unpickled, evaluated or imported. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

function sources(folder: string, ending: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.split(/[\\/]/).includes('tests'))
    .map((name) => join(root, folder, name));
}

/** Runs the cells of a notebook of the user's, as an import runs a file. */
const runsNotebooks = join(root, 'python', 'host', 'bettertogether_host', 'notebooks', 'loading.py');

it.each([
  [
    'python',
    '.py',
    /\b(?:pickle|marshal|shelve|dill|joblib)\b|(?<![.\w])(?:eval|exec)\(|allow_pickle=True|weights_only=False/,
  ],
  ['src', '.ts', /(?<![.\w])eval\(["'`\w]|new Function\(|from 'node:vm'|\b(?:deserialize|(?:Default)?Deserializer)\b/],
] as const)('%s holds nothing that runs what it reads', (folder, ending, runs) => {
  const files = sources(folder, ending);
  expect(files.length).toBeGreaterThan(30);
  const found = files.filter(
    (file) => file !== runsNotebooks && runs.test(readFileSync(file, 'utf8').replaceAll(/^\s*(?:\/\/|\*|#).*$/gm, '')),
  );
  expect(found).toEqual([]);
});
