import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDetector } from '../detect/detectFolder.ts';
import type { Detector } from '../detect/detector.ts';
import type { Finder } from './finder.ts';

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
