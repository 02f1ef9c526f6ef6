import { readdir, readFile, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Home } from '../../home/home.ts';
import { ApiError, notFound } from '../../loopback/http.ts';
import { hyperParametersSchema } from './hyperParameters.ts';
import { trainingMethodSchema } from './trainingMethod.ts';
import type { ModelFile } from '../setup/model.ts';

/** `meta.json` of a tuned model's folder. */
const tunedMetaSchema = z.object({
  v: z.literal(1),
  name: z.string(),
  /** The served name it went on from: the base's or a tuned one's. */
  parent: z.string(),
  /** SHA-256 of the base's model file. */
  modelHash: z.string(),
  hyperParameters: hyperParametersSchema,
  /** Left out: supervised, or trained elsewhere. */
  method: trainingMethodSchema.exactOptional(),
  rows: z.int(),
  trainedTokens: z.int(),
  loss: z.number().nullable(),
  /** Seconds since 1970. */
  created: z.int(),
});
export type TunedMeta = z.infer<typeof tunedMetaSchema>;

export interface ServedModel {
  readonly name: string;
  /** Path of the adapter's GGUF; `null`: the base. */
  readonly adapter: string | null;
  /** Folder of the adapter in PEFT's format, to go on training from. */
  readonly peft: string | null;
  readonly meta: TunedMeta | null;
}

/** Whether there are tuned models of the base with this hash: they would not be found with another. */
export async function hasTuned(home: Home, modelHash: string): Promise<boolean> {
  const names = await readdir(home.tuned).catch(() => []);
  const metas = await Promise.all(names.map((name) => readMeta(join(home.tuned, name))));
  return metas.some((meta) => meta?.modelHash === modelHash);
}

/** `null` where there is none that is whole. */
async function readMeta(folder: string): Promise<TunedMeta | null> {
  try {
    return tunedMetaSchema.parse(JSON.parse(await readFile(join(folder, 'meta.json'), 'utf8')));
  } catch {
    return null;
  }
}

/** What can be asked under which name: the base model, and every tuned model of it that lies in the home. */
export class ServedModels {
  readonly base: ModelFile;
  readonly #home: Home;
  readonly #tuned = new Map<string, ServedModel>();
  readonly #touched = new Set<string>();

  constructor(home: Home, base: ModelFile) {
    this.#home = home;
    this.base = base;
  }

  folder(name: string): string {
    return join(this.#home.tuned, name);
  }

  /** @throws ApiError 404 `model_not_found` */
  async find(name: string): Promise<ServedModel> {
    const model = await this.peek(name);
    if (model !== null) {
      this.#touch(model);
      return model;
    }
    throw notFound(`The model '${name}' does not exist.`, 'model_not_found', 'model');
  }

  async peek(name: string): Promise<ServedModel | null> {
    if (name === this.base.name) return { name, adapter: null, peft: null, meta: null };
    const known = this.#tuned.get(name);
    if (known !== undefined) return known;
    // A name is a folder's; anything else could lead out of the home.
    if (!/^[\w.-]+$/.test(name) || name.startsWith('.')) return null;
    const meta = await this.#readMeta(name);
    if (meta === null) return null;
    const folder = this.folder(name);
    const model: ServedModel = { name, adapter: join(folder, 'adapter.gguf'), peft: join(folder, 'peft'), meta };
    this.#tuned.set(name, model);
    return model;
  }

  /** Leaves word that a tuned model is in use, once a process: `prune --embedded` removes those that are not. */
  #touch({ name, meta }: ServedModel): void {
    if (meta === null || this.#touched.has(name)) return;
    this.#touched.add(name);
    const now = new Date();
    utimes(join(this.folder(name), 'meta.json'), now, now).catch(() => undefined);
  }

  /** Forgets a tuned model for good. @throws ApiError 404 */
  async remove(name: string): Promise<void> {
    const { meta } = await this.find(name);
    if (meta === null) throw new ApiError(400, `'${name}' is the base model.`, { param: 'lora_name' });
    this.#tuned.delete(name);
    await rm(this.folder(name), { recursive: true, force: true });
  }

  /** The base first, then the tuned ones, oldest first. */
  async list(): Promise<readonly ServedModel[]> {
    const names = await readdir(this.#home.tuned).catch(() => []);
    const tuned = (await Promise.all(names.map((name) => this.peek(name)))).filter((model) => model !== null);
    tuned.sort((a, b) => (a.meta?.created ?? 0) - (b.meta?.created ?? 0) || (a.name < b.name ? -1 : 1));
    return [await this.find(this.base.name), ...tuned];
  }

  /** `null` for what is not a finished adapter of this base. */
  async #readMeta(name: string): Promise<TunedMeta | null> {
    const meta = await readMeta(this.folder(name));
    return meta?.modelHash === this.base.hash && meta.name === name ? meta : null;
  }
}
