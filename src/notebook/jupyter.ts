/** Jupyter's file format, nbformat 3 and 4 (nbformat.readthedocs.io). */
import * as z from 'zod';
import { UsageError, messageOf } from '../base/errors.ts';
import type { Cell } from './cell.ts';

/** A text, whole or as a list of its lines with their ends. */
const textSchema = z.union([z.string(), z.array(z.string()).transform((lines) => lines.join(''))]);

const cellSchema = z.object({
  cell_type: z.string(),
  source: textSchema.optional(),
  /** nbformat 3. */
  input: textSchema.optional(),
  language: z.string().optional(),
  /** VS Code keeps a cell's language here where it is not the notebook's. */
  metadata: z
    .object({ vscode: z.object({ languageId: z.string().optional() }).optional().catch(undefined) })
    .optional()
    .catch(undefined),
});

const notebookSchema = z.object({
  cells: z.array(cellSchema).optional(),
  /** nbformat 3. */
  worksheets: z.array(z.object({ cells: z.array(cellSchema) })).optional(),
  metadata: z
    .object({
      kernelspec: z
        .object({ name: z.string().optional(), language: z.string().optional() })
        .optional()
        .catch(undefined),
      language_info: z.object({ name: z.string().optional() }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
type Notebook = z.infer<typeof notebookSchema>;

/** @throws UsageError naming the file. */
export function jupyterCells(file: string, content: string): readonly Cell[] {
  const notebook = parsed(file, content);
  const language = languageOf(notebook);
  if (!isPython(language)) {
    throw new UsageError(`${file} is a notebook of ${language}: programs are read from notebooks of Python.`);
  }
  const cells = notebook.cells ?? notebook.worksheets?.flatMap((sheet) => sheet.cells) ?? [];
  return cells.flatMap((cell, i) => {
    if (cell.cell_type !== 'code') return [];
    const own = cell.metadata?.vscode?.languageId ?? cell.language ?? 'python';
    const notPython = isPython(own) ? {} : { notPython: `it is a cell of ${own}` };
    return [{ number: i + 1, code: cell.source ?? cell.input ?? '', line: 1, ...notPython }];
  });
}

function parsed(file: string, content: string): Notebook {
  const text = content.replace(/^\uFEFF/, '');
  if (text.trim() === '') throw new UsageError(`${file} is empty: save the notebook first.`);
  const read = notebookSchema.safeParse(jsonOf(file, text));
  if (read.success && (read.data.cells ?? read.data.worksheets) !== undefined) return read.data;
  const issue = read.success ? undefined : read.error.issues[0];
  const why = issue === undefined ? 'it has no "cells"' : `${issue.path.join('.') || 'it'}: ${issue.message}`;
  throw new UsageError(`${file} is no Jupyter notebook (${why}). Save it from Jupyter, VS Code or Colab again.`);
}

function jsonOf(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const conflict = /^<{7} /m.test(text) ? ' It has the marks of a merge conflict.' : '';
    throw new UsageError(`${file} is no Jupyter notebook: it is not JSON (${messageOf(error)}).${conflict}`, error);
  }
}

/** As its kernel names it; a notebook that does not say is taken to be Python. */
function languageOf({ metadata }: Notebook): string {
  return (
    metadata?.language_info?.name ??
    metadata?.kernelspec?.language ??
    kernels.get(metadata?.kernelspec?.name ?? '') ??
    'python'
  );
}

/** Languages of kernels that are known by their names, where the notebook has no more. */
const kernels: ReadonlyMap<string, string> = new Map([
  ['ir', 'R'],
  ['deno', 'typescript'],
  ['bash', 'bash'],
  ['javascript', 'javascript'],
  ['.net-csharp', 'C#'],
]);

function isPython(language: string): boolean {
  return /^i?python\d?$/i.test(language);
}
