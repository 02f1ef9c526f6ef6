import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

let around: string | undefined;

// At the top, and so of the file: a hook that a test in the middle asks for comes too late.
afterAll(() => {
  if (around !== undefined) rmSync(around, { recursive: true, force: true });
});

/** A folder that is removed after the file's tests. */
export function temporaryFolder(): string {
  around ??= mkdtempSync(join(tmpdir(), 'bt-unit-'));
  return mkdtempSync(join(around, 'folder-'));
}
