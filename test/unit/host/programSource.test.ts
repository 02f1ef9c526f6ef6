/** A program's code as the Node host describes it: declarations as written, and never rows. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { declarationsOf } from '../../../src/host/node/source/declarations.ts';
import { programSource } from '../../../src/host/node/source/programSource.ts';
import { Module } from '../../../src/program/module.ts';

const program = `import { ChainOfThought, Module, Predict, signature } from 'bettertogether';
import { Search as Found, query } from './parts/search.ts';

export const train = [{ question: 'row of the file', answer: 'a' }];
const labels = { 'row of the file': 'a' };
const unused = signature('unused -> answer');

/** What a card is. */
const card = z.object({ title: z.string() });
const answer = signature({ inputs: { question: z.string() }, outputs: { card } }, {
  instructions: \`Answer
    with a card.\`, // one
  descriptions: { question: 'of a user', card: 'the best' },
});

function unusedHelper() { return labels; }

abstract class Base extends Module {}

/**
 * Looks things up, then answers.
 */
export class Program extends Base {
  kinds = ['yes', 'no'] as const;
  demos = [
    { question: 'row in the class', answer: 'a' }, // }
    { question: 'row in the class', answer: labels },
  ];
  table = new Map([['row in the class', 'a'], ['b', 'c']]);
  query = new ChainOfThought(query);
  answer = new Predict(answer, { temperature: 0 });

  async forward({ question }: { question: string }): Promise<{ card: unknown }> {
    if (/[{"'\`]/.test(question)) return { card: \`\${question} \${\`}\`}\` };
    return this.answer({ question });
  }
}

export const make = (): Program => {
  const rows = [{ question: 'row in the function', answer: 'b' }];
  return new Program();
};
export const instance = new Program()
export const plain = {
  answer: new Predict('question -> answer'),
  rows: [['row of the object', 'a']],
  forward({ question }) { return this.answer({ question }); },
};
export default class extends Program {}
`;

const parts = `import { signature } from 'bettertogether';
export const query = signature('question -> search_query', 'Write a query.');
export class Search extends Module {}
export class NotThere {}
`;

class Base extends Module {
  override forward(): unknown {
    return null;
  }
}
class Program extends Base {
  parts: readonly Module[] = [];
}
const root = new Program();

describe('the source of a program', () => {
  let workspace: string;
  beforeEach(() => {
    workspace = mkdtempSync(join(tmpdir(), 'bettertogether-source-'));
    write('parts/search.ts', parts);
  });
  afterEach(() => rmSync(workspace, { recursive: true, force: true }));

  function write(file: string, text: string): string {
    mkdirSync(dirname(join(workspace, file)), { recursive: true });
    writeFileSync(join(workspace, file), text);
    return join(workspace, file);
  }

  function sourceOf(name: string, { text = program, of = root as object, file = 'program.ts' } = {}) {
    const home = write(file, text);
    const files = [home, join(workspace, 'parts/search.ts'), join(workspace, 'gone.ts')];
    return programSource({ name, file: home, files, root: of, workspace });
  }

  it('is its class, those it extends, and the signatures that they name, in the order of definition', () => {
    const text = sourceOf('Program')!;
    const order = [
      '// program.ts\n\n/** What a card is. */\nconst card = z.object({ title: z.string() });\n\nconst answer = signature({',
      "// one\n  descriptions: { question: 'of a user', card: 'the best' },\n});",
      'abstract class Base extends Module {}',
      '/**\n * Looks things up, then answers.\n */\nexport class Program extends Base {',
      "// parts/search.ts\n\nexport const query = signature('question -> search_query', 'Write a query.');",
    ];
    const places = order.map((each) => text.indexOf(each));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(text).not.toMatch(/unused|NotThere|make|instance/);
    expect(text.split('class Program')).toHaveLength(2);
  });

  it.each(['Program', 'make', 'instance', 'plain', 'default'])('has no rows: %s', (name) => {
    const text = sourceOf(name)!;
    expect(text).not.toMatch(/row (of|in) the/);
    expect(text).toContain("kinds = ['yes', 'no'] as const;\n  demos = [...];\n  table = new Map([...]);");
    expect(text).toContain('new Predict(answer, { temperature: 0 })');
    expect(text).toContain('return this.answer({ question });');
  });

  it('has what makes the program', () => {
    expect(sourceOf('make')).toContain('export const make = (): Program => {\n  const rows = [...];\n  return new');
    expect(sourceOf('instance')).toContain('export const instance = new Program()\n\n// parts/search.ts');
    expect(sourceOf('plain')).toContain('rows: [...],\n  forward({ question })');
    expect(sourceOf('default')).toContain('export default class extends Program {}');
  });

  it('has the classes of modules that hang from it, wherever their files are', () => {
    const { Search } = { Search: class Search extends Base {} };
    const of = Object.assign(new Program(), { parts: [new Search()] });
    expect(sourceOf('Program', { of })).toContain('export class Search extends Module {}');
  });

  it.each([
    ['common.cjs', "const { Predict } = require('x');\n\nexports.P = class P {\n  forward() {}\n};\n", 'P'],
    ['common.cjs', 'class P {\n  forward() {}\n}\nmodule.exports = { P };\n', 'P'],
    ['p.ts', "export const rows = ['a']\n\n@traced({ name: 'p' })\nexport class P\n{\n  forward() {}\n}\nrun()\n", 'P'],
  ])('is found in %s as it is written there', (file, text, name) => {
    const found = sourceOf(name, { text, file, of: { forward: () => null } })!;
    expect(text).toContain(found);
    expect(found).toMatch(/class P\s*\{\n {2}forward\(\) \{\}\n\}/);
    expect(found).not.toMatch(/rows|require|run/);
  });

  it.each([
    ['a list', 'export const p = [1, 2];'],
    ['a name from elsewhere', "export { p } from 'package';"],
    ['a bracket that is not closed', 'export class p {'],
    ['a text that is not closed', "export class p { x = 'a }"],
    ['nothing', ''],
  ])('is left out where it cannot be had: %s', (_, text) => {
    expect(sourceOf('p', { text, of: { forward: () => null } })).toBeUndefined();
  });

  it('keeps what is nearest to the program where not all fits', () => {
    const text = sourceOf('Program', { text: program.replace('// one', `// ${'x'.repeat(20_000)}`) })!;
    expect(text).toContain('class Program');
    expect(text).toContain('export const query');
    expect(text).not.toContain('const answer');
  });
});

it('declarations end where they end, with and without semicolons', () => {
  const text = [
    'const half = 4 / 2 / 1, words = /a[/]"b/g',
    "type Kind = 'a' | 'b'",
    'export async function* f<T>(x: { a: T }): AsyncGenerator<T>\n{ yield x.a }',
    'let x =\n  f\n    .call(null)',
    'export default {\n  a: `${`${1}`}`,\n}',
  ];
  const found = declarationsOf(text.join('\n'));
  expect(found.map(({ names }) => names)).toEqual([['half'], [], ['f'], ['x'], ['default']]);
  const source = text.join('\n');
  expect(found.map(({ start, tokens }) => source.slice(start, tokens.at(-1)!.end))).toEqual(text);
});
