import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDetector } from '../../../src/detect/detectFolder.ts';
import { brief, detectorOf } from './memoryFiles.ts';

type Cell = string | { readonly markdown: string };

/** A notebook of nbformat 4, as Jupyter writes it. */
function notebook(cells: readonly Cell[], outputs: readonly unknown[] = []): string {
  const written = cells.map((cell) =>
    typeof cell === 'string'
      ? { cell_type: 'code', execution_count: 1, metadata: {}, outputs, source: linesOf(cell) }
      : { cell_type: 'markdown', metadata: {}, source: linesOf(cell.markdown) },
  );
  const metadata = { kernelspec: { name: 'python3', language: 'python' }, language_info: { name: 'python' } };
  return JSON.stringify({ cells: written, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1);
}

const linesOf = (text: string): readonly string[] => text.split(/(?<=\n)/);

const program = `class QA(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.ChainOfThought("question -> answer")

    def forward(self, question):
        return self.answer(question=question)
`;

async function foundIn(files: Record<string, string>) {
  const { detector } = detectorOf(files);
  await detector.scan();
  return detector.found();
}

describe('a Jupyter notebook', () => {
  it('is read cell by cell: programs, metrics, rows and signatures with their places', async () => {
    const found = await foundIn({
      'work/qa.ipynb': notebook([
        { markdown: '# dspy' },
        '%pip install -q dspy\n%load_ext autoreload\nimport dspy\nfiles = !ls\n',
        `\n\n${program}`,
        'class Answer(dspy.Signature):\n    question = dspy.InputField()\n    answer = dspy.OutputField()',
        { markdown: 'rows' },
        '%%time\ntrain = [dspy.Example(question="a", answer="b").with_inputs("question")]',
        'def metric(example, pred, trace=None):\n    return example.answer == pred.answer\nmetric?',
        'QA()(question="why?")\ndspy.inspect_history(n=1)',
      ]),
    });
    const at = (cell: number, line: number, name: string) => ({ file: 'work/qa.ipynb', line, name, cell });
    expect(found).toEqual({
      programs: [
        {
          ...at(3, 3, 'QA'),
          language: 'python',
          kind: 'module',
          framework: 'dspy',
          runnable: true,
          inputs: { required: ['question'], optional: [], others: false },
          predictors: [{ name: 'answer.predict', line: 6, cell: 3, signature: 'question -> answer' }],
        },
      ],
      metrics: [at(7, 1, 'metric')],
      datasets: [at(6, 2, 'train')],
      signatures: [at(4, 1, 'Answer')],
    });
  });

  it('of nbformat 3 is read too, and one whose texts are not in lines', async () => {
    const code = (input: string) => ({ cell_type: 'code', language: 'python', input, outputs: [], collapsed: false });
    const old = { worksheets: [{ cells: [code('import dspy'), code('ask = dspy.Predict("question -> answer")')] }] };
    const { programs } = await foundIn({ 'a.ipynb': JSON.stringify({ ...old, nbformat: 3, metadata: {} }) });
    expect(programs).toMatchObject([{ name: 'ask', cell: 2, line: 1 }]);
  });

  it('takes what it imports from a file of its folder, whether it names the framework itself or not', async () => {
    const found = await foundIn({
      'base.py': `import dspy\n${program}`,
      'a.ipynb': notebook(['from base import QA', 'class Mine(QA):\n    pass']),
      'b.ipynb': notebook(['import base\nimport pandas as pd', 'pd.DataFrame()\nprogram = base.QA()']),
    });
    expect(brief(found.programs)).toEqual(['Mine: answer.predict', 'QA: answer.predict']);
    expect(found.programs[0]).toMatchObject({
      file: 'a.ipynb',
      cell: 2,
      line: 1,
      predictors: [{ name: 'answer.predict', line: 5, file: 'base.py' }],
    });
    expect(found.programs[0]!.predictors[0]).not.toHaveProperty('cell');
    expect(found.problems).toBeUndefined();
  });

  it('and a file with the same class hold a program each; a class that is written again counts where it is last', async () => {
    const { programs } = await foundIn({
      'qa.py': `import dspy\n${program}`,
      'qa.ipynb': notebook(['import dspy', program, program]),
    });
    expect(programs.map(({ file, name, cell }) => [file, name, cell])).toEqual([
      ['qa.ipynb', 'QA', 2],
      ['qa.ipynb', 'QA', 3],
      ['qa.py', 'QA', undefined],
    ]);
  });

  it('with cells of other languages, empty ones and half-typed ones hides nothing', async () => {
    const { programs, problems } = await foundIn({
      'odd.ipynb': notebook([
        '',
        '%%bash\nfor i in 1 2; do echo "dspy $i\ndone',
        'import dspy\r\n',
        '   \n# only a comment',
        '%%writefile other.py\nclass Written(dspy.Module):\n    pass',
        'print("日本語 🙂',
        program,
        'def unfinished(a, b',
        'text = """never closed',
        'x = [1, {2: (3',
        'ask = dspy.Predict("question -> answer")\n!pip install x',
      ]),
    });
    expect(problems).toBeUndefined();
    expect(programs.map(({ name, cell, line }) => [name, cell, line])).toEqual([
      ['QA', 7, 1],
      ['ask', 11, 1],
    ]);
  });

  it('that is broken and may hold a program is told of, one of another language or without ours is not', async () => {
    const whole = notebook(['import dspy', program]);
    const found = await foundIn({
      'a.ipynb': whole,
      'cut.ipynb': whole.slice(0, -60),
      'conflict.ipynb': whole.replace(' "cells"', '<<<<<<< HEAD\n "cells"'),
      'list.ipynb': '["dspy"]',
      'empty.ipynb': '',
      'plain.ipynb': '{"cells": [',
      'r.ipynb': notebook(['library(x)']).replaceAll('"python"', '"R"'),
    });
    expect(found.programs).toMatchObject([{ file: 'a.ipynb' }]);
    expect(found.problems?.map(({ file }) => file)).toEqual(['conflict.ipynb', 'cut.ipynb', 'list.ipynb']);
    for (const { why } of found.problems!) expect(why).toMatch(/^it is no Jupyter notebook.*[^.]$/);
    expect(found.problems![0]!.why).toContain('merge conflict');
  });

  it('is as an editor shows it, and as the disk has it again', async () => {
    const files = { 'a.ipynb': notebook(['import dspy', program]) };
    const { detector } = detectorOf(files);
    await detector.scan();
    const edited = notebook(['import dspy', { markdown: '' }, program, 'ask = dspy.Predict("a -> b")']);
    expect(await detector.update('a.ipynb', edited)).toEqual(['a.ipynb']);
    expect(detector.found().programs.map(({ name, cell }) => [name, cell])).toEqual([
      ['QA', 3],
      ['ask', 4],
    ]);
    await detector.update('a.ipynb', edited.slice(0, 50));
    expect(detector.found().programs).toEqual([]);
    await detector.update('a.ipynb');
    expect(detector.found().programs).toMatchObject([{ name: 'QA', cell: 2 }]);
    await detector.remove('a.ipynb');
    expect(detector.found().programs).toEqual([]);
  });
});

const marimo = `import marimo

__generated_with = "0.9.14"
app = marimo.App(width="medium")

with app.setup:
    import random


@app.cell
def _(dspy, mo):
    mo.md("a program")

    class QA(dspy.Module):
        def __init__(self):
            super().__init__()
            self.answer = dspy.ChainOfThought("question -> answer")

        def forward(self, question):
            return self.answer(question=question)
    return (QA,)


@app.cell(hide_code=True)
def rows(dspy):
    train = [dspy.Example(question="a", answer="b").with_inputs("question")]
    return (train,)


@app.function
def metric(example, pred, trace=None):
    return example.answer == pred.answer


@app.cell
def _():
    import dspy
    import marimo as mo
    return dspy, mo


if __name__ == "__main__":
    app.run()
`;

describe('a notebook of marimo', () => {
  it('has its cells at the top of its file, in any order, on the lines of the file', async () => {
    const { programs, metrics, datasets } = await foundIn({ 'nb.py': marimo });
    const line = (text: string): number => marimo.split('\n').findIndex((each) => each.includes(text)) + 1;
    expect(programs).toMatchObject([
      {
        name: 'QA',
        line: line('class QA'),
        cell: 2,
        runnable: true,
        predictors: [
          { name: 'answer.predict', line: line('self.answer = '), cell: 2, signature: 'question -> answer' },
        ],
      },
    ]);
    expect(programs).toHaveLength(1);
    expect(metrics).toEqual([{ file: 'nb.py', name: 'metric', line: line('def metric'), cell: 4 }]);
    expect(datasets).toEqual([{ file: 'nb.py', name: 'train', line: line('train = '), cell: 3 }]);
  });

  it("has names that are their cell's own, which no run can load", async () => {
    const code = marimo.replace(
      '    return (QA,)',
      '    _tried = dspy.Predict("question -> answer")\n    return (QA,)',
    );
    const { programs } = await foundIn({ 'nb.py': code });
    expect(programs.find(({ name }) => name === '_tried')?.runnable).toBe(false);
    expect(programs.find(({ name }) => name === 'QA')?.runnable).toBe(true);
  });

  it('is a module to other files', async () => {
    const { programs } = await foundIn({ 'nb.py': marimo, 'a.py': 'from nb import QA\nclass Mine(QA):\n    pass' });
    expect(programs[0]).toMatchObject({ file: 'a.py', name: 'Mine' });
    expect(programs[0]!.predictors).toMatchObject([{ file: 'nb.py', line: programs[1]!.predictors[0]!.line }]);
  });

  it('half-typed hides nothing of its other cells', async () => {
    const { programs } = await foundIn({ 'nb.py': marimo.replace('import dspy\n', 'import dspy\n    x = [1, (\n') });
    expect(brief(programs)).toEqual(['QA: answer.predict']);
  });
});

describe('notebooks in a folder', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bettertogether-notebooks-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('are found whatever their cells put out, checkpoints left out', async () => {
    const picture = { output_type: 'display_data', data: { 'image/png': 'iVBORw0KGgo'.repeat(1_000_000) } };
    const page = { output_type: 'display_data', data: { 'text/html': ['<div class="x">\\"\n'.repeat(200_000)] } };
    writeFileSync(join(root, 'large.ipynb'), notebook(['import dspy', program], [picture, page]));
    mkdirSync(join(root, '.ipynb_checkpoints'));
    writeFileSync(join(root, '.ipynb_checkpoints', 'large-checkpoint.ipynb'), notebook(['import dspy', program]));
    const detector = createDetector(root);
    await detector.scan();
    expect(detector.found()).toMatchObject({ programs: [{ file: 'large.ipynb', name: 'QA', cell: 2 }] });
    expect(detector.found().programs).toHaveLength(1);
  });

  it('with more code than a person writes are told of', async () => {
    writeFileSync(join(root, 'data.ipynb'), notebook([`import dspy\nx = "${'y'.repeat(1_200_000)}"`]));
    writeFileSync(join(root, 'more.ipynb'), notebook([`import dspy\nx = "${'y'.repeat(17_000_000)}"`]));
    const detector = createDetector(root);
    await detector.scan();
    expect(detector.found().problems).toEqual([
      { file: 'data.ipynb', why: 'its cells have more than a megabyte of code' },
      { file: 'more.ipynb', why: 'more is written in it than by hand' },
    ]);
  });
});
