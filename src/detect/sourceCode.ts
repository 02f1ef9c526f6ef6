/** What is parsed of a file: its text, or the code of a notebook's cells. */
import { isUtf8 } from 'node:buffer';
import { messageOf } from '../base/errors.ts';
import { jupyterCells } from '../notebook/jupyter.ts';
import { cellsOf, isMarimo, isNotebook, textOfCells } from '../notebook/notebookText.ts';
import type { NotebookText } from '../notebook/notebookText.ts';
import type { CellPlaces } from './base/scope.ts';
import { languageOf } from './base/languages.ts';
import type { Grammar } from './base/languages.ts';
import { largestFile } from './base/limits.ts';
import { importWords, mayHold } from './prefilter.ts';

/** Text to parse, and where its lines stand, for cells. */
export interface SourceCode {
  readonly text: string;
  /** Of each line, the first at index 0; `null`: lines of the text are lines of the file. */
  readonly places: CellPlaces | null;
  /** Names have their values in all of the file, whatever comes first: marimo runs cells by what they need. */
  readonly isUnordered: boolean;
  /** Why it is not what the file says: a clause. */
  readonly problem: string | null;
}

export type Looked =
  | { readonly kind: 'code'; readonly code: SourceCode }
  /** Nothing of ours is in it; what it imports may be. */
  | { readonly kind: 'other'; readonly words: readonly string[]; readonly problem: string | null };

/** Looks whether a file can hold anything of ours. */
export function lookInto(file: string, bytes: Buffer, grammar: Grammar): Looked {
  const language = languageOf(grammar);
  if (isNotebook(file)) return lookIntoNotebook(bytes);
  if (bytes.length > largestFile) return { kind: 'other', words: [], problem: null };
  if (mayHold(bytes, language)) return { kind: 'code', code: codeOf(file, bytes) };
  return { kind: 'other', words: importWords(bytes, language), problem: null };
}

/**
 * The code of a file, of ours or not. What is not UTF-8 is looked into as far as it goes: a comment in Latin-1 hides no
 * program.
 *
 * @throws Error of a notebook that cannot be read.
 */
export function codeOf(file: string, bytes: Buffer): SourceCode {
  const text = bytes.toString('utf8');
  const problem = isUtf8(bytes) ? null : 'it is not UTF-8 text';
  if (isNotebook(file)) {
    const cells = textOfCells(jupyterCells('it', text));
    return { text: cells.text, places: cells.places, isUnordered: false, problem };
  }
  const marimo = file.endsWith('.py') && isMarimo(text);
  if (!marimo) return { text, places: null, isUnordered: false, problem };
  return { ...atItsLines(textOfCells(cellsOf(file, text))), isUnordered: true, problem };
}

/** With every line on its line of the file, as other files import from a notebook of marimo's too. */
function atItsLines({ text, places }: NotebookText): Pick<SourceCode, 'text' | 'places'> {
  const lines: string[] = [];
  const cells: CellPlaces[number][] = [];
  const code = text.split('\n');
  for (const [i, place] of places.entries()) {
    while (lines.length < place.line - 1) {
      lines.push('');
      cells.push(undefined);
    }
    lines.push(code[i]!);
    cells.push(place);
  }
  return { text: lines.join('\n'), places: cells };
}

/** A notebook that names nothing of ours can be broken, or of another language: no program is hidden in it. */
function lookIntoNotebook(bytes: Buffer): Looked {
  const ours = mayHold(bytes, 'python');
  try {
    const code = codeOf('it.ipynb', bytes);
    const text = Buffer.from(code.text);
    if (text.length > largestFile) return other('its cells have more than a megabyte of code');
    if (ours && mayHold(text, 'python')) return { kind: 'code', code };
    return { kind: 'other', words: importWords(text, 'python'), problem: null };
  } catch (error) {
    return other(ours ? messageOf(error).replace(/\.$/, '') : null);
  }
}

function other(problem: string | null): Looked {
  return { kind: 'other', words: [], problem };
}
