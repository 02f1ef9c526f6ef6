import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { cellsOf, isMarimo, isNotebook, textOfCells } from '../notebook/notebookText.ts';
import { slowestTickMs } from '../base/fileSystems.ts';

/** SHA-256 of a source; of a Jupyter notebook that of its code, whatever its cells put out and its text says. */
export async function hashOfSource(file: string): Promise<string> {
  const bytes = await readFile(file);
  const source = isNotebook(file) ? (codeOf(file, bytes.toString('utf8')) ?? bytes) : bytes;
  return createHash('sha256').update(source).digest('hex');
}

/** `null`: it is no notebook that can be read. */
function codeOf(file: string, content: string): string | null {
  try {
    return textOfCells(cellsOf(file, content)).text;
  } catch {
    return null;
  }
}

/** SHA-256 of files, read again only when size or time changed. */
export class SourceHashes {
  readonly #known = new Map<string, { readonly stamp: string; readonly hash: string }>();

  /** `null`: the file is not there. */
  async of(file: string): Promise<string | null> {
    const found = await stat(file).catch(() => null);
    if (found === null) return null;
    const stamp = `${found.size} ${found.mtimeMs}`;
    const known = this.#known.get(file);
    if (known?.stamp === stamp) return known.hash;
    const hash = await hashOfSource(file);
    if (Date.now() - found.mtimeMs >= slowestTickMs) this.#known.set(file, { stamp, hash });
    return hash;
  }

  /**
   * Sources that a program host reported, as `differ` compares them: of a notebook, Jupyter's or marimo's, it reports the
   * hash of what it gathered there.
   */
  async comparable(reported: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
    const all = Object.entries(reported).map(async ([file, hash]) => {
      const own = (await isGathered(file)) ? await this.of(file) : hash;
      return own === null ? [] : [[file, own] as const];
    });
    return Object.fromEntries((await Promise.all(all)).flat());
  }

  /** Whether any of the files is not as it was. */
  async differ(before: Readonly<Record<string, string>>): Promise<boolean> {
    const changed = await Promise.all(
      Object.entries(before).map(async ([file, hash]) => (await this.of(file)) !== hash),
    );
    return changed.includes(true);
  }
}

async function isGathered(file: string): Promise<boolean> {
  if (isNotebook(file)) return true;
  return file.endsWith('.py') && isMarimo(await readFile(file, 'utf8').catch(() => ''));
}
