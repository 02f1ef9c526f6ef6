import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { recordBytesAtMost } from '../../base/limits.ts';
import { readPlainFile, readPlainFileSync } from '../../base/plainFile.ts';
import { keptPath, locatedPath } from '../../base/portablePaths.ts';
import { parseRecord } from '../../data/record.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import * as z from 'zod';
import { sealAt } from '../../home/seal.ts';
import { isSealedText, sealedText } from '../../home/sealedText.ts';

const address = { endpoint: z.string(), baseURL: z.string(), apiKeyEnv: z.string().nullable() };

const entrySchema = z.object({
  v: z.literal(1),
  /** What calls name it as. */
  model: z.string(),
  /** Its name on the server; a folder's name, too. */
  name: z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9_@:-]|\.(?!\.))*$/),
  base: z.string(),
  /** Where the trainer left it. */
  folder: z.string(),
  /** The same folder as the server sees it. */
  served: z.string(),
  server: z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['vllm', 'sglang', 'embedded']), ...address }),
    z.object({ kind: z.literal('llama-server'), preset: z.string(), ...address }),
  ]),
  /** ISO 8601. */
  created: z.string(),
});
export type LedgerEntry = z.infer<typeof entrySchema>;

interface ReadEntry {
  readonly entry: LedgerEntry;
  readonly madeHere: boolean;
}

/**
 * The adapters that runs of a workspace put into endpoints, a file each, written before they are loaded. Entries are
 * sealed: others, which came with the folder, are listed apart and neither loaded nor removed.
 */
export class AdapterLedger {
  readonly #folder: string;
  readonly #workspace: string;

  /** @param folder where the ledger lies: in the workspace, with which adapters may move. */
  constructor(folder: string, workspace: string) {
    this.#folder = folder;
    this.#workspace = workspace;
  }

  async put(entry: LedgerEntry): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const record = this.#withPaths(entry, keptPath);
    await replaceFile(this.#file(entry.name), sealedText(sealAt(this.#folder), 'adapter', entry.name, record));
  }

  async find(model: string): Promise<LedgerEntry | null> {
    return (await this.list()).find((entry) => entry.model === model) ?? null;
  }

  async list(): Promise<readonly LedgerEntry[]> {
    return (await this.#readAll()).filter(({ madeHere }) => madeHere).map(({ entry }) => entry);
  }

  /** Entries that this user did not write here. */
  async listForeign(): Promise<readonly LedgerEntry[]> {
    return (await this.#readAll()).filter(({ madeHere }) => !madeHere).map(({ entry }) => entry);
  }

  async #readAll(): Promise<readonly ReadEntry[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const entries = await Promise.all(
      names.filter((name) => name.endsWith('.json')).map((name) => this.#read(join(this.#folder, name))),
    );
    return entries.filter((entry) => entry !== null);
  }

  async remove({ name }: Pick<LedgerEntry, 'name'>): Promise<void> {
    await rm(this.#file(name), { force: true });
  }

  path({ name }: Pick<LedgerEntry, 'name'>): string {
    return this.#file(name);
  }

  #withPaths(entry: LedgerEntry, as: typeof keptPath): LedgerEntry {
    const { folder, served } = entry;
    return { ...entry, folder: as(folder, this.#workspace), served: as(served, this.#workspace) };
  }

  /** Where the entry of this name is, or will be; an earlier version gave several names one file. */
  #file(name: string): string {
    const own = join(this.#folder, `${fileOf(name)}.json`);
    const earlier = join(this.#folder, `${name.replaceAll(/[^\w.-]/g, '_')}.json`);
    return own !== earlier && nameIn(earlier) === name ? earlier : own;
  }

  async #read(file: string): Promise<ReadEntry | null> {
    try {
      const text = (await readPlainFile(file)) ?? '';
      const entry = this.#withPaths(parseRecord(entrySchema, text), locatedPath);
      // Under another name it would be an unknown entry.
      const madeHere =
        isSealedText(sealAt(this.#folder), 'adapter', entry.name, text) && this.#file(entry.name) === file;
      return { entry, madeHere };
    } catch {
      return null;
    }
  }
}

/** A file's name that no other adapter has, on file systems that ignore case too. */
function fileOf(name: string): string {
  if (/^[a-z0-9_.-]+$/.test(name)) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.toLowerCase().replaceAll(/[^a-z0-9_.-]/g, '_')}~${digest}`;
}

/** The name of the adapter that a file names; `null` for any other file, or none. */
function nameIn(file: string): string | null {
  try {
    return parseRecord(z.object({ name: z.string() }), readPlainFileSync(file, recordBytesAtMost)).name;
  } catch {
    return null;
  }
}
