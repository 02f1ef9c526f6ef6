import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { datasetOf, fileOfData, isBuiltInCode, loadDataset } from '../../../src/config/dataset.ts';
import { holdOutDev } from '../../../src/config/holdOut.ts';
import type { ResolvedMetric } from '../../../src/config/resolved.ts';
import { UsageError } from '../../../src/base/errors.ts';
import type { Example } from '../../../src/data/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'bt-data-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const exact: ResolvedMetric = { kind: 'builtin', name: 'exactMatch', field: 'answer' };
const own: ResolvedMetric = { kind: 'code', file: '/m.ts', name: 'm' };

function write(name: string, text: string | Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe('loadDataset', () => {
  const rows = [
    { q: 'one', k: 1, answer: 'a' },
    { q: 'two', k: 2, answer: 'b' },
  ];

  it('reads lines of JSON, passing over empty ones, and gives every row its place as id', async () => {
    const text = `\uFEFF${JSON.stringify(rows[0])}\r\n\n${JSON.stringify(rows[1])}\n`;
    const file = write('a.jsonl', text);
    const { examples, sha256 } = await loadDataset(file, ['q'], exact);
    expect(examples).toEqual([
      { id: 0, inputs: { q: 'one' }, fields: rows[0] },
      { id: 1, inputs: { q: 'two' }, fields: rows[1] },
    ]);
    expect(sha256).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it("by default calls the program with everything but the metric's field", async () => {
    const file = write('b.json', JSON.stringify(rows));
    expect((await loadDataset(file, null, exact)).examples[0]?.inputs).toEqual({ q: 'one', k: 1 });
    expect((await loadDataset(file, null, own)).examples[0]?.inputs).toEqual({ q: 'one', k: 1, answer: 'a' });
  });

  it('reads CSV with quotes and line breaks in values', async () => {
    const file = write('c.csv', 'q,answer\n"one, ""two""\nthree",a\nfour,b\n');
    const { examples } = await loadDataset(file, null, exact);
    expect(examples.map(({ fields }) => fields)).toEqual([
      { q: 'one, "two"\nthree', answer: 'a' },
      { q: 'four', answer: 'b' },
    ]);
  });

  it.each([
    ['lines', 'numbers.jsonl', (row: string) => `{"q":"-"}\n${row}\n`],
    ['an array', 'numbers.json', (row: string) => `[{"q":"-"},\n${row}]`],
  ])('reads the numbers of %s without loss', async (_, name, text) => {
    const file = write(
      name,
      text('{"q": 12345678901234567890, "x": [2.0, 2, 1e5, 0.5], "$exact": {"$exact": "row", "value": 1}}'),
    );
    const { examples } = await loadDataset(file, ['q'], own);
    expect(examples[1]?.inputs).toEqual({ q: { $exact: 'int', value: '12345678901234567890' } });
    expect(examples[1]?.fields['x']).toEqual([
      { $exact: 'float', value: '2.0' },
      2,
      { $exact: 'float', value: '100000.0' },
      0.5,
    ]);
    expect(examples[1]?.fields['$exact']).toMatchObject({ $exact: 'dict', shown: { $exact: 'row', value: 1 } });
  });

  it.each(['2', '2.0', '12345678901234567890'])('takes no number for a row: %s', async (text) => {
    await expect(loadDataset(write('number.jsonl', `${text}\n`), null, own)).rejects.toThrow('and this is a number');
    await expect(loadDataset(write('number.json', `[${text}]`), null, own)).rejects.toThrow('and this is a number');
  });

  it('names file and line of a number that no float holds', async () => {
    const lines = write('huge.jsonl', '{"q": 1}\n{"q": 1e400}\n');
    await expect(loadDataset(lines, null, own)).rejects.toThrow(
      `${lines}:2: the number 1e400 is larger than any float`,
    );
    const array = write('huge.json', '[{"q": 1},\n{"q": 1e400}\n]');
    await expect(loadDataset(array, null, own)).rejects.toThrow(`${array}, line 2: the number 1e400`);
  });

  const twoRows = [
    { q: 'one; two, three', answer: 'a' },
    { q: 'four', answer: 'b\tc|d' },
  ];
  it.each([
    ['semicolons', 'q;answer\n"one; two, three";a\nfour;b\tc|d\n'],
    ['semicolons, and texts with commas', 'q;answer\r\n"one; two, three";a\r\nfour;"b\tc|d"'],
    ['tabs', 'q\tanswer\none; two, three\ta\nfour\t"b\tc|d"\n'],
    ['bars', 'q|answer\none; two, three|a\nfour|"b\tc|d"\n'],
    ["Excel's line that names them", 'sep=;\r\nq;answer\r\n"one; two, three";a\r\nfour;b\tc|d\r\n'],
    ["the rows' numbers of a shuffled frame", ',q,answer\n17,"one; two, three",a\n3,four,b\tc|d\n'],
    ["the rows' numbers behind", 'q,answer,\n"one; two, three",a,0\nfour,b\tc|d,1\n'],
    [
      'the index of a file that pandas read again',
      'Unnamed: 0.1,Unnamed: 0,q,answer\n0,17,"one; two, three",a\n1,3,four,b\tc|d\n',
    ],
    ["the rows' numbers of pandas", ',q,answer\n0,"one; two, three",a\n1,four,b\tc|d\n'],
    ['spaces behind the separators', 'q, answer\n"one; two, three", a\nfour, "b\tc|d"\n'],
    ['spaces between quotes', '"q", "answer"\n"one; two, three", "a"\n"four", "b\tc|d"\n'],
    ['spaces around names', ' q ;answer \n"one; two, three";a\nfour;b\tc|d\n'],
    ['separators at the ends of lines', 'q;answer;;\n"one; two, three";a;;\nfour;b\tc|d;;\n'],
  ])('reads CSV with %s', async (_, text) => {
    for (const [name, bom] of [
      ['separated.csv', ''],
      ['separated.tsv', '\uFEFF'],
    ] as const) {
      for (const chunkBytes of [3, 2 ** 16]) {
        const { examples } = await loadDataset(write(name, bom + text), null, exact, { chunkBytes });
        expect(examples.map(({ fields }) => fields)).toEqual(twoRows);
      }
    }
  });

  it.each([
    ['lines', 'q.json', '{"q":1,"answer":"a"}\r\n\n{"q":2,"answer":"b"}\n'],
    ['an object', 'of.json', '{"version":2,"data":[{"q":1,"answer":"a"},{"q":2,"answer":"b"}]}'],
    ['UTF-16', 'marked.jsonl', Buffer.from('\uFEFF{"q":1,"answer":"a"}\n{"q":2,"answer":"b"}\n', 'utf16le')],
    [
      'UTF-16, high byte first',
      'big.json',
      Buffer.from('\uFEFF[{"q":1,"answer":"a"},{"q":2,"answer":"b"}]', 'utf16le').swap16(),
    ],
    ['what gzip packed', 'p.jsonl.gz', gzipSync('{"q":1,"answer":"a"}\n{"q":2,"answer":"b"}\n')],
    [
      'what gzip packed of UTF-16',
      'p.JSON.GZ',
      gzipSync(Buffer.from('\uFEFF[{"q":1,"answer":"a"},{"q":2,"answer":"b"}]', 'utf16le')),
    ],
  ])('reads rows of JSON from %s', async (_, name, content) => {
    for (const chunkBytes of [1, 2 ** 16]) {
      const { examples, sha256 } = await loadDataset(write(name, content), null, exact, { chunkBytes });
      expect(examples.map(({ fields }) => fields)).toEqual([
        { q: 1, answer: 'a' },
        { q: 2, answer: 'b' },
      ]);
      expect(sha256).toBe(createHash('sha256').update(content).digest('hex'));
    }
  });

  it('reads one list of several where it is named, and hashes its name too', async () => {
    const lists = { version: 1, train: [{ q: 1, answer: 'a' }], test: [{ q: 2, answer: 'b' }] };
    const file = write('lists.json', JSON.stringify(lists, null, 1));
    const loaded = await Promise.all(['train', 'test'].map((list) => loadDataset(`${file}#${list}`, null, exact)));
    expect(loaded.map(({ examples }) => examples.map(({ fields }) => fields))).toEqual([lists.train, lists.test]);
    expect(loaded[0]!.sha256).not.toBe(loaded[1]!.sha256);
    expect(fileOfData(`${file}#test`)).toBe(file);
    await expect(loadDataset(`${file}#dev`, null, exact)).rejects.toThrow(
      'lists.json does not hold an array of rows under "dev". It is an object with "train", "test". A list of rows in it ' +
        'is named as "lists.json#train"',
    );
  });

  it('names a packed file that is torn, and UTF-16 that is none', async () => {
    const torn = write('torn.csv.gz', gzipSync('q,answer\n1,2\n').subarray(0, 20));
    await expect(loadDataset(torn, null, exact)).rejects.toThrow(
      `The data file ${torn} could not be read: unexpected end`,
    );
    const odd = write('odd.csv', Buffer.from([0xff, 0xfe, 0x41]));
    await expect(loadDataset(odd, null, exact)).rejects.toThrow(`The data file ${odd} could not be read: `);
  });

  it('reads what Python writes where a number is none', async () => {
    const row = '{"q": "NaN, \\"Infinity", "answer": [NaN, -Infinity, 2.0], "$exact": {"x": Infinity}}';
    const expected = {
      q: 'NaN, "Infinity',
      answer: ['nan', '-inf', '2.0'].map((value) => ({ $exact: 'float', value })),
      $exact: { x: { $exact: 'float', value: 'inf' } },
    };
    for (const [name, text] of [
      ['nan.jsonl', `${row}\n`],
      ['nan.json', `[${row}]`],
    ] as const) {
      expect((await loadDataset(write(name, text), ['q'], exact)).examples[0]!.fields).toEqual(expected);
    }
  });

  it('passes over lines of empty cells, and takes what short ones leave out as empty', async () => {
    const file = write('short.csv', 'q;answer;note;\none;a\n;;;\n" ";;;\ntwo;b;c\n;;;\n');
    expect((await loadDataset(file, ['q'], exact)).examples.map(({ fields }) => fields)).toEqual([
      { q: 'one', answer: 'a', note: '' },
      { q: 'two', answer: 'b', note: 'c' },
    ]);
  });

  it('takes quotes within texts as they stand', async () => {
    const file = write('quotes.tsv', 'q\tanswer\nsay "hi" twice\t5" tall\n"""hi"" he said"\t"a ""b"" c"\n');
    expect((await loadDataset(file, null, exact)).examples.map(({ fields }) => fields)).toEqual([
      { q: 'say "hi" twice', answer: '5" tall' },
      { q: '"hi" he said', answer: 'a "b" c' },
    ]);
  });

  it('finds the separator by rows that agree, whatever stands in the names', async () => {
    const file = write('names.csv', 'name, first;answer\none;a\ntwo;b\n');
    expect((await loadDataset(file, null, exact)).examples[0]!.fields).toEqual({ 'name, first': 'one', answer: 'a' });
    const quotes = write('odd.csv', 'name, first;answer\nsay "hi" x;a\ntwo;b\n');
    expect((await loadDataset(quotes, null, exact)).examples[0]!.fields).toEqual({
      'name, first': 'say "hi" x',
      answer: 'a',
    });
    const one = write('one.csv', 'q\none; two\n"three, four"\n');
    expect((await loadDataset(one, null, own)).examples.map(({ fields }) => fields)).toEqual([
      { q: 'one; two' },
      { q: 'three, four' },
    ]);
  });

  it('reads the one list of objects, whatever other lists there are', async () => {
    const file = write('splits.json', '{"data":[{"q":1,"answer":2}],"splits":["train"]}');
    expect((await loadDataset(file, ['q'], exact)).examples).toHaveLength(1);
  });

  const wrong: readonly [string, string, string, string][] = [
    ['broken JSON', 'bad.jsonl', '{"q":1,"answer":2}\n{"q":', 'bad.jsonl:2: not valid JSON'],
    ['a row that is no object', 'list.jsonl', '{"q":1,"answer":2}\n[1]', 'list.jsonl:2: a row has to be an object'],
    ['null for a row', 'null.json', '[null]', 'null.json, row 1: a row has to be an object'],
    [
      'a list of rows on one line',
      'array.jsonl',
      '[{"q":1,"answer":2}]',
      'an object on each line; name the file .json',
    ],
    [
      'lines of an array',
      'commas.jsonl',
      '{"q":1,"answer":2},\n{"q":1,"answer":2}',
      'Remove the comma at the end of each',
    ],
    ['no array', 'object.json', '{}', 'does not hold an array'],
    ['rows by name', 'named.json', '{"a":{"q":1,"answer":2}}', 'object of objects: write a list of rows'],
    ['a packed file', 'rows.jsonl.zst', '', 'Unpack it, and name what was in it: rows.jsonl.'],
    ['a table of Excel', 'rows.xlsx', '', '/rows.xlsx\')`, named as "file.py#rows"'],
    ['a table of Arrow', 'rows.arrow', '', '/rows.arrow\')`, named as "file.py#rows"'],
    ['no rows', 'empty.jsonl', '\n\n', 'empty.jsonl has no rows'],
    [
      'a row without an input',
      'input.jsonl',
      '{"q":1,"answer":2}\n{"Q":1,"answer":2}',
      'input.jsonl:2: the row has no field "q"',
    ],
    ['a chat', 'chat.jsonl', '{"messages":[]}', "[{'q': row['messages'][-2]['content'], 'answer': row['messages'][-1]"],
    ['pairs', 'pairs.jsonl', '{"prompt":1,"completion":2}', "{'q': row['prompt'], 'answer': row['completion']} for"],
    ['Alpaca', 'a.csv', 'instruction,input,output\n1,2,3\n', "row.get('input', ''), 'answer': row['output']} for"],
    ['a label beside a chat', 'beside.jsonl', '{"q":1,"messages":[],"anser":2}', 'Did you mean "anser"?'],
    ['a row without the label', 'label.jsonl', '{"q":1}', 'which is what the metric compares'],
    ['uneven CSV', 'uneven.csv', 'q,answer\n1,2\n1,2,3\n', 'uneven.csv:3: not valid CSV'],
    [
      'quotes written otherwise',
      'backslash.csv',
      'q,answer\n"say \\"hi\\"",1\n',
      'has to stand in double quotes, and the quote is',
    ],
    ['a part in quotes', 'part.csv', 'q,answer\nsay "hi, you" again,1\n', 'has to stand in double quotes'],
    ['a line of CSV without the label', 'short.csv', 'q,answer\n1\n', 'short.csv:2: the line has 1 of 2 columns'],
    [
      'a text over two lines',
      'lines.csv',
      'q,answer,note\n0,a,n\nthis is\na text,A,n\n',
      'lines.csv:3: the line has 1',
    ],
    ['labels without a name', 'labels.csv', ',q,answer\n1,a,b\n0,c,d\n1,e,f\n1,g,h\n', 'labels.csv:4: column 1 has no'],
    [
      'a quote that is never closed',
      'open.tsv',
      'q\tanswer\n"Hello, he said\tA\nWhat is 2\tB\nHe said "bye\tC\nlast\tD\n',
      'open.tsv:4: not valid CSV: a text begins with a quote that does not enclose it. A text with a quote',
    ],
    [
      'a space before a quote',
      'space.csv',
      'q,answer,note\none, "x, y"\n',
      'space.csv:2: not valid CSV: a text begins',
    ],
    [
      'a part in quotes of a short line',
      'part.csv',
      'q,answer,a,b\nsay "hi, you",1\n',
      'part.csv:2: the line has 3 of 4',
    ],
    ['a quote up to the end', 'end.csv', 'q,answer\n"one,a\ntwo,b\n', 'Quote Not Closed: the parsing is finished with'],
    ['quotes within quotes', 'nested.csv', 'q,answer,note\n"say "hi, you" now",A\n', 'nested.csv:2: not valid CSV'],
    ['a name with quotes', 'names.tsv', '"q" one\tanswer\n1\t2\n', 'names.tsv:1: the name of column 1 has a quote'],
    ['a text without its quotes', 'quotes.csv', 'q,answer\n1,2\n3,4\none, two,5\n', 'has to stand in double quotes'],
    ['a column of values without a name', 'unnamed.csv', 'q,,answer\n1,x,2\n', 'unnamed.csv:2: column 2 has no name'],
    ['a list in lines of JSON', 'pretty.jsonl', '[\n  {"q":1,"answer":2}\n]', 'a list over several lines is a .json'],
    ['lines of JSON for a list', 'lines.json', '{"q":1,"answer":2}\n{"q":2,"answer":3\n', 'lines.json:2: not valid'],
    ['lists within an object', 'within.json', '{"train":[{"q":1}],"test":[]}', 'an object with "train", "test"'],
    ['a list of no rows', 'tags.json', '{"q":1,"answer":["a"]}', 'no list of objects in it'],
    [
      'the rows among lists of objects',
      'features.json',
      '{"features":[{"name":"q"}],"rows":[{"q":1},{"q":2}]}',
      'named as "features.json#rows"',
    ],
    ['what is neither', 'nan.jsonl', '{"q":1,"answer":NaN,}', 'nan.jsonl:1: not valid JSON: '],
    ['it as it was written', 'nan.jsonl', '{"q":1,"answer":NaN,}', 'property name in JSON at position 20'],
    ['another kind of file', 'rows.txt', 'x', 'Others are read by code that makes the rows'],
  ];
  it.each(wrong)('names %s by file and line', async (_, name, text, message) => {
    const loading = loadDataset(write(name, text), ['q'], exact);
    await expect(loading).rejects.toBeInstanceOf(UsageError);
    await expect(loading).rejects.toThrow(message);
  });

  it('takes rows that code made, with the inputs their author marked unless others are configured', () => {
    const rows = [{ place: 'data.py#train, row 1', fields: { q: 'one', k: 1, answer: 'a' }, inputs: ['q'] }];
    const own = { kind: 'code', file: '/w/m.py', name: 'metric' } as const;
    expect(datasetOf('data.py#train', rows, 'hash', null, own).examples[0]?.inputs).toEqual({ q: 'one' });
    expect(datasetOf('data.py#train', rows, 'hash', ['k'], own).examples[0]?.inputs).toEqual({ k: 1 });
    const lost = () => datasetOf('data.py#train', rows, 'hash', ['x'], own);
    expect(lost).toThrow('data.py#train, row 1: the row has no field "x"');
    expect(() => datasetOf('data.py#train', [], 'hash', null, own)).toThrow('data.py#train has no rows');
    expect(['data.py#train', 'data.py', 'x#y.jsonl'].map(isBuiltInCode)).toEqual([true, false, false]);
  });

  it('are told from data files whose names have the same signs', () => {
    const built = ['c#/data.py#train', '/w#1/made.ts#dev', 'a.py#b.ts#rows', 'x.mjs#default', 'data.PY.py#a.b'];
    expect(built.map(isBuiltInCode)).toEqual(built.map(() => true));
    expect(built.map(fileOfData)).toEqual(['c#/data.py', '/w#1/made.ts', 'a.py#b.ts', 'x.mjs', 'data.PY.py']);
    const files = [
      'rows.py#2.jsonl.gz',
      'rows.py#2.jsonl',
      'a.ts#b.csv',
      'a.py#b.tsv',
      '/w/data.py#1/rows.json',
      'c#.ndjson',
      'x.py#',
      '#rows.jsonl',
    ];
    expect(files.map(isBuiltInCode)).toEqual(files.map(() => false));
    expect(files.map(fileOfData)).toEqual(files);
  });

  it('does not take an inherited property for a field', async () => {
    const file = write('proto.jsonl', '{"q":1,"answer":2}');
    await expect(loadDataset(file, ['toString'], exact)).rejects.toThrow('no field "toString"');
  });
});

const examples = (n: number): Example[] =>
  Array.from({ length: n }, (_, id) => ({ id, inputs: { id }, fields: { id, answer: 'x' } }));

describe('holdOutDev', () => {
  it('holds out a fifth, keeps ids and order, and loses nothing', () => {
    const { train, dev } = holdOutDev(examples(23), (rows) => rows.toReversed());
    expect(dev.map(({ id }) => id)).toEqual([19, 20, 21, 22]);
    expect(train.map(({ id }) => id)).toEqual(Array.from({ length: 19 }, (_, id) => id));
  });

  it('refuses to divide too few', () => {
    expect(() => holdOutDev(examples(4), (rows) => rows)).toThrow('name a dev file');
  });
});
