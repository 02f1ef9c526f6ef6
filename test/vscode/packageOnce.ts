/** The extension is packaged once for all files of a run, as `npm run package` does it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the packaged extension. */
    readonly vsix: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

export default function packageOnce(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'bt-vsix-'));
  const vsix = join(folder, 'bettertogether.vsix');
  execFileSync(process.execPath, [join(root, 'scripts', 'vsix.mjs'), vsix], { stdio: 'pipe' });
  project.provide('vsix', vsix);
  return () => rmSync(folder, { recursive: true, force: true });
}
