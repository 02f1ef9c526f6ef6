import * as z from 'zod';
import { replaceFile } from '../../base/replaceFile.ts';
import { HumanError, messageOf } from '../../base/errors.ts';
import { readPlainFile } from '../../base/plainFile.ts';
import { runFiles } from './runFolder.ts';

const labelSchema = z.object({ name: z.string().exactOptional(), note: z.string().exactOptional() });

/** What a person calls a run and wrote about it. */
export interface RunLabel {
  readonly name?: string;
  readonly note?: string;
}

/** Bytes of what a person writes about a run, many times over. */
const mostBytes = 2 ** 20;

/** Nothing where there is none, or where it cannot be read: a label is never worth an error. */
export async function readLabel(folder: string): Promise<RunLabel> {
  try {
    const text = await readPlainFile(runFiles(folder).label, mostBytes);
    return text === null ? {} : labelSchema.parse(JSON.parse(text));
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
