import { fileURLToPath } from 'node:url';

/** The package's programs lie beside each other in `dist`: the path of one of them, from the one that is running. */
export function bundle(name: 'cli.js' | 'host.js' | 'sdk.js'): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}

/** What starts the Python host: it lies in the package's `python` folder, as source. */
export function pythonHostLauncher(): string {
  return fileURLToPath(new URL('../python/host/launch.py', import.meta.url));
}
