import { createHash } from 'node:crypto';
import { applyEdits, modify, parse } from 'jsonc-parser';
import * as z from 'zod';
import { UsageError } from '../base/errors.ts';
import { jupyterCells } from './jupyter.ts';

const formatSchema = z.object({
  nbformat: z.literal(4),
  nbformat_minor: z.int().catch(0),
  cells: z.array(z.unknown()),
});

/**
 * A notebook with one more code cell at its end. What is in it stays as it is written; where a cell has this code already,
 * nothing is added.
 *
 * @param file its path, for errors.
 * @throws UsageError for what is no notebook of Python in nbformat 4.
 */
export function appendCell(file: string, content: string, code: string): string {
  const source = code.trimEnd();
  if (jupyterCells(file, content).some((cell) => cell.code.trimEnd() === source)) return content;
  const start = content.startsWith('\uFEFF') ? '\uFEFF' : '';
  const text = content.slice(start.length);
  const read = formatSchema.safeParse(parse(text));
  if (!read.success)
    throw new UsageError(`${file} is in an old format: open it in Jupyter and save it, then ask again.`);
  const { cells, nbformat_minor: minor } = read.data;
  const id = createHash('sha256').update(`${cells.length} ${source}`).digest('hex').slice(0, 8);
  const cell = {
    cell_type: 'code',
    execution_count: null,
    // Since nbformat 4.5.
    ...(minor >= 5 && { id }),
    metadata: {},
    outputs: [],
    source: source.split(/(?<=\n)/),
  };
  const indent = /^[ \t]+(?=")/m.exec(text)?.[0] ?? ' ';
  const formattingOptions = {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
  const edits = modify(text, ['cells', cells.length], cell, { formattingOptions, isArrayInsertion: true });
  return start + applyEdits(text, edits);
}
