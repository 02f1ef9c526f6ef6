import type { Found } from '../detect/found.ts';

/** What the index asks of `src/detect`. Files are named from the folder, with `/`. */
export interface Finder {
  /** Reads all sources of the folder. */
  scan(folder: string): Promise<Found>;
  /** Reads one again, with the text that an editor shows; `null`: as it is on the disk. */
  edit(folder: string, file: string, text: string | null): Promise<Found>;
  remove(folder: string, file: string): Promise<Found>;
}
