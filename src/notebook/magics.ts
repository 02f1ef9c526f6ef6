/** What IPython takes besides Python: magics, shell commands and questions for help, each blanked and said. */
import { withoutKeys } from '../base/keys.ts';
import type { Cell, LeftOut } from './cell.ts';
import { LogicalLines } from './logicalLines.ts';

interface PythonOfCell {
  /** As many as the cell has. */
  readonly lines: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/** Magics whose cell is Python that binds names as any cell does; the others hand it to something else. */
const runPython = new Set(['time', 'capture', 'prun', 'memit', 'debug']);

/** The cell's Python. */
export function withoutMagics(cell: Cell): PythonOfCell {
  const lines = cell.code.split(/\r\n|\r|\n/);
  if (cell.notPython !== undefined) return nothingOf(cell, lines, cell.line, cell.notPython);
  const first = lines.findIndex((line) => line.trim() !== '');
  const cellMagic = first < 0 ? null : /^\s*%%(\w[\w.]*)\s*(.*)$/.exec(lines[first]!);
  if (cellMagic === null) return byLine(cell, lines, 0, []);
  const [, name, rest] = cellMagic as unknown as [string, string, string];
  const line = cell.line + first;
  if (!runPython.has(name)) {
    // Of a file that is written, its name: code may import it.
    const file = /^(?:write)?file$/.test(name) ? /[^\s-]\S*$/.exec(rest.trim())?.[0] : undefined;
    const magic = file === undefined ? `%%${name}` : `%%${name} ${file}`;
    return nothingOf(cell, lines, line, `it is a cell of the magic \`${magic}\``, file);
  }
  const bound = name === 'capture' ? /^([A-Za-z_]\w*)/.exec(rest)?.[1] : undefined;
  const left = leftOut(cell, line, `\`%%${name}\` is a magic`, bound === undefined ? [] : [bound]);
  return byLine(cell, lines, first + 1, [left]);
}

function nothingOf(cell: Cell, lines: readonly string[], line: number, why: string, writes?: string): PythonOfCell {
  const left = { ...leftOut(cell, line, why), ...(writes === undefined ? {} : { writes }) };
  return { lines: lines.map(() => ''), leftOut: [left] };
}

function byLine(cell: Cell, lines: readonly string[], from: number, before: readonly LeftOut[]): PythonOfCell {
  const kept: string[] = lines.slice(0, from).map(() => '');
  const left = [...before];
  const logical = new LogicalLines();
  for (let at = from; at < lines.length; at++) {
    const timed = logical.start === 'statement' ? withoutTime(lines[at]!) : lines[at]!;
    if (timed !== lines[at]) left.push(leftOut(cell, cell.line + at, '`%time` is a magic'));
    const magic = logical.start === 'statement' ? magicIn(timed) : null;
    if (magic === null) {
      kept.push(timed);
      logical.read(timed);
      continue;
    }
    left.push(leftOut(cell, cell.line + at, magic.why, magic.binds));
    // A block needs a statement.
    const indent = /^\s*/.exec(timed)![0];
    kept.push(indent === '' ? '' : `${indent}pass`);
    while (magic.goesOn && lines[at]!.endsWith('\\') && at + 1 < lines.length) {
      kept.push('');
      at++;
    }
  }
  return { lines: kept, leftOut: left };
}

function leftOut(cell: Cell, line: number, why: string, binds: readonly string[] = []): LeftOut {
  return { cell: cell.number, line, why, ...(binds.length === 0 ? {} : { binds }) };
}

interface Magic {
  readonly why: string;
  readonly binds: readonly string[];
  /** Whether a backslash at its end takes the next line with it. */
  readonly goesOn: boolean;
}

/** `%time x = f()` runs its statement, and binds what that binds. */
function withoutTime(line: string): string {
  return line.replace(/^(\s*)%time\s+(?=\S)/, '$1');
}

/** `%env OPENAI_API_KEY=…`: a key is never repeated. */
function withoutValueOfKey(code: string): string {
  return withoutKeys(code.replace(/((?:key|token|secret|passw)\w*["']?[\s=:]+)\S.*$/i, '$1…'));
}

/** What a line is that begins a statement and is none of Python's; `null` for Python. */
function magicIn(line: string): Magic | null {
  const code = line.trim();
  const shown = withoutValueOfKey(code);
  const said = `\`${shown.length > 60 ? `${shown.slice(0, 59)}…` : shown}\``;
  if (/^%/.test(code)) return { why: `${said} is a magic`, binds: [], goesOn: true };
  if (/^!/.test(code)) return { why: `${said} is a shell command`, binds: [], goesOn: true };
  if (/^(\?.*|[\w.*]+\?{1,2})$/.test(code)) {
    return { why: `${said} asks for help`, binds: [], goesOn: false };
  }
  const assigned = /^([\w\s.,[\]*]+?)=\s*([!%])\s*[\w.~/{$"']/.exec(code);
  if (assigned !== null) {
    const [, names, sign] = assigned as unknown as [string, string, string];
    const why = `${said} is ${sign === '!' ? 'a shell command' : 'a magic'}`;
    return { why, binds: names.match(/[A-Za-z_]\w*/g) ?? [], goesOn: true };
  }
  // IPython's "automagic"; no Python begins like this.
  if (/^(pip3?|conda|mamba|uv)\s+[a-z]/.test(code))
    return { why: `${said} is a shell command`, binds: [], goesOn: true };
  return null;
}
