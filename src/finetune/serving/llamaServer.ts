/** llama.cpp's own server with a list of models (`--models-preset`): an adapter is a model of it, in a section of its own. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { lock } from 'proper-lockfile';
import { HumanError, messageOf } from '../../base/errors.ts';
import { recordBytesAtMost } from '../../base/limits.ts';
import { readPlainFile } from '../../base/plainFile.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { refusedBy, wordsOf } from '../base/plainRequest.ts';
import type { PlainAnswer, PlainClient } from '../base/plainRequest.ts';
import { answersAs, FolderUnseen } from './adapterServer.ts';
import type { AdapterPlace, AdapterServer, ServerWay } from './adapterServer.ts';
import { canBeListed, withAdapter, withoutModel } from './modelsPreset.ts';

/**
 * The GGUF of an adapter, made where there is none beside it.
 *
 * @returns the file, as this machine sees it, or why there is none.
 */
export type AdapterGguf = (folder: string) => Promise<{ readonly file: string } | { readonly missing: string }>;

/** Makes none. */
export const noGguf: AdapterGguf = () => Promise.resolve({ missing: 'there is no GGUF of it' });

type Way = Extract<ServerWay, { kind: 'llama-server' }>;

export class LlamaServer implements AdapterServer {
  readonly way: Way;
  readonly #client: PlainClient;
  readonly #base: string;
  readonly #gguf: AdapterGguf;

  /** @param base the name of the base's section. */
  constructor(way: Way, client: PlainClient, base: string, gguf: AdapterGguf) {
    this.way = way;
    this.#client = client;
    this.#base = base;
    this.#gguf = gguf;
  }

  modelOf(name: string): string {
    return name;
  }

  async load(name: string, adapter: AdapterPlace, signal: AbortSignal): Promise<void> {
    const file = await this.#fileOf(adapter);
    await this.#change((text) => {
      const listed = withAdapter(text, { name, base: this.#base, file });
      if (listed !== null) return listed;
      const said = `is to serve an adapter of "${this.#base}", and its list of models has no such section`;
      throw this.#refused(said, `Name the base [${this.#base}] in ${this.way.preset}, with its "model"; then resume.`);
    }, signal);
    if (await this.#isListed(name, signal)) {
      if (await this.answers(name, signal)) return;
      throw this.#refused(
        `does not start the adapter "${name}" of ${file}`,
        'Look at the log of the server, then resume.',
      );
    }
    const said = `does not list the adapter "${name}" that ${this.way.preset} names`;
    throw this.#refused(said, 'Start it with --models-preset and this file; then resume.');
  }

  answers(name: string, signal: AbortSignal): Promise<boolean> {
    return answersAs(this.#client, name, name, signal);
  }

  async unload(name: string, signal: AbortSignal): Promise<void> {
    await this.#change((text) => withoutModel(text, name), signal);
  }

  /** As the server sees it. */
  async #fileOf({ folder, served }: AdapterPlace): Promise<string> {
    if (!existsSync(folder)) throw new FolderUnseen(`The adapter of ${folder} is not there any more.`);
    const gguf = await this.#gguf(folder);
    if ('missing' in gguf) throw new HumanError(`llama-server loads GGUF, and ${folder} has none: ${gguf.missing}.`);
    const file = asServed(gguf.file, folder, served);
    if (canBeListed(file)) return file;
    throw new HumanError(
      `llama-server cannot load ${file}: a list of models has no words for ";", "#" or "," in a path.`,
    );
  }

  /** Changes the list of models and has it read anew: only models that changed are stopped. One process at a time. */
  async #change(change: (text: string) => string, signal: AbortSignal): Promise<void> {
    const release = await this.#locked();
    try {
      await this.#write(change);
      const { status, text: said } = await this.#models('?reload=1', signal);
      if (status >= 300) throw this.#refused(`does not read its list of models: ${wordsOf(said)}`, startAdvice);
    } finally {
      await release();
    }
  }

  async #locked(): Promise<() => Promise<void>> {
    const { preset } = this.way;
    const retries = { retries: 120, factor: 1, minTimeout: 250 };
    return lock(preset, { realpath: false, retries }).catch((error: unknown) => {
      throw cannotWrite(preset, error);
    });
  }

  async #write(change: (text: string) => string): Promise<void> {
    const { preset } = this.way;
    const text = await readPlainFile(preset, recordBytesAtMost);
    const changed = change(text ?? '');
    if (changed === text) return;
    await replaceFile(preset, changed).catch((error: unknown) => {
      throw cannotWrite(preset, error);
    });
  }

  async #isListed(name: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#models('', signal)).text.includes(JSON.stringify(name));
  }

  #models(query: string, signal: AbortSignal): Promise<PlainAnswer> {
    const url = `${this.#client.connection.endpoint.baseURL}/models${query}`;
    const take = ({ status }: PlainAnswer) => status < 500;
    return this.#client.ask({ method: 'GET', url, what: 'its list of models', take }, signal);
  }

  #refused(said: string, advice: string): Error {
    return refusedBy(this.#client.connection, said, advice);
  }
}

function cannotWrite(preset: string, cause: unknown): HumanError {
  return new HumanError(`${preset} cannot be written: ${messageOf(cause)}.`, { cause });
}

const startAdvice = 'Start llama-server with --models-preset FILE and no model of its own; then resume.';

/** A file in an adapter's folder, or beside it, as the server sees it. */
function asServed(file: string, folder: string, served: string): string {
  if (file.startsWith(folder)) return served + file.slice(folder.length);
  const [here, there] = [dirname(folder), dirname(served)];
  return file.startsWith(here) ? there + file.slice(here.length) : file;
}
