import { describe, expect, it } from 'vitest';
import { brief, detectorOf, inPython } from './memoryFiles.ts';

const base = `import dspy
class Base(dspy.Module):
    def __init__(self):
        super().__init__()
        self.ask = dspy.Predict("question -> answer")
`;
const child = `from base import Base
class Child(Base):
    pass
`;

describe('Detector', () => {
  it('follows aliases from the nearest `src` around a file that has them, else from the outermost folder', async () => {
    const asks = (name: string) => `import { Module, Predict } from 'bettertogether';
export class ${name} extends Module {
  ${name.toLowerCase()} = new Predict('question -> answer');
  async forward(inputs: { question: string }) { return inputs; }
}
`;
    const { detector } = detectorOf({
      'apps/web/src/lib/base.ts': asks('Near'),
      'src/lib/base.ts': asks('Far'),
      'src/lib/other.ts': asks('Other'),
      'apps/web/src/bot.ts': `import { Near } from '@/lib/base';\nexport class Bot extends Near {}\n`,
      'src/server/lib/other.ts': asks('Neighbour'),
      'src/server/bot.ts': `import { Other } from '@/lib/other';\nexport class Bot3 extends Other {}\n`,
      'lib/plain.ts': asks('Plain'),
      'app/lib/plain.ts': asks('Neighbour'),
      'app/bot.ts': `import { Plain } from '@/lib/plain';\nexport class Bot4 extends Plain {}\n`,
      'apps/web/src/far.ts': `import { Other } from '~/lib/other';\nexport class Bot2 extends Other {}\n`,
    });
    await detector.scan();
    expect(brief(detector.inFile('apps/web/src/bot.ts').programs)).toEqual(['Bot: near']);
    expect(brief(detector.inFile('apps/web/src/far.ts').programs)).toEqual(['Bot2: other']);
    expect(brief(detector.inFile('src/server/bot.ts').programs)).toEqual(['Bot3: other']);
    expect(brief(detector.inFile('app/bot.ts').programs)).toEqual(['Bot4: plain']);
  });

  it('tells kind, framework, place and signature of each thing', async () => {
    const found = await inPython(`import dspy

class QA(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.ChainOfThought("question -> answer")

    def forward(self, question):
        return self.answer(question=question)
`);
    expect(found).toEqual({
      programs: [
        {
          file: 'a.py',
          line: 3,
          name: 'QA',
          language: 'python',
          kind: 'module',
          framework: 'dspy',
          runnable: true,
          inputs: { required: ['question'], optional: [], others: false },
          predictors: [{ name: 'answer.predict', line: 6, signature: 'question -> answer' }],
        },
      ],
      metrics: [],
      datasets: [],
      signatures: [],
    });
  });

  it('lists functions that make what no class makes alone', async () => {
    const found = await inPython(`import functools
import dspy

class Hops(dspy.Module):
    def __init__(self, n):
        super().__init__()
        self.hops = [dspy.Predict("question -> query") for _ in range(n)]

    def forward(self, question): ...

class Plain(dspy.Module):
    def __init__(self):
        super().__init__()
        self.ask = dspy.Predict("question -> answer")

    def forward(self, question): ...

def two_hops():
    program = Hops(n=2)
    return program

@functools.cache
def bare():
    return dspy.ChainOfThought("question -> answer")

def plain():
    return Plain()

def with_arguments(n):
    return Hops(n)

@dspy.tool
def decorated():
    return Hops(3)

async def later():
    return Hops(4)
`);
    const listed = found.programs.map(({ name, line, kind, runnable, predictors }) => [
      name,
      line,
      kind,
      runnable,
      predictors.map((each) => each.name),
    ]);
    expect(listed).toEqual([
      ['Hops', 4, 'module', false, ['hops[*]']],
      ['Plain', 11, 'module', true, ['ask']],
      ['two_hops', 18, 'module', true, ['hops[0]', 'hops[1]']],
      ['bare', 23, 'predictor', true, ['predict']],
    ]);
  });

  it('lists what a function makes of a class inside it, and a program that has `__call__` alone', async () => {
    const found = await inPython(`import dspy

class Called(dspy.Module):
    def __init__(self):
        super().__init__()
        self.ask = dspy.Predict("question -> answer")

    def __call__(self, question):
        return self.ask(question=question)

def answering(signature):
    class Answer(dspy.Module):
        def __init__(self):
            super().__init__()
            self.ask = dspy.Predict(signature)

        def forward(self, question):
            return self.ask(question=question)

    return Answer

Answer = answering("question -> answer")
program = answering("question -> sentence")()

def made():
    return answering("question -> word")()
`);
    const listed = found.programs.map(({ name, line, runnable, inputs, predictors }) => [
      name,
      line,
      runnable,
      inputs?.required,
      predictors[0]?.signature,
    ]);
    expect(listed).toEqual([
      ['Called', 3, true, ['question'], 'question -> answer'],
      ['answering.<locals>.Answer', 12, false, ['question'], null],
      ['Answer', 22, true, ['question'], 'question -> answer'],
      ['program', 23, true, ['question'], 'question -> sentence'],
      ['made', 25, true, ['question'], 'question -> word'],
    ]);
  });

  it('reads files without the framework only once, and parses them only when an import leads there', async () => {
    const { detector, read } = detectorOf({ 'base.py': base, 'child.py': child, 'other.py': 'import os\n' });
    await detector.scan();
    expect(brief(detector.found().programs)).toEqual(['Base: ask', 'Child: ask']);
    expect(read).toEqual(['base.py', 'child.py', 'other.py', 'child.py']);
  });

  it('follows a change of a base into the files that build on it, and names them', async () => {
    const files: Record<string, string> = {
      'base.py': base,
      'child.py': child,
      'alone.py': base.replace('Base', 'Alone'),
    };
    const { detector, read } = detectorOf(files);
    await detector.scan();
    read.length = 0;
    const alone = detector.inFile('alone.py');
    const changed = await detector.update('base.py', base.replace('self.ask', 'self.reply'));
    expect(changed.toSorted()).toEqual(['base.py', 'child.py']);
    expect(brief(detector.inFile('child.py').programs)).toEqual(['Child: reply']);
    expect(read).toEqual([]); // from the editor's text alone
    expect(detector.inFile('alone.py')).toBe(alone); // not looked at again
  });

  it('reads only what changed when it scans again, and knows the same as one that never scanned before', async () => {
    const files: Record<string, string> = {
      'base.py': base,
      'child.py': child,
      'alone.py': base.replace('Base', 'Alone'),
      'gone.py': 'from base import Base\nclass Gone(Base):\n    pass\n',
      'other.py': 'import os\n',
    };
    const { detector, read } = detectorOf(files);
    await detector.scan();
    const alone = detector.inFile('alone.py');
    read.length = 0;
    await detector.scan();
    expect(read).toEqual([]);
    delete files['gone.py'];
    files['base.py'] = base.replace('self.ask', 'self.reply');
    files['other.py'] = 'from child import Child\nclass Other(Child):\n    pass\n';
    files['new.py'] = 'import dspy\nask = dspy.Predict("a -> b")\n';
    await detector.scan();
    expect(read).toEqual(['base.py', 'other.py', 'new.py', 'other.py']);
    expect(brief(detector.found().programs)).toEqual([
      'Alone: ask',
      'Base: reply',
      'Child: reply',
      'ask: self',
      'Other: reply',
    ]);
    expect(detector.inFile('alone.py')).toBe(alone); // not looked at again
    const fresh = detectorOf(files);
    await fresh.detector.scan();
    expect(detector.found()).toEqual(fresh.detector.found());
  });

  it('takes a scan from the disk, whatever an editor showed', async () => {
    const { detector, read } = detectorOf({ 'base.py': base });
    await detector.scan();
    await detector.update('base.py', base.replace('Base', 'Typed'));
    read.length = 0;
    await detector.scan();
    expect(read).toEqual(['base.py']);
    expect(brief(detector.found().programs)).toEqual(['Base: ask']);
  });

  it('answers no change for a change that changes nothing', async () => {
    const { detector } = detectorOf({ 'base.py': base });
    await detector.scan();
    expect(await detector.update('base.py', `${base}\n# a remark\n`)).toEqual([]);
    expect(await detector.update('notes.md', 'import dspy')).toEqual([]);
  });

  it('finds what a new file makes a program, and forgets it with the file', async () => {
    const files: Record<string, string> = { 'child.py': child };
    const { detector } = detectorOf(files);
    await detector.scan();
    expect(detector.found().programs).toEqual([]);
    files['base.py'] = base;
    expect((await detector.update('base.py')).toSorted()).toEqual(['base.py', 'child.py']);
    expect(brief(detector.inFile('child.py').programs)).toEqual(['Child: ask']);
    expect((await detector.remove('base.py')).toSorted()).toEqual(['base.py', 'child.py']);
    expect(detector.found().programs).toEqual([]);
  });

  it('takes updates that come at once one after another', async () => {
    const { detector } = detectorOf({ 'base.py': base });
    const all = [detector.scan()];
    for (let i = 0; i < 20; i++) {
      all.push(detector.update('base.py', base.replaceAll('ask', `ask${i}`)).then(() => undefined));
    }
    await Promise.all(all);
    expect(brief(detector.found().programs)).toEqual(['Base: ask19']);
  });

  it('does not hold up the event loop with a large file', async () => {
    const helper = 'def helper(values):\n    return [value * 2 for value in values if value]\n\n';
    const { detector } = detectorOf({ 'large.py': base + helper.repeat(6000) });
    let longest = 0;
    let last = performance.now();
    let running = true;
    const tick = (): void => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
      if (running) setImmediate(tick);
    };
    setImmediate(tick);
    const began = performance.now();
    await detector.scan();
    running = false;
    const whole = performance.now() - began;
    expect(brief(detector.found().programs)).toEqual(['Base: ask']);
    // A slice is 8 ms; the machine's other work and collecting garbage come on top.
    expect(longest).toBeLessThan(Math.max(120, whole / 3));
  });

  it('looks at no file of more than a megabyte', async () => {
    const { detector } = detectorOf({ 'generated.py': base + '#'.repeat(1_000_000), 'base.py': base });
    await detector.scan();
    expect(detector.found().programs.map(({ file }) => file)).toEqual(['base.py']);
  });

  it('survives a source made to be slow', async () => {
    const found = await inPython(`import dspy
def f(n=dspy.Predict("a -> b")):
    return [f(n), f(n), f(n), f(n), f(n), f(n), f(n), f(n)]
class Slow(dspy.Module):
    def __init__(self):
        self.ask = dspy.Predict("a -> b")
        self.many = f()
        for i in range(60):
            for j in range(60):
                for k in range(60):
                    self.x = [dspy.Predict("a -> b") for _ in range(60)]
`);
    expect(found.programs[0]!.predictors[0]!.name).toBe('ask');
  });
});

describe('TypeScript', () => {
  it('takes parameter properties, casts and elements for what they are', async () => {
    const { detector } = detectorOf({
      'a.ts': `import { Module, Predict } from 'bettertogether';
export class Given extends Module {
  constructor(readonly one = new Predict('a -> b'), private two = <Predict>new Predict('c -> d'), plain = 3) {
    super();
  }
  forward() {}
}`,
      'b.tsx': `import { Module, Predict } from 'bettertogether';
const view = <p>{'text'}</p>;
export class Shown extends Module {
  ask = new Predict('a -> b');
  forward() { return <p>{view}</p>; }
}`,
    });
    await detector.scan();
    expect(brief(detector.found().programs)).toEqual(['Given: one, two', 'Shown: ask']);
    expect(detector.found().programs.map(({ runnable }) => runnable)).toEqual([true, true]);
  });
});

describe('what the source does not say', () => {
  it('marks an unknown number or key of predictors with a star, and an unknown signature with null', async () => {
    const { programs } = await inPython(`import dspy, sys
class Unknown(dspy.Module):
    def __init__(self, hops, signature, names):
        super().__init__()
        self.hops = [dspy.ChainOfThought(signature) for _ in range(hops)]
        self.by_name = {name: dspy.Predict("a -> b") for name in names}
        self.steps = []
        for _ in names:
            self.steps.append(dspy.Predict("c -> d"))
`);
    expect(programs[0]!.predictors).toEqual([
      { name: 'hops[*].predict', line: 5, signature: null },
      { name: 'by_name[*]', line: 6, signature: 'a -> b' },
      { name: 'steps[*]', line: 9, signature: 'c -> d' },
    ]);
    expect(programs[0]!.runnable).toBe(false);
  });

  it('names the class of a signature that comes from outside the workspace', async () => {
    const { programs } = await inPython(`import dspy
from company.signatures import Triage
ask = dspy.Predict(Triage)
`);
    expect(programs[0]!.predictors).toEqual([{ name: 'self', line: 3, signature: 'Triage' }]);
  });
});
