import { fileURLToPath } from 'node:url';

/** The package's programs lie beside each other in `dist`: the path of one of them, from the one that is running. */
export function bundle(name: 'host.js' | 'sdk.js'): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}
