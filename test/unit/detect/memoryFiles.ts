import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Detector } from '../../../src/detect/detector.ts';
import type { FoundProgram } from '../../../src/detect/base/found.ts';

const require = createRequire(import.meta.url);

/** A detector over files in memory; `read` lists what was read. */
export function detectorOf(files: Record<string, string>) {
  const read: string[] = [];
  const detector = new Detector({
    list: () => Promise.resolve(Object.keys(files)),
    read: (file, stamp) => {
      const text = files[file];
      // Content is its own stamp.
      if (text !== undefined && text === stamp) return { kind: 'same' };
      read.push(file);
      return text === undefined ? { kind: 'gone' } : { kind: 'read', bytes: Buffer.from(text), stamp: text };
    },
    readWasm: (name) =>
      readFile(
        require.resolve(
          name === 'tree-sitter.wasm' ? `web-tree-sitter/${name}` : `@vscode/tree-sitter-wasm/wasm/${name}`,
        ),
      ),
  });
  return { detector, read };
}

/** `Name: predictor, predictor` of each program. */
export function brief(programs: readonly FoundProgram[]): readonly string[] {
  return programs.map(({ name, predictors }) => `${name}: ${predictors.map((each) => each.name).join(', ')}`);
}

/** What is found in one Python file. */
export async function inPython(text: string) {
  const { detector } = detectorOf({ 'a.py': text });
  await detector.scan();
  return detector.inFile('a.py');
}
