import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createDetector } from '../../../src/detect/detectFolder.ts';
import { mend } from '../../../src/detect/mend.ts';
import { brief, detectorOf, inPython } from './memoryFiles.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/detect/python/broken', import.meta.url));

// Not files: the compiler and the formatter would stumble over them.
const half = `import { ChainOfThought, Module, Predict } from 'bettertogether';

export class Whole extends Module {
  ask = new Predict('whole -> ask');
  async forward() {
    return this.ask({ whole: '' });
  }
}

export class Half extends Module {
  first = new ChainOfThought('half -> first'
  second = new Predict('half -> second');

  async forward({ half }: { half: string }) {
    const { first } = await this.first({ half

export class After extends Module {
  ask = new Predict('after -> ask');
  forward() {
    return null;
  }
}
`;
const end = `import { Module, Predict } from 'bettertogether';

export const ready = new Predict('ready -> go');

export class Typed extends Module {
  done = new Predict('typed -> done');
  open = new Predict('typed -> op
`;

async function inFolder(folder: string) {
  const detector = createDetector(folder);
  await detector.scan();
  return detector;
}

describe('source that does not parse', () => {
  it('Python: finds half-typed classes, and whole ones before and after them', async () => {
    const detector = await inFolder(fixtures);
    expect(brief(detector.inFile('half_class.py').programs)).toEqual([
      'Whole: ask',
      'Half: first.predict, second',
      'After: ask',
    ]);
    expect(brief(detector.inFile('typing.py').programs)).toEqual(['Typed: done, open.predict']);
    expect(detector.inFile('typing.py').metrics).toEqual([{ file: 'typing.py', line: 4, name: 'metric' }]);
    expect(brief(detector.inFile('head.py').programs)).toEqual(['ready: self', 'Started: ']);
  });

  it('TypeScript: the same', async () => {
    const { detector } = detectorOf({ 'half.ts': half, 'end.ts': end });
    await detector.scan();
    expect(brief(detector.inFile('half.ts').programs)).toEqual([
      'Whole: ask',
      'Half: first.predict, second',
      'After: ask',
    ]);
    expect(brief(detector.inFile('end.ts').programs)).toEqual(['ready: self', 'Typed: done, open']);
  });

  it('stays calm about classes that are their own ancestors, and modules that hold themselves', async () => {
    const detector = await inFolder(fixtures);
    expect(brief(detector.inFile('names.py').programs)).toEqual(['Fine: ', 'Cycle: only']);
  });

  it('finds the class at every single stage of its being typed', async () => {
    const whole = `import dspy

class QA(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.ChainOfThought("question -> answer")
        self.check = [dspy.Predict("answer -> ok") for _ in range(2)]

    def forward(self, question):
        return self.answer(question=question)
`;
    const head = whole.indexOf('Module') + 'Module'.length;
    const answer = whole.indexOf('"question');
    const missed: string[] = [];
    for (let end = head; end <= whole.length; end++) {
      const { programs } = await inPython(whole.slice(0, end));
      const names = programs.find(({ name }) => name === 'QA')?.predictors.map(({ name }) => name);
      const right = names !== undefined && (end <= answer || names[0] === 'answer.predict');
      if (!right) missed.push(whole.slice(Math.max(head, end - 20), end));
    }
    expect(missed).toEqual([]);
  });
});

describe('mend', () => {
  it('closes brackets and strings where the line ends, and keeps every line in its place', () => {
    expect(mend('a = f(1, [2\nb = "x\nc = {\n  1: 2,\n}\n', 'python')).toBe(
      'a = f(1, [2])\nb = "x"\nc = {\n  1: 2,\n}\n',
    );
    expect(mend('class A {\n  b = f(\nclass C {}\n', 'typescript')).toBe('class A {\n  b = f()}\nclass C {}\n');
  });

  it('gives a header a body, before a remark', () => {
    expect(mend('def f():\nx = 1', 'python')).toBe('def f(): pass\nx = 1');
    expect(mend('class A(B', 'python')).toBe('class A(B): pass');
    expect(mend('f(1 # a remark\ng()', 'python')).toBe('f(1)\ng()');
  });

  it('leaves whole text as it is', () => {
    const python = 'def f(\n    a,\n):\n    """A ( in\n    a text"""\n    return {\n        "a": [1],\n    }\n';
    expect(mend(python, 'python')).toBe(python);
    const typescript = 'const a = `\n( ${b}\n`;\nif (a) {\n  f(1, {\n    b: 2,\n  });\n} else {\n  g(); // (\n}\n';
    expect(mend(typescript, 'typescript')).toBe(typescript);
  });
});
