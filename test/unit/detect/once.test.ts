import { afterEach, expect, it, vi } from 'vitest';
import { Calls } from '../../../src/detect/evaluation/calls.ts';
import { Expressions } from '../../../src/detect/evaluation/expressions.ts';
import { Parsers } from '../../../src/detect/grammars.ts';
import { brief, detectorOf, inPython } from './memoryFiles.ts';

afterEach(() => vi.restoreAllMocks());

it('calls a function once, whatever is looked for in what it answers', async () => {
  const invoke = vi.spyOn(Calls.prototype, 'invoke');
  const found = await inPython(`import dspy
def build():
    return dspy.Predict("question -> answer")
`);
  expect(brief(found.programs)).toEqual(['build: self']);
  expect(invoke).toHaveBeenCalledTimes(1);
});

it('evaluates a value once, whatever is looked for in it', async () => {
  const evaluate = vi.spyOn(Expressions.prototype, 'in');
  const found = await inPython(`import dspy
ask = dspy.Predict("question -> answer")
`);
  expect(brief(found.programs)).toEqual(['ask: self']);
  expect(evaluate).toHaveBeenCalledTimes(1);
});

it('counts what is appended to a list once, however often it is asked for', async () => {
  const { programs } = await inPython(`import dspy
parts = [dspy.Predict("a -> b")]
parts.append(dspy.Predict("b -> c"))
def build():
    return Whole(parts)
class Whole(dspy.Module):
    def __init__(self, parts):
        parts.append(dspy.Predict("c -> d"))
        self.parts = parts
first = Whole(parts)
second = Whole(parts)
`);
  const predictors = 'parts[0], parts[1], parts[2]';
  expect(brief(programs)).toEqual([`build: ${predictors}`, 'Whole: ', `first: ${predictors}`, `second: ${predictors}`]);
});

it('parses a body once, in however many files it is called', async () => {
  const parse = vi.spyOn(Parsers.prototype, 'parsePart');
  const use = 'from helper import made\nask = made()\n';
  const helper = 'import dspy\ndef made():\n    return dspy.Predict("question -> answer")\n';
  const { detector } = detectorOf({ 'helper.py': helper, 'a.py': use, 'b.py': use });
  await detector.scan();
  expect(detector.found().programs.map(({ file, name }) => `${file}#${name}`)).toEqual([
    'a.py#ask',
    'b.py#ask',
    'helper.py#made',
  ]);
  expect(parse).toHaveBeenCalledTimes(1);
});
