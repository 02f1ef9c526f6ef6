/** marimo's notebooks (docs.marimo.io): Python files whose cells are functions, classes and a block of set-up. */
import type { Cell } from './cell.ts';
import { LogicalLines } from './logicalLines.ts';

/** Whether a Python file is a notebook of marimo's. */
export function isMarimo(text: string): boolean {
  return (
    /^[ \t]*(import[ \t]+marimo\b|from[ \t]+marimo[ \t]+import\b)/m.test(text) &&
    /^app\s*=\s*(marimo|mo)\.App\s*\(/m.test(text)
  );
}

/** Consecutive lines, by their index in the file. */
interface Statement {
  readonly first: number;
  /** Of the line behind it. */
  readonly end: number;
}

export function marimoCells(content: string): readonly Cell[] {
  const lines = content.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  const cells: Omit<Cell, 'number'>[] = [];
  const top = statementsAt(lines, 0, lines.length, 0);
  for (let i = 0; i < top.length; i++) {
    const text = lines[top[i]!.first]!;
    const kind = /^@app\.(cell|function|class_definition)\b/.exec(text)?.[1];
    const defined = top.findIndex(({ first }, at) => at > i && !lines[first]!.startsWith('@'));
    if (kind === 'cell' && defined > 0) {
      cells.push(bodyCell(lines, top[defined]!));
      i = defined;
    } else if (kind !== undefined && defined > 0) {
      cells.push(cellOf(lines, top[i + 1]!.first, top[defined]!.end));
      i = defined;
    } else if (/^with\s+app\.setup\b/.test(text)) cells.push(bodyCell(lines, top[i]!));
    else if (/^app\._unparsable_cell\s*\(/.test(text)) {
      cells.push({ code: '', line: top[i]!.first + 1, notPython: 'marimo could not read it as Python' });
    }
  }
  return cells.map((cell, i) => ({ number: i + 1, ...cell }));
}

/** What is within a cell's function or the block of set-up, without the `return` by which marimo hands names on. */
function bodyCell(lines: readonly string[], { first, end }: Statement): Omit<Cell, 'number'> {
  const body = headEnd(lines, first, end);
  const within = statementsAt(lines, body, end, indentOf(lines, body, end));
  const last = within.at(-1);
  const returns = last !== undefined && /^\s*return\b/.test(lines[last.first]!);
  return cellOf(lines, body, returns ? last.first : end);
}

/** Dedented, and without blank lines around it. */
function cellOf(lines: readonly string[], first: number, end: number): Omit<Cell, 'number'> {
  while (first < end && lines[first]!.trim() === '') first++;
  while (end > first && lines[end - 1]!.trim() === '') end--;
  return { code: dedented(lines.slice(first, end), indentOf(lines, first, end)).join('\n'), line: first + 1 };
}

/** Statements that begin with `indent` spaces, each with the lines that belong to it. */
function statementsAt(lines: readonly string[], from: number, to: number, indent: number): readonly Statement[] {
  const logical = new LogicalLines();
  const starts: number[] = [];
  for (let at = from; at < to; at++) {
    const line = lines[at]!;
    const isCode = line.trim() !== '' && !/^\s*#/.test(line);
    if (logical.start === 'statement' && isCode && widthOf(line) <= indent) starts.push(at);
    logical.read(line);
  }
  return starts.map((first, i) => ({ first, end: starts[i + 1] ?? to }));
}

/** Behind the line on which `def …(…):` or `with …:` ends. */
function headEnd(lines: readonly string[], first: number, end: number): number {
  const logical = new LogicalLines();
  let at = first;
  do logical.read(lines[at++]!);
  while (at < end && logical.start !== 'statement');
  return at;
}

function indentOf(lines: readonly string[], first: number, end: number): number {
  const code = lines.slice(first, end).find((line) => line.trim() !== '');
  return code === undefined ? 0 : widthOf(code);
}

const widthOf = (line: string): number => /^\s*/.exec(line)![0].length;

/** Lines of a string are moved only where marimo indented all of them with the code. */
function dedented(lines: readonly string[], indent: number): readonly string[] {
  const logical = new LogicalLines();
  const starts = lines.map((line) => {
    const { start } = logical;
    logical.read(line);
    return start;
  });
  const reaches = (line: string): boolean => line.trim() === '' || widthOf(line) >= indent;
  const moved = lines.every((line, i) => starts[i] !== 'string' || reaches(line));
  return lines.map((line, i) =>
    starts[i] === 'string' && !moved ? line : line.slice(Math.min(indent, widthOf(line))),
  );
}
