import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { replaceFile } from '../../data/replaceFile.ts';
import { HumanError, messageOf } from '../../data/errors.ts';
import { runFiles } from './runFolder.ts';

const labelSchema = z.object({ name: z.string().exactOptional(), note: z.string().exactOptional() });

/** What a person calls a run and wrote about it. */
export interface RunLabel {
  readonly name?: string;
  readonly note?: string;
}

/** Nothing where there is none, or where it cannot be read: a label is never worth an error. */
export async function readLabel(folder: string): Promise<RunLabel> {
  try {
    return labelSchema.parse(JSON.parse(await readFile(runFiles(folder).label, 'utf8')));
  } catch {
    return {};
  }
}

/** @throws HumanError when the disk does not take it. */
export async function writeLabel(folder: string, label: RunLabel): Promise<void> {
  const { label: file } = runFiles(folder);
  try {
    await replaceFile(file, `${JSON.stringify(label, null, 2)}\n`);
  } catch (error) {
    throw new HumanError(`${file} could not be written: ${messageOf(error)}.`, { cause: error });
  }
}
