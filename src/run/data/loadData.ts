import { dirname } from 'node:path';
import { datasetOf, isBuiltInCode, languageOfData, loadDataset } from '../../config/dataset.ts';
import type { Dataset } from '../../config/dataset.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { holdOutDev } from '../../config/holdOut.ts';
import { contentHash } from '../../base/contentHash.ts';
import { languageNames, languages } from '../../data/language.ts';
import type { Example, LiveRows } from '../../data/program.ts';
import { PythonRandom } from '../../engine/pythonRandom.ts';
import type { DatasetRow } from '../../host/protocol.ts';
import { programHosts } from '../services/programHosts.ts';
import type { DataHashes } from '../record/manifest.ts';

/** The rows of a program by what they are for, and the hashes of the files they came from. */
export interface ProgramData {
  readonly train: readonly Example[];
  readonly dev: readonly Example[];
  /** `null`: there is no test file. */
  readonly test: readonly Example[] | null;
  readonly hashes: DataHashes;
  /** See `Datasets.live`. */
  readonly live: LiveRows;
}

/** The data sets of a program as they were loaded: the rows are the same for every seed. */
export interface Datasets {
  readonly train: Dataset;
  readonly dev: Dataset | null;
  readonly test: Dataset | null;
  /** See `InitializeParams.rows`. */
  readonly live: LiveRows;
}

/**
 * Loads the data of a program. Without a dev file a fifth of train is held out. Data that
 * is built in code is made by a process of its own: one of the workspace's Python for all of `file.py#name`, one of Node for
 * all of `file.ts#name`.
 *
 * @param workspace the folder that relative paths in code start in; by default the program's own.
 * @param env the environment of that code; it may name the interpreter (`findPython`).
 * @throws UsageError naming file and line.
 */
export async function loadProgramData(
  config: ResolvedProgram,
  workspace: string = dirname(config.program.file),
  env: NodeJS.ProcessEnv = process.env,
): Promise<ProgramData> {
  return rowsFor(await loadDatasets(config, workspace, env));
}

/**
 * The data sets of a program. Code that builds data may build other rows the next time, so that one session of a run
 * loads once and hands on what it loaded.
 *
 * Parameters and errors as `loadProgramData`.
 */
export async function loadDatasets(
  config: ResolvedProgram,
  workspace: string = dirname(config.program.file),
  env: NodeJS.ProcessEnv = process.env,
): Promise<Datasets> {
  const built = await buildInCode(config, workspace, env);
  const load = async (file: string | null): Promise<Dataset | null> =>
    file === null ? null : (built.datasets.get(file) ?? (await loadDataset(file, config.inputs, config.metric)));
  const train = (await load(config.data.train))!;
  return { train, dev: await load(config.data.dev), test: await load(config.data.test), live: built.live };
}

/**
 * The rows of one split, and no file of another: what is listed before anything is run.
 *
 * Parameters and errors as `loadProgramData`; where the program names no test rows there are none.
 */
export async function loadSplit(
  config: ResolvedProgram,
  split: 'dev' | 'test',
  workspace?: string,
  env?: NodeJS.ProcessEnv,
): Promise<readonly Example[]> {
  const own = config.data[split];
  if (own === null && split === 'test') return [];
  const data = { train: own ?? config.data.train, dev: null, test: null };
  const loaded = await loadDatasets({ ...config, data }, workspace, env);
  return own === null ? rowsFor(loaded).dev : loaded.train.examples;
}

/**
 * What is held out is the same whatever the seed of a run: a state that one run trained is never measured on its own
 * training rows by another, and scores over seeds are of the same rows.
 */
const heldOutSeed = 0;

/** The rows by what they are for. */
export function rowsFor({ train, dev, test, live }: Datasets): ProgramData {
  const random = new PythonRandom(heldOutSeed);
  const split =
    dev === null
      ? holdOutDev(train.examples, (rows) => random.shuffle(rows))
      : { train: train.examples, dev: dev.examples };
  return {
    ...split,
    test: test?.examples ?? null,
    hashes: { train: hashOf(train), dev: dev && hashOf(dev), test: test && hashOf(test) },
    live,
  };
}

async function buildInCode(config: ResolvedProgram, workspace: string, env: NodeJS.ProcessEnv): Promise<BuiltData> {
  const { train, dev, test } = config.data;
  const specs = [train, dev, test].filter((file): file is string => file !== null && isBuiltInCode(file));
  const made = await makeRows([...new Set(specs)], workspace, env);
  const live = [...made].map(([spec, rows]) => [spec, hashesOf(rows)] as const);
  return {
    datasets: new Map([...made].map(([spec, rows]) => [spec, datasetOfCode(spec, rows, config)])),
    live: Object.fromEntries(live.filter(([, hashes]) => Object.keys(hashes).length > 0)),
  };
}

interface BuiltData {
  readonly datasets: ReadonlyMap<string, Dataset>;
  readonly live: LiveRows;
}

/**
 * Code is not data: what it made is what a resumed run must find again, so that is what is hashed. Not of which class it
 * made rows: their fields say the same, and runs of earlier versions, which did not know it, go on.
 */
export function hashOfMade(rows: readonly DatasetRow[]): string {
  return contentHash(rows.map(({ fields, inputs, hash }) => ({ fields, inputs, hash })));
}

function datasetOfCode(spec: string, rows: readonly DatasetRow[], { inputs, metric }: ResolvedProgram): Dataset {
  const placed = rows.map((row, i) => ({ ...row, place: `${spec}, row ${i + 1}` }));
  const dataset = datasetOf(spec, placed, hashOfMade(rows), inputs, metric);
  const language = languageOfData(spec);
  if (language === null || !languages[language].valuesAsMade) return dataset;
  return { ...dataset, examples: dataset.examples.map((example) => ({ ...example, made: true })) };
}

function hashesOf(rows: readonly DatasetRow[]): LiveRows[string] {
  const hashes = rows.map(({ hash, classHash }, number) => [number, hash ?? classHash] as const);
  return Object.fromEntries(hashes.filter((entry): entry is readonly [number, string] => entry[1] !== undefined));
}

/** The rows of each data set, made by a process a language. */
async function makeRows(
  specs: readonly string[],
  workspace: string,
  env: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<string, readonly DatasetRow[]>> {
  const made = new Map<string, readonly DatasetRow[]>();
  // One after the other: where the first fails, nothing of the second is left at work.
  for (const language of languageNames) {
    const datasets = specs.filter((spec) => languageOfData(spec) === language);
    if (datasets.length === 0) continue;
    const rows = await programHosts[language].readData({ workspace, env, datasets });
    for (const [i, spec] of datasets.entries()) made.set(spec, rows[i]!);
  }
  return made;
}

function hashOf({ file, sha256 }: Dataset): DataHashes['train'] {
  return { file, sha256 };
}
