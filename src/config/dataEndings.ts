/** The endings of data files that can be read; each is also read packed, as `.jsonl.gz`. */
export const dataEndings = ['jsonl', 'ndjson', 'json', 'csv', 'tsv'] as const;
export type DataEnding = (typeof dataEndings)[number];

/** How a packed file ends. */
export const packedEnding = 'gz';

/** Data files in any folder, for a search or a watcher. */
export const dataFilesPattern = `**/*.{${[...dataEndings, ...dataEndings.map((ending) => `${ending}.${packedEnding}`)].join(',')}}`;

const dataFile = new RegExp(`\\.(${dataEndings.join('|')})(?:\\.${packedEnding})?$`, 'i');

/** `null`: it is no data file that can be read. */
export function dataEndingOf(file: string): DataEnding | null {
  return (dataFile.exec(file)?.[1]?.toLowerCase() as DataEnding | undefined) ?? null;
}
