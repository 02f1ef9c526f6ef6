import { HumanError } from '../base/errors.ts';
import type { Example } from '../data/program.ts';
import type { RunReader } from './runReader.ts';

export interface ReadableRows {
  readonly examples: readonly Example[] | null;
  /** Why they cannot be read. */
  readonly problem: string | null;
}

/** The rows of a split; where the data file is gone or changed, why they cannot be shown. */
export async function readableRows(reader: RunReader, split: 'train' | 'dev' | 'test'): Promise<ReadableRows> {
  try {
    return { examples: await reader.examples(split), problem: null };
  } catch (error) {
    if (!(error instanceof HumanError)) throw error;
    return { examples: null, problem: error.message };
  }
}
