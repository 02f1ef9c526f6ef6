/** The endings of data files that can be read: texts, each also read packed as `.jsonl.gz`, and tables of Parquet. */
const textEndings = ['jsonl', 'ndjson', 'json', 'csv', 'tsv'] as const;
const tableEnding = 'parquet';
export const dataEndings = [...textEndings, tableEnding] as const;
export type DataEnding = (typeof dataEndings)[number];

/** How a packed file ends. */
export const packedEnding = 'gz';

const packedEndings = textEndings.map((ending) => `${ending}.${packedEnding}` as const);

/** Data files in any folder, for a search or a watcher. */
export const dataFilesPattern = `**/*.{${[...dataEndings, ...packedEndings].join(',')}}`;

const dataFile = new RegExp(`\\.(?:(${textEndings.join('|')})(?:\\.${packedEnding})?|(${tableEnding}))$`, 'i');

/** `null`: it is no data file that can be read. */
export function dataEndingOf(file: string): DataEnding | null {
  const [, text, table] = dataFile.exec(file) ?? [];
  return ((text ?? table)?.toLowerCase() as DataEnding | undefined) ?? null;
}
