/** Notebooks that code is named in: read here, once a process is started, so that all of a run's processes have one text. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError, isMissing, messageOf } from '../base/errors.ts';
import { cellsOf, isMarimo, isNotebook, textOfCells } from '../notebook/notebookText.ts';
import type { GivenNotebook } from './protocol.ts';

/**
 * The notebooks among files that are named.
 *
 * @param references `file#name` each; a relative path starts in the workspace. What is no notebook is left out.
 * @throws UsageError naming a notebook that cannot be read.
 */
export async function notebooksIn(workspace: string, references: readonly string[]): Promise<readonly GivenNotebook[]> {
  const names = new Map<string, Set<string>>();
  for (const reference of references) {
    const hash = reference.lastIndexOf('#');
    const file = hash < 0 ? '' : reference.slice(0, hash);
    if (!isNotebook(file) && !file.endsWith('.py')) continue;
    const path = resolve(workspace, file);
    names.set(path, (names.get(path) ?? new Set()).add(reference.slice(hash + 1)));
  }
  const read = [...names].map(([file, wanted]) => given(file, [...wanted].toSorted()));
  return (await Promise.all(read)).filter((notebook) => notebook !== null);
}

async function given(file: string, names: readonly string[]): Promise<GivenNotebook | null> {
  const content = await contentOf(file);
  const kind = isNotebook(file) ? 'jupyter' : 'marimo';
  if (content === null || (kind === 'marimo' && !isMarimo(content))) return null;
  const { text, places, leftOut } = textOfCells(cellsOf(file, content));
  return { file, kind, names, text, places: places.map(({ cell, line }) => [cell, line]), leftOut };
}

/** `null`: there is none, which the host says better. */
async function contentOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw new UsageError(`${file} cannot be read: ${messageOf(error)}.`, error);
  }
}

/** What notebooks are named by in a process of a program. */
export function namedByProgram(options: {
  readonly program: string;
  readonly metric: string;
  readonly rows?: Readonly<Record<string, unknown>> | undefined;
}): readonly string[] {
  return [options.program, options.metric, ...Object.keys(options.rows ?? {})];
}
