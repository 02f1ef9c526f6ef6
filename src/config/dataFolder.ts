/** What a folder that is named in the place of a data file holds, and how its rows are had. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOfRows, pythonPath } from '../data/codeOfRows.ts';

/** Where the Hub of Hugging Face keeps the files of a data set. */
const filesOfHub = 'data';

/** A sentence with a space before it; empty where nothing is known of the folder. */
export async function folderRemedy(folder: string): Promise<string> {
  const names = await namesIn(folder);
  if (names.includes('dataset_dict.json')) return savedSet(folder, "['train']");
  if (names.includes('state.json') && names.includes('dataset_info.json')) return savedSet(folder, '');
  const within = (await namesIn(join(folder, filesOfHub))).map((name) => join(filesOfHub, name));
  const table = [...names, ...within].find((name) => name.endsWith('.parquet'));
  return table === undefined ? '' : ` Name a file in it, such as ${join(folder, table)}.`;
}

function savedSet(folder: string, split: string): string {
  const code = codeOfRows(`datasets.load_from_disk(${pythonPath(folder)})${split}`);
  return ` It holds a data set that Hugging Face's datasets saved, which code reads: ${code}`;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).toSorted();
}
