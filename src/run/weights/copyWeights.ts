/** Copies adapters out, each into a folder of its own, with a note on how to serve them. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyContent, copyFolder } from '../../base/copyFiles.ts';
import { HumanError, messageOf } from '../../base/errors.ts';
import { fileNameOf } from '../../base/fileName.ts';
import { adapterFiles } from '../../finetune/base/adapterFolder.ts';
import type { TunedWeights } from './findWeights.ts';
import type { GgufMaker } from '../services/ggufAdapter.ts';
import { serveNote } from './serveNote.ts';

export interface CopiedWeights {
  readonly folder: string;
  /** Why there is no GGUF; `null`: there is one. */
  readonly noGguf: string | null;
}

/** @throws HumanError naming the folder that could not be written. */
export async function copyWeights(
  weights: readonly TunedWeights[],
  folder: string,
  makeGguf: GgufMaker,
): Promise<readonly CopiedWeights[]> {
  const copied: CopiedWeights[] = [];
  for (const one of weights) copied.push(await copyModel(one, join(folder, fileNameOf(one.name, 'model')), makeGguf));
  return copied;
}

async function copyModel(one: TunedWeights, to: string, makeGguf: GgufMaker): Promise<CopiedWeights> {
  try {
    await mkdir(to, { recursive: true });
    const noGguf = await copyAdapter(one, to, makeGguf);
    await writeFile(join(to, 'README.md'), serveNote(one, noGguf));
    return { folder: to, noGguf };
  } catch (error) {
    throw new HumanError(`The weights could not be copied to ${to}: ${messageOf(error)}.`, { cause: error });
  }
}

async function copyAdapter({ adapter, base }: TunedWeights, to: string, makeGguf: GgufMaker): Promise<string | null> {
  if (adapter.kind === 'embedded') {
    await copyFolder(adapter.folder, to);
    return null;
  }
  const peft = join(to, 'peft');
  await mkdir(peft, { recursive: true });
  // Not the checkpoints and the optimizer's state that trainers leave beside them.
  for (const name of await readdir(adapter.folder)) {
    if (adapterFiles.includes(name)) await copyContent(join(adapter.folder, name), join(peft, name));
  }
  const out = join(to, 'adapter.gguf');
  if (adapter.gguf === null) return makeGguf({ peft, base, out });
  await copyContent(adapter.gguf, out);
  return null;
}
