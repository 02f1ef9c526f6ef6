/** Sources that nobody writes: neither a stack nor a clock runs out, and no other program is hidden by them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDetector } from '../../../src/detect/detectFolder.ts';
import { largestFile, mostPredictors } from '../../../src/detect/base/limits.ts';
import { deepestSyntax } from '../../../src/detect/lowering/nodes.ts';
import { brief, detectorOf } from './memoryFiles.ts';

const good = `import dspy
class Good(dspy.Module):
    def __init__(self):
        self.answer = dspy.Predict("q -> a")
    def forward(self, q):
        return self.answer(q=q)
`;
const goodInTypeScript = `import { Module, Predict } from 'bettertogether';
export class Fine extends Module {
  answer = new Predict('q -> a');
  forward(q: string) { return this.answer({ q }); }
}
`;

/** What is found beside a hostile file, which may itself be told as a problem. */
async function beside(files: Record<string, string>): Promise<readonly string[]> {
  const { detector } = detectorOf({ ...files, 'good.py': good, 'fine.ts': goodInTypeScript });
  await detector.scan();
  return brief([...detector.inFile('good.py').programs, ...detector.inFile('fine.ts').programs]);
}
const expected = ['Good: answer', 'Fine: answer'];
const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');
const nested = (count: number, open: string, inside: string, close: string): string =>
  open.repeat(count) + inside + close.repeat(count);

const n = 5000;
const python: Record<string, string> = {
  'classes with two bases each': `import dspy\n${lines(n, (i) => `class C${i}(${i === 0 ? 'dspy.Module' : `C${i - 1}`}, B${i}): pass`)}`,
  'classes that may have one base or another': `import dspy\n${lines(n, (i) => `class C${i}(C${i - 1} if 0 else dspy.Module): pass`)}`,
  'a sum of names': `x = ${Array(n).fill('a').join(' + ')}`,
  'a sum of strings': `x = ${Array(n).fill('"a"').join(' + ')}`,
  'strings side by side': `x = ${Array(n).fill('"a"').join(' ')}`,
  'a chain of or': `x = ${Array(n).fill('a').join(' or ')}`,
  'a chain of comparisons': `x = ${Array(n).fill('a').join(' < ')}`,
  'nested calls': `x = ${nested(n, 'f(', '1', ')')}`,
  'nested parentheses': `x = ${nested(n, '(', '1', ')')}`,
  'nested lists': `x = ${nested(n, '[', '1', ']')}`,
  'nested dictionaries': `x = ${nested(n, '{1:', '1', '}')}`,
  'nested lambdas': `x = ${'lambda: '.repeat(n)}1`,
  'nested conditions': `x = ${'1 if a else '.repeat(n)}1`,
  'nested not': `x = ${'not '.repeat(n)}a`,
  'open brackets': `x = ${'('.repeat(n)}`,
  'open brackets, a line each': lines(n, () => 'x = ('),
  'chained members': `x = a${'.b'.repeat(n)}`,
  'chained calls': `x = a${'.b()'.repeat(n)}`,
  'chained subscripts': `x = a${'[0]'.repeat(n)}`,
  'one assignment to many': `${lines(n, (i) => `x${i} =`).replaceAll('\n', ' ')} 1`,
  'names that lead to names': `x0 = dspy.Predict("q -> a")\n${lines(n, (i) => `x${i + 1} = x${i}`)}`,
  'one name assigned again and again': lines(n, () => 'x = [dspy.Example()]'),
  'a list that grows and grows': `x = []\n${lines(n, () => 'x += [dspy.Example()]')}`,
  'lists that double': `def made():\n    x = [dspy.Example()]\n${lines(60, () => '    x = x + x')}\n    return x`,
  'strings that double': `def made():\n    x = "ab"\n${lines(60, () => '    x = x + x')}\n    return dspy.Predict(x)`,
  'lists in lists that double': `import copy\ndef made():\n    x = [dspy.Example()]\n${lines(60, () => '    x = [x, x]')}\n    return copy.deepcopy(x)`,
  'loops in loops': `x = [dspy.Example() ${'for i in range(60) '.repeat(12)}]`,
  'a chain of classes': `class C0(dspy.Module):\n    pass\n${lines(n / 5, (i) => `class C${i + 1}(C${i}):\n    pass`)}`,
  'diamonds of classes': `class C0(dspy.Module): pass\n${lines(40, (i) => `class A${i}(C${i}): pass\nclass B${i}(C${i}): pass\nclass C${i + 1}(A${i}, B${i}): pass`)}`,
  'classes in classes': lines(300, (i) => `${' '.repeat(i)}class C${i}(dspy.Module):`) + ' pass',
  'classes that are their own bases': 'class A(B): pass\nclass B(A): pass\nclass C(C): pass',
  'modules in modules': `class C0(dspy.Module):\n  def __init__(self, x=None):\n    self.a = x\n    self.b = x\n    self.p = dspy.Predict("q -> a")\nx = ${nested(40, 'C0(', '', ')')}`,
  decorators: `@${'a'.repeat(100_000)}!\ndef f(): pass`,
  'blank lines': `def f():\n${'\n'.repeat(200_000)}    return 1`,
  'spaces before a comment': `x = (\n${' '.repeat(300_000)}# a'`,
  'imports that do not end': `# dspy.\n${lines(2_000, () => 'from a import (')}`,
  'parameters and spaces': `def f(gold, pred,trace${' '.repeat(300_000)}x`,
  'nothing but quotes': `"""${'"'.repeat(n)}`,
  'no text at all': '\u0000'.repeat(n),
};
const typeScript: Record<string, string> = {
  'a sum': `export const x = ${Array(n).fill('"a"').join(' + ')};`,
  'nested calls': `export const x = ${nested(n, 'f(', '1', ')')};`,
  'nested arrows': `export const x = ${'() => '.repeat(n)}1;`,
  'nested arrays': `export const train = ${nested(n, '[', '1', ']')};`,
  'nested objects': `export const train = ${nested(n, '{a:', '1', '}')};`,
  'nested templates': `export const x = ${nested(n / 10, '`${', '1', '}`')};`,
  'else after else': `${'if (a) {} else '.repeat(n)}{}`,
  'blocks in blocks': nested(n, '{', '', '}'),
  ternaries: `export const x = ${'a ? b : '.repeat(n)}c;`,
  generics: `export const x = ${nested(n, 'A<', 'B', '>')}();`,
  'a chain of classes': `import { Module } from 'bettertogether';\nclass C0 extends Module {}\n${lines(n / 5, (i) => `class C${i + 1} extends C${i} {}`)}`,
  exports: `${lines(n, (i) => `const a${i} = 1;`)}\nexport { ${lines(n, (i) => `a${i} as b${i},`)} };`,
  'exports that do not end': lines(2_000, () => 'export const {'),
  'exported braces that do not end': lines(2_000, () => 'export {'),
};

describe('hostile sources hide no program', () => {
  it.each(Object.entries(python))('Python: %s', async (_, text) => {
    expect(await beside({ 'bad.py': `import dspy\n${text}\n` })).toEqual(expected);
  });

  it.each(Object.entries(typeScript))('TypeScript: %s', async (_, text) => {
    expect(await beside({ 'bad.ts': `import {} from 'bettertogether';\n${text}\n` })).toEqual(expected);
    expect(await beside({ 'other.ts': text })).toEqual(expected);
  });

  it('imports in a circle, and through a thousand files', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`m${i}.py`, `# dspy\nfrom m${(i + 1) % 1000} import x as x, y as x\n`]),
    );
    const circle = {
      'a.py': 'import dspy\nfrom b import *\nfrom b import X\n',
      'b.py': 'import dspy\nfrom a import *\nfrom a import X\n',
    };
    expect(await beside({ ...chain, ...circle })).toEqual(expected);
  });

  it('a chain of a thousand classes is followed to its end', async () => {
    const { detector } = detectorOf({
      'bad.py': `import dspy\n${python['a chain of classes']!.replace('    pass', good.split('\n').slice(2).join('\n'))}`,
    });
    await detector.scan();
    expect(brief(detector.inFile('bad.py').programs).at(-1)).toBe('C1000: answer');
  });
});

describe('limits of what is looked into', () => {
  const within = (levels: number) => `import dspy\nx = ${nested(levels, '(', 'dspy.Predict("q -> a")', ')')}\n`;
  it('expressions within each other', async () => {
    const found = async (levels: number) => {
      const { detector } = detectorOf({ 'a.py': within(levels) });
      await detector.scan();
      return brief(detector.inFile('a.py').programs);
    };
    // Beside them lie the statement, the call, and what is called in it.
    expect(await found(deepestSyntax - 4)).toEqual(['x: self']);
    expect(await found(deepestSyntax - 3)).toEqual([]);
  });

  it('predictors of a program', async () => {
    const text = `import dspy\nclass P(dspy.Module):\n  def __init__(self):\n${lines(mostPredictors + 5, (i) => `    self.p${i} = dspy.Predict("q -> a")`)}\n  def forward(self, q): pass\n`;
    const { detector } = detectorOf({ 'a.py': text });
    await detector.scan();
    expect(detector.inFile('a.py').programs[0]?.predictors).toHaveLength(mostPredictors);
  });
});

describe('what is no source', () => {
  it('is passed over or told, and everything else is found', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sources-'));
    try {
      writeFileSync(join(folder, 'good.py'), good);
      writeFileSync(
        join(folder, 'latin.py'),
        Buffer.concat([Buffer.from(good.replace('Good', 'Latin')), Buffer.from([0x23, 0xe4])]),
      );
      writeFileSync(join(folder, 'huge.py'), `import dspy\nx = "${'a'.repeat(10 * largestFile)}"`);
      mkdirSync(join(folder, 'folder.py'));
      symlinkSync(folder, join(folder, 'around'));
      symlinkSync('circle.py', join(folder, 'circle.py'));
      if (process.platform !== 'win32') {
        symlinkSync('/dev/zero', join(folder, 'zero.py'));
        execFileSync('mkfifo', [join(folder, 'pipe.py')]);
        execFileSync('mkfifo', [join(folder, '.gitignore')]);
      }
      const detector = createDetector(folder);
      await detector.scan();
      for (const file of ['pipe.py', 'zero.py', 'circle.py', 'folder.py', 'around/good.py'])
        await detector.update(file);
      const { programs, problems } = detector.found();
      expect(programs.map(({ name }) => name)).toEqual(expect.arrayContaining(['Good', 'Latin']));
      expect(problems).toContainEqual({ file: 'latin.py', why: 'it is not UTF-8 text' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
