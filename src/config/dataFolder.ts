/** What a folder that is named in the place of a data file holds, and how its rows are had. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Where the Hub of Hugging Face keeps the files of a data set. */
const filesOfHub = 'data';

/** A sentence with a space before it; empty where nothing is known of the folder. */
export async function folderRemedy(folder: string): Promise<string> {
  const names = await namesIn(folder);
  const loaded = `datasets.load_from_disk('${basename(folder)}')`;
  if (names.includes('dataset_dict.json')) return savedSet(`${loaded}['train']`);
  if (names.includes('dataset_info.json') || names.some((name) => name.endsWith('.arrow'))) return savedSet(loaded);
  const within = (await namesIn(join(folder, filesOfHub))).map((name) => join(filesOfHub, name));
  const table = [...names, ...within].find((name) => name.endsWith('.parquet'));
  return table === undefined ? '' : ` Name a file in it, such as ${join(folder, table)}.`;
}

function savedSet(loaded: string): string {
  return (
    ` It holds a data set that Hugging Face's datasets saved, which code reads: \`def rows(): return ${loaded}\`, ` +
    'named as "file.py#rows".'
  );
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).toSorted();
}
