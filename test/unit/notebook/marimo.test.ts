import { describe, expect, it } from 'vitest';
import { cellsOf, isMarimo, textOfCells } from '../../../src/notebook/notebookText.ts';

const source = `import marimo

__generated_with = "0.14.0"
app = marimo.App(width="medium")

with app.setup(hide_code=True):
    import dspy
    import os


@app.cell
def _(mo):
    mo.md(r"""
    # Title
        indented
    """)
    return


@app.cell(hide_code=True)
async def load(
    Signature,
    dspy,
):
    text = """
kept as it is
  """

    qa = dspy.Predict(Signature)  # a return, in a comment
    def inner():
        return 1
    return qa, (
        text
    )


@app.function
# what it measures
def metric(example, prediction, trace=None):
    return example.answer == prediction.answer


@app.class_definition(
    hide_code=True
)
class Program(dspy.Module):
    def forward(self):
        return None


app._unparsable_cell(
    r"""
    x = = 1
    """,
    name="_"
)


@app.cell
def _():
    return


if __name__ == "__main__":
    app.run()
`;

describe('cells of marimo', () => {
  const cells = cellsOf('app.py', source);

  it('are told by what the file makes', () => {
    expect(isMarimo(source)).toBe(true);
    expect(isMarimo(source.replaceAll('\n', '\r\n'))).toBe(true);
    expect(isMarimo('import marimo as mo\nprint(mo.md("x"))')).toBe(false);
    expect(isMarimo('# app = marimo.App()\nimport dspy')).toBe(false);
  });

  it('are bodies without the return of names, functions, classes and the set-up', () => {
    expect(cells.map(({ code }) => code)).toEqual([
      'import dspy\nimport os',
      'mo.md(r"""\n# Title\n    indented\n""")',
      'text = """\nkept as it is\n  """\n\nqa = dspy.Predict(Signature)  # a return, in a comment\ndef inner():\n    return 1',
      'def metric(example, prediction, trace=None):\n    return example.answer == prediction.answer',
      'class Program(dspy.Module):\n    def forward(self):\n        return None',
      '',
      '',
    ]);
    expect(cells.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('have the lines of the file', () => {
    const lines = source.split('\n');
    const { text, places, leftOut } = textOfCells(cells);
    const python = text.split('\n');
    for (const [i, { line }] of places.entries()) expect(lines[line - 1]!.trim()).toContain(python[i]!.trim());
    expect(places[python.indexOf('class Program(dspy.Module):')]).toEqual({ cell: 5, line: 46 });
    expect(leftOut).toEqual([{ cell: 6, line: 51, why: 'marimo could not read it as Python' }]);
  });

  it('are the same with Windows line ends', () => {
    expect(cellsOf('app.py', source.replaceAll('\n', '\r\n'))).toEqual(cells);
  });
});
