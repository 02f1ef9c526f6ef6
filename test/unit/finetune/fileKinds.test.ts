/** A value that is filled into a file of a training job comes out of that file as it is. */
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import { fillFile } from '../../../src/finetune/command/fileKinds.ts';
import type { PlaceholderValues } from '../../../src/finetune/command/placeholders.ts';

const common = { seed: '3', learningRate: '1e-7', targets: ['q_proj', 'k: 1'], folder: '/jobs/a b' };

function fill(name: string, text: string, model: string, more: Partial<PlaceholderValues> = {}): string {
  const values = { ...common, model, ...more } as unknown as PlaceholderValues;
  return fillFile(name, text, values, 'endpoints.lab.fineTune.files');
}

describe('YAML', () => {
  test.each([
    // What needs no quotes gets none.
    ['base: {model}', 'meta-llama/Llama-3.1', 'base: meta-llama/Llama-3.1'],
    ['path: {folder}/x # there', 'm', 'path: /jobs/a b/x # there'],
    ['base: {model}', 'org: name', 'base: "org: name"'],
    ['base: {model}', 'a:', 'base: "a:"'],
    ['base: {model}', 'a #1', 'base: "a #1"'],
    ['base: {model}', '1e5', 'base: "1e5"'],
    ['base: {model}', 'yes', 'base: "yes"'],
    ['base: {model}', '2020-01-01', 'base: "2020-01-01"'],
    ['base: {model}', '- x', 'base: "- x"'],
    ['base: {model}', '*x', 'base: "*x"'],
    ['base: {model}', 'C:\\models\\a', 'base: "C:\\\\models\\\\a"'],
    ['base: {model}', 'two\nlines', 'base: "two\\nlines"'],
    // The whole scalar, not the value within it.
    ['base: x/{model}/y', 'a: b', 'base: "x/a: b/y"'],
    ['- {model}\n- {seed}', '{x}', '- "{x}"\n- 3'],
    // Between quotes that are there.
    ['base: "x {model}"', 'a "b" \\c', 'base: "x a \\"b\\" \\\\c"'],
    ["base: 'x {model}'", "it's", "base: 'x it''s'"],
    // Lists and numbers.
    ['t: [{targets}]', 'm', 't: [q_proj,"k: 1"]'],
    ['t: {targets}', 'm', 't: "q_proj,k: 1"'],
    ['f: {a: {model}, b: 1}', 'x, y', 'f: {a: "x, y", b: 1}'],
    ['f: {"a":{model}}', 'x}', 'f: {"a":"x}"}'],
    ['lr: {learningRate}', 'm', 'lr: 1.0e-7'],
    // Texts of many lines, comments, and what is no placeholder.
    ['t: |\n  on {model}\nb: {model}', 'a: b', 't: |\n  on a: b\nb: "a: b"'],
    ['# {model}\nb: {other}', 'a: b', '# a: b\nb: {other}'],
  ])('%j with %j', (text, model, filled) => {
    expect(fill('c.yml', text, model)).toBe(filled);
    expect(fill('C.YAML', text, model)).toBe(filled);
  });
});

test.each([
  [
    'c.json',
    '{"m": {model}, "n": {seed}, "t": [{targets}]}',
    'a "b"',
    '{"m": "a \\"b\\"", "n": 3, "t": ["q_proj", "k: 1"]}',
  ],
  ['c.json', '{"m": "{model}/x"}', 'a\\b', '{"m": "a\\\\b/x"}'],
  ['c.toml', 'm = {model}\nn = {learningRate}', 'a = "b"', 'm = "a = \\"b\\""\nn = 1e-7'],
  ['c.toml', "m = '{model}' # {model}", 'C:\\a', "m = 'C:\\a' # C:\\a"],
  ['c.toml', 'm = "{model}"', 'C:\\a', 'm = "C:\\\\a"'],
  ['c.txt', 'm={model}', 'a "b": c', 'm=a "b": c'],
  ['c.sh', 'train {model}', 'org/name:1', 'train org/name:1'],
])('%s: %j with %j', (name, text, model, filled) => {
  expect(fill(name, text, model)).toBe(filled);
});

test('any text is the same text in JSON', () => {
  const random = new PythonRandom(7);
  const signs = ['a', '"', "'", '\\', '\n', '{', '}', '[', ']', ',', ':', '#', ' ', 'ü', '{model}', '\u2028', '\ud800'];
  const word = () => Array.from({ length: 5 }, () => signs[random.randint(0, signs.length - 1)]!).join('');
  for (let i = 0; i < 300; i++) {
    const [model, targets] = [word(), [word(), word()]];
    const text = fill('c.json', '{"m": {model}, "p": "x{model}", "t": [{targets}, {seed}]}', model, { targets });
    expect(JSON.parse(text)).toEqual({ m: model, p: `x${model}`, t: [...targets, 3] });
  }
});

test.each([
  ['c.yml', "m: '{model}'", 'a\nb', /files\["c\.yml"\].*cannot hold \{model\}.*between double quotes/],
  ['c.yml', '# {model}', 'a\nb', /line break/],
  ['c.toml', "m = '{model}'", "it's", /between double quotes/],
  ['c.sh', 'train "{model}"', 'a$(rm -rf b)', /files\["c\.sh"\].*an argument of its own/],
  ['c.py', "m = '{model}'", "a'; x", /an argument of its own/],
  ['c.cfg', 'm = {model}', 'a\nb', /line break/],
])('%s: what cannot be held is refused, with what to do: %j', (name, text, model, message) => {
  expect(() => fill(name, text, model)).toThrow(UsageError);
  expect(() => fill(name, text, model)).toThrow(message);
});
