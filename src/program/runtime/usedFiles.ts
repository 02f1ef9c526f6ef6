/**
 * Files besides its source that a program's answers depend on (a corpus): hosts count them among its sources, so that
 * nothing that was remembered for another content is taken for this one. Shared by all copies of this package.
 */
const key = Symbol.for('bettertogether.usedFiles.1');
const shared = globalThis as typeof globalThis & { [key]?: Set<string> };

/** @param file absolute path. */
export function noteUsedFile(file: string): void {
  (shared[key] ??= new Set()).add(file);
}

/** Absolute paths. */
export function usedFiles(): readonly string[] {
  return [...(shared[key] ?? [])];
}
