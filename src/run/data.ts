import { loadDataset } from '../config/dataset.ts';
import type { Dataset } from '../config/dataset.ts';
import type { ResolvedProgram } from '../config/resolved.ts';
import { holdOutDev } from '../config/split.ts';
import type { Example } from '../data/program.ts';
import { PythonRandom } from '../engine/pythonRandom.ts';
import type { DataHashes } from './manifest.ts';

/** The rows of a program by what they are for (DESIGN section 5), and the hashes of the files they came from. */
export interface ProgramData {
  readonly train: readonly Example[];
  readonly dev: readonly Example[];
  /** `null`: there is no test file. */
  readonly test: readonly Example[] | null;
  readonly hashes: DataHashes;
}

/**
 * Loads the data of a program. Without a dev file a fifth of train, drawn by the program's seed, is held out.
 *
 * @throws UsageError naming file and line.
 */
export async function loadProgramData(config: ResolvedProgram): Promise<ProgramData> {
  const load = (file: string): Promise<Dataset> => loadDataset(file, config.inputs, config.metric);
  const train = await load(config.data.train);
  const dev = config.data.dev === null ? null : await load(config.data.dev);
  const test = config.data.test === null ? null : await load(config.data.test);
  const random = new PythonRandom(config.seed);
  const split =
    dev === null
      ? holdOutDev(train.examples, (rows) => random.shuffle(rows))
      : { train: train.examples, dev: dev.examples };
  return {
    ...split,
    test: test?.examples ?? null,
    hashes: { train: hashOf(train), dev: dev && hashOf(dev), test: test && hashOf(test) },
  };
}

function hashOf({ file, sha256 }: Dataset): DataHashes['train'] {
  return { file, sha256 };
}
