import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDetector } from '../detect/detectFolder.ts';
import type { Detector } from '../detect/detector.ts';
import type { Found } from '../detect/base/found.ts';

/** What the index asks of `src/detect`. Files are named from the folder, with `/`. */
export interface Finder {
  /** Reads all sources of the folder. */
  scan(folder: string): Promise<Found>;
  /** Reads one again, with the text that an editor shows; `null`: as it is on the disk. */
  edit(folder: string, file: string, text: string | null): Promise<Found>;
  remove(folder: string, file: string): Promise<Found>;
}

/** One detector a folder, kept, so that a change costs the reading of what changed. */
export function createFinder(wasmFolder: string): Finder {
  const detectors = new Map<string, Detector>();
  const of = (folder: string): Detector => {
    const known = detectors.get(folder);
    if (known !== undefined) return known;
    const detector = createDetector(folder, (name) => readFile(join(wasmFolder, name)));
    detectors.set(folder, detector);
    return detector;
  };
  return {
    async scan(folder) {
      await of(folder).scan();
      return of(folder).found();
    },
    async edit(folder, file, text) {
      await of(folder).update(file, text ?? undefined);
      return of(folder).found();
    },
    async remove(folder, file) {
      await of(folder).remove(file);
      return of(folder).found();
    },
  };
}
