import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { cellsOf, isNotebook, textOfCells } from '../../../src/notebook/notebookText.ts';

const code = (source: string | readonly string[], more: object = {}): object => ({
  cell_type: 'code',
  source,
  ...more,
});
const text = (source: string): object => ({ cell_type: 'markdown', source });
const notebook = (cells: readonly object[], metadata: object = {}): string =>
  JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 });
const read = (...cells: readonly string[]) =>
  textOfCells(cellsOf('nb.ipynb', notebook(cells.map((each) => code(each)))));

describe('cells of Jupyter', () => {
  it('are numbered with the cells of text, as editors number them', () => {
    const cells = cellsOf('nb.ipynb', notebook([text('# Title'), code('a = 1'), text('more'), code('b = 2')]));
    expect(cells).toEqual([
      { number: 2, code: 'a = 1', line: 1 },
      { number: 4, code: 'b = 2', line: 1 },
    ]);
  });

  it('are the same from a text, from a list of lines, and with Windows line ends', () => {
    const lines = ['def f():\n', '    return 1\n', 'f()'];
    const [whole, list, windows] = [lines.join(''), lines, lines.join('').replaceAll('\n', '\r\n')].map((source) =>
      textOfCells(cellsOf('nb.ipynb', `\uFEFF${notebook([code(source)])}`)),
    );
    expect(list).toEqual(whole);
    expect(windows).toEqual(whole);
    expect(whole!.text).toBe('def f():\n    return 1\nf()\n');
  });

  it('are read from nbformat 3', () => {
    const old = {
      worksheets: [
        {
          cells: [
            { cell_type: 'heading', source: 'x' },
            { cell_type: 'code', input: ['a = 1\n', 'b = 2'], language: 'python' },
          ],
        },
      ],
    };
    expect(cellsOf('nb.ipynb', JSON.stringify(old))).toEqual([{ number: 2, code: 'a = 1\nb = 2', line: 1 }]);
  });

  it.each([
    [{ kernelspec: { name: 'ir', language: 'R' } }, /nb\.ipynb is a notebook of R/],
    [{ kernelspec: { name: 'julia-1.10', language: 'julia' }, language_info: { name: 'julia' } }, /of julia/],
    [{ kernelspec: { name: 'deno', display_name: 'Deno' } }, /of typescript/],
  ])('of another kernel are refused by its name: %j', (metadata, message) => {
    expect(() => cellsOf('nb.ipynb', notebook([code('x')], metadata))).toThrow(message);
  });

  it.each([
    ['', /nb\.ipynb is empty/],
    ['{"cells": [', /not JSON/],
    ['<<<<<<< HEAD\n{}', /merge conflict/],
    ['[]', /nb\.ipynb is no Jupyter notebook/],
    ['{"nbformat": 4}', /no "cells"/],
    ['{"cells": [{"cell_type": "code", "source": 3}]}', /cells\.0\.source/],
  ])('that cannot be read name the file: %j', (content, message) => {
    expect(() => cellsOf('nb.ipynb', content)).toThrow(UsageError);
    expect(() => cellsOf('nb.ipynb', content)).toThrow(message);
  });

  it('of another language are left out and said', () => {
    const cells = cellsOf(
      'nb.ipynb',
      notebook([code('select 1', { metadata: { vscode: { languageId: 'sql' } } }), code('a = 1')]),
    );
    const { text: python, leftOut } = textOfCells(cells);
    expect(python).toBe('\na = 1\n');
    expect(leftOut).toEqual([{ cell: 1, line: 1, why: 'it is a cell of sql' }]);
  });

  it('keep the place of every line', () => {
    const { text: python, places } = read('a = 1\nb = 2', 'c = 3');
    expect(python.split('\n').slice(0, 3)).toEqual(['a = 1', 'b = 2', 'c = 3']);
    expect(places).toEqual([
      { cell: 1, line: 1 },
      { cell: 1, line: 2 },
      { cell: 2, line: 1 },
    ]);
  });

  it('are told by the name of the file, in any case of letters', () => {
    expect([isNotebook('A.IPYNB'), isNotebook('a.ipynb'), isNotebook('a.py'), isNotebook('ipynb')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('magics', () => {
  it.each([
    ['%matplotlib inline'],
    ['!pip install -U dspy'],
    ['%pip install dspy'],
    ['pip install dspy'],
    ['?dspy.Predict'],
    ['dspy.Predict?'],
    ['dspy.Predict??'],
    ['%%bash\nls\necho "it\'s"'],
    ['%%writefile prog.py\nimport dspy\nclass A: pass'],
    ['\n%%html\n<b>x</b>'],
    ['!echo "never closed\n'],
  ])('are blank, and lines stay: %j', (cell) => {
    const { text: python, leftOut, places } = read(cell, 'after = 1');
    expect(python.trim()).toBe('after = 1');
    expect(places).toHaveLength(cell.split('\n').length + 1);
    expect(leftOut).toHaveLength(1);
  });

  it.each([
    ['x = !ls', ['x']],
    ['a, b = %who_ls', ['a', 'b']],
    ['%%capture out\nprint(1)', ['out']],
  ])('say which names they would have bound: %j', (cell, binds) => {
    expect(read(cell).leftOut[0]).toMatchObject({ cell: 1, line: 1, binds });
  });

  it('go with their cell only where that is no Python', () => {
    expect(read('%%time\nx = f()\ny = 2').text).toBe('\nx = f()\ny = 2\n');
    expect(read('%time x = f()').text).toBe('x = f()\n');
  });

  it('within a block leave a statement', () => {
    expect(read('if colab:\n    !pip install dspy \\\n      pandas\nx = 1').text).toBe(
      'if colab:\n    pass\n\nx = 1\n',
    );
  });

  it.each([
    ['text = """\n%matplotlib inline\n!ls\nwhat?\n"""'],
    ["text = '''it's\n!ls'''"],
    ['x = (7\n  % 2)'],
    ['x = 7 \\\n  % 2'],
    ["x = 'a\\\n!ls'"],
    ['print("a=%d" % 3)'],
    ['a = b != c'],
    ['# really?\nx = "what?"'],
    ['"""a""" # \'\'\'\nx = 1'],
    ['x = r"\\"\ny = 1'],
    ['pip = 1\npip.install()'],
    ['await program.acall(q="x")'],
  ])('are not seen in Python: %j', (cell) => {
    const { text: python, leftOut } = read(cell);
    expect(python).toBe(`${cell}\n`);
    expect(leftOut).toEqual([]);
  });
});

describe('keys of magics', () => {
  it.each([
    '%env OPENAI_API_KEY=hidden',
    '%env OPENAI_API_KEY hidden',
    '!export HF_TOKEN="hidden"',
    '!login --token hidden',
  ])('are not repeated: %s', (line) => {
    const { leftOut } = read(line);
    expect(leftOut).toHaveLength(1);
    expect(JSON.stringify(leftOut)).not.toContain('hidden');
  });

  it('say which file a cell writes', () => {
    const { leftOut } = read('%%writefile -a lib/helpers.py\nx = 1');
    const why = 'it is a cell of the magic `%%writefile lib/helpers.py`';
    expect(leftOut).toEqual([{ cell: 1, line: 1, why, writes: 'lib/helpers.py' }]);
  });

  it('leave `%%timeit` out, which binds nothing', () => {
    expect(read('%%timeit\nx = 1').text.trim()).toBe('');
  });
});
