import { expect, it } from 'vitest';
import { brief, inPython } from './memoryFiles.ts';

const head = 'import dspy\nfrom dataclasses import dataclass, field\nfrom typing import ClassVar\n';
const forward = '    def forward(self, question):\n        return self.ask(question=question)\n';

it.each([
  ['made by a factory', '    ask: dspy.Predict = field(default_factory=lambda: dspy.Predict("question -> answer"))\n'],
  ['a value of the class', '    ask: dspy.Predict = dspy.Predict("question -> answer")\n'],
  [
    'made after the fields',
    '    k: int = 3\n    ask: dspy.Predict = field(init=False)\n    limit: ClassVar[int]\n' +
      '    def __post_init__(self):\n        self.ask = dspy.Predict("question -> answer")\n',
  ],
])('lists the predictors of a dataclass: %s', async (_, body) => {
  const { programs } = await inPython(`${head}@dataclass\nclass QA(dspy.Module):\n${body}${forward}`);
  expect(programs).toMatchObject([
    { name: 'QA', runnable: true, predictors: [{ name: 'ask', signature: 'question -> answer' }] },
  ]);
});

it('follows fields and what is made of them through dataclasses that build on others, with arguments in the order of fields', async () => {
  const { programs } = await inPython(`${head}
@dataclass(kw_only=False)
class Base(dspy.Module):
    signature: "str"
    ask: dspy.Module = field(default_factory=lambda: dspy.Predict("question -> answer"))
    def __post_init__(self):
        self.more = dspy.ChainOfThought(self.signature)
${forward}
@dataclass
class Child(Base):
    extra: dspy.Predict = None
    def __post_init__(self):
        super().__post_init__()
        self.third = dspy.Predict("gist -> end")

child = Child("answer -> gist", extra=dspy.Predict("x -> y"))
`);
  expect(brief(programs)).toEqual([
    'Base: ask, more.predict',
    'Child: ask, more.predict, third',
    'child: ask, extra, more.predict, third',
  ]);
  expect(programs.map(({ runnable }) => runnable)).toEqual([false, false, true]);
  expect(programs[2]!.predictors[2]!.signature).toBe('answer -> gist');
});

it('makes what a factory makes for each program', async () => {
  const { programs } = await inPython(`${head}
@dataclass
class Part(dspy.Module):
    ask: dspy.Predict = field(default_factory=lambda: dspy.Predict("question -> answer"))
class Whole(dspy.Module):
    def __init__(self):
        self.first = Part()
        self.second = Part()
${forward}`);
  expect(brief(programs)).toEqual(['Part: ask', 'Whole: first.ask, second.ask']);
});
