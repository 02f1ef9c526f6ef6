/**
 * In which form the default model is served. It comes as Q4_1, which llama.cpp multiplies slowly on most processors, so it
 * is written again in the form that is fastest here. What is served is what is trained on, and its hash identifies the
 * endpoint, so answers and adapters of two forms are never taken for each other's.
 */
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { contentHash } from '../../base/contentHash.ts';
import { HumanError, messageOf, UsageError } from '../../base/errors.ts';
import type { Home } from '../../home/home.ts';
import { replacePrivateFile } from '../../home/private.ts';
import { hasTuned } from '../models/servedModels.ts';
import type { ModelFile } from '../setup/model.ts';
import { defaultModel } from '../setup/model.ts';
import type { SetupOptions } from '../setup/progress.ts';
import { runtimeVersion } from '../setup/runtime.ts';
import { withSetupLock } from '../setup/stamp.ts';
import type { WrittenType } from './blocks.ts';
import { convertModel } from './convert.ts';
import type { TensorType } from './gguf.ts';
import { ggmlTypes } from './gguf.ts';
import type { Measured } from './measure.ts';
import { measureModels } from './measure.ts';

/** Names a form for the user: `q4_1` (as it comes), `bf16`, `q8_0`, `q4_0`. */
export const formVariable = 'BETTERTOGETHER_EMBEDDED_FORM';

/**
 * What is chosen from, the most faithful first. Not Q4_0: it rounds weights by up to half a step of the 16 that they have,
 * which changes answers.
 */
const candidates = ['q4_1', 'bf16', 'q8_0'] as const satisfies readonly TensorType[];
type Candidate = (typeof candidates)[number];

/** A less faithful form has to be faster by this much. */
const worthIt = 0.9;

const choiceSchema = z.object({ machine: z.string(), form: z.enum(candidates) });
const writtenSchema = z.object({ from: z.string(), sha256: z.string(), bytes: z.number(), modified: z.number() });

/**
 * The form of `given` (the default model, whose hash is known) to serve: the one the user named, else the one that tuned models
 * of this home were trained on, else the fastest, which is measured once for each processor and version of the runtime.
 * Changes nothing where it lies there already.
 *
 * @throws UsageError for a form that there is not; HumanError when it cannot be written.
 */
export async function servedForm(home: Home, given: ModelFile, options: SetupOptions = {}): Promise<ModelFile> {
  const named = namedForm(options.env ?? process.env);
  if (named !== null) return await inForm(home, given, named, options);
  const known = await knownChoice(home, given);
  if (known !== null) return await inForm(home, given, known, options);
  const waiting = (): void => {
    options.onProgress?.({
      part: 'model',
      state: 'waiting',
      message: 'Another process measures the model; waiting for it.',
    });
  };
  return await withSetupLock(join(home.root, 'form.lock'), waiting, async () => {
    const form = await knownChoice(home, given);
    return form === null ? await chosenForm(home, given, options) : await inForm(home, given, form, options);
  });
}

function namedForm(env: NodeJS.ProcessEnv): TensorType | null {
  const name = env[formVariable] ?? '';
  if (name === '') return null;
  if (Object.hasOwn(ggmlTypes, name)) return name as TensorType;
  throw new UsageError(`${formVariable} is one of ${Object.keys(ggmlTypes).join(', ')}, not ${name}.`);
}

/** What is measured of a form: a choice by less is made anew. */
const measured = ['time', 'steadiness'];

/** What a choice holds for: another processor, or another llama.cpp, may be faster with another form. */
async function machine(): Promise<string> {
  const info = platform() === 'linux' ? await readFile('/proc/cpuinfo', 'utf8').catch(() => '') : '';
  const features = /^(?:flags|Features)\s*:(.*)$/m.exec(info)?.[1] ?? '';
  return contentHash([measured, runtimeVersion, platform(), arch(), cpus()[0]?.model ?? '', features.trim()]);
}

function choiceFile(home: Home): string {
  return join(home.models, 'form.json');
}

/** A form that models were trained on is kept, on any processor: with another they would not be found. */
async function knownChoice(home: Home, given: ModelFile): Promise<Candidate | null> {
  const choice = await lastChoice(home);
  if (choice === null) return (await hasTuned(home, given.hash)) ? 'q4_1' : null;
  if (choice.machine === (await machine())) return choice.form;
  const hash = choice.form === 'q4_1' ? given.hash : await knownHash(fileIn(home, choice.form), given.hash);
  return hash !== null && (await hasTuned(home, hash)) ? choice.form : null;
}

async function lastChoice(home: Home): Promise<z.infer<typeof choiceSchema> | null> {
  try {
    return choiceSchema.parse(JSON.parse(await readFile(choiceFile(home), 'utf8')));
  } catch {
    return null;
  }
}

/** The model works as it comes: where the others cannot be written or measured, it is served so. */
async function chosenForm(home: Home, given: ModelFile, options: SetupOptions): Promise<ModelFile> {
  const say = (state: 'working' | 'done', message: string): void => {
    options.onProgress?.({ part: 'model', state, message });
  };
  say('working', `Measuring in which form this processor evaluates ${given.name} fastest`);
  try {
    return await bestForm(home, given, options, (found) => say('done', `${given.name} is served as ${found}`));
  } catch (error) {
    options.signal?.throwIfAborted();
    say('done', `${given.name} is served as it comes (q4_1), its forms could not be compared: ${messageOf(error)}`);
    return given;
  }
}

async function bestForm(
  home: Home,
  given: ModelFile,
  options: SetupOptions,
  say: (found: string) => void,
): Promise<ModelFile> {
  const files: ModelFile[] = [];
  const made: string[] = [];
  for (const form of candidates) {
    options.signal?.throwIfAborted();
    const isThere = form === 'q4_1' || (await knownHash(fileIn(home, form), given.hash)) !== null;
    const file = await inForm(home, given, form, options);
    files.push(file);
    if (!isThere) made.push(file.path);
  }
  const found = await measureModels(
    home,
    files.map(({ path }) => path),
  );
  const form = chooseForm(found);
  const chosen = files[candidates.indexOf(form)]!;
  await replacePrivateFile(choiceFile(home), JSON.stringify({ machine: await machine(), form }) + '\n');
  // One that lay there before may be in use.
  for (const path of made) if (path !== chosen.path) await removeForm(path);
  const told = candidates.map((name, index) => `${name} ${toldOf(found[index]!)}`).join(', ');
  say(`${form} (64 tokens read and 4 written: ${told})`);
  return chosen;
}

/**
 * Of what was measured, one for each candidate: the first candidate that none behind it is faster than by a tenth. Those that
 * are not steady are left out, unless none is.
 */
export function chooseForm(found: readonly Measured[]): Candidate {
  const all = [...found.keys()];
  const steady = all.filter((index) => found[index]!.steady);
  const [first = 0, ...rest] = steady.length > 0 ? steady : all;
  let chosen = first;
  for (const index of rest) {
    if (found[index]!.milliseconds < found[chosen]!.milliseconds * worthIt) chosen = index;
  }
  return candidates[chosen]!;
}

function toldOf({ milliseconds, steady }: Measured): string {
  return `${milliseconds.toFixed(0)} ms${steady ? '' : ' and not the same each time'}`;
}

/** `given` in a form, written where it is not there yet. */
async function inForm(home: Home, given: ModelFile, form: TensorType, options: SetupOptions): Promise<ModelFile> {
  if (form === 'q4_1') return given;
  const path = fileIn(home, form);
  const known = await knownHash(path, given.hash);
  if (known !== null) return { ...given, path, hash: known };
  const waiting = (): void => {
    options.onProgress?.({
      part: 'model',
      state: 'waiting',
      message: 'Another process writes the model; waiting for it.',
    });
  };
  return await withSetupLock(`${path}.lock`, waiting, async () => {
    const hash = (await knownHash(path, given.hash)) ?? (await written(given, path, form));
    return { ...given, path, hash };
  });
}

function fileIn(home: Home, form: TensorType): string {
  return join(home.models, defaultModel.file.replace('Q4_1', form.toUpperCase()));
}

async function knownHash(path: string, from: string): Promise<string | null> {
  try {
    const stamp = writtenSchema.parse(JSON.parse(await readFile(stampOf(path), 'utf8')));
    const { size, mtimeMs } = await stat(path);
    return stamp.from === from && stamp.bytes === size && stamp.modified === mtimeMs ? stamp.sha256 : null;
  } catch {
    return null;
  }
}

async function written(given: ModelFile, path: string, form: WrittenType): Promise<string> {
  const draft = `${path}.tmp`;
  try {
    const sha256 = await convertModel(given.path, draft, form);
    await rename(draft, path);
    const { size, mtimeMs } = await stat(path);
    const stamp = { from: given.hash, sha256, bytes: size, modified: mtimeMs };
    await replacePrivateFile(stampOf(path), JSON.stringify(stamp) + '\n');
    return sha256;
  } catch (error) {
    await rm(draft, { force: true });
    throw new HumanError(
      `${path} cannot be written: ${messageOf(error)}. With ${formVariable}=q4_1 the model is served as it came, without another file.`,
      { cause: error },
    );
  }
}

async function removeForm(path: string): Promise<void> {
  await rm(stampOf(path), { force: true });
  await rm(path, { force: true });
}

function stampOf(path: string): string {
  return `${path}.stamp.json`;
}
