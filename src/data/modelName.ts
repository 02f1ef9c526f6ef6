import { basename } from 'node:path';

/** The name under which the embedded endpoint serves a model file of the user's own. */
export function modelNameOf(file: string): string {
  return basename(file)
    .toLowerCase()
    .replace(/\.gguf$/, '')
    .replace(/[^a-z0-9._-]+/g, '-');
}
