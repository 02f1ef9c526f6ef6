import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Detector } from './detector.ts';
import type { ReadWasm } from './grammars.ts';
import { isSource, listSources } from './nodeFiles.ts';
import { SourceReader } from './sourceReader.ts';

/** A detector of a folder on this machine. */
export function createDetector(folder: string, readWasm: ReadWasm = bundledWasm): Detector {
  const reader = new SourceReader(folder);
  return new Detector({
    list: () => listSources(folder),
    includes: (file) => isSource(folder, file),
    read: (file, stamp) => reader.read(file, stamp),
    readWasm,
  });
}

/** The parser beside the bundle, where the build puts it; in the repository, from its packages. */
const bundledWasm: ReadWasm = (name) => {
  const beside = join(dirname(fileURLToPath(import.meta.url)), name);
  if (existsSync(beside)) return readFile(beside);
  const require = createRequire(import.meta.url);
  const packaged = name === 'tree-sitter.wasm' ? `web-tree-sitter/${name}` : `@vscode/tree-sitter-wasm/wasm/${name}`;
  return readFile(require.resolve(packaged));
};
