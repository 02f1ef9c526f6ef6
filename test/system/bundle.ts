import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface Bundles {
  /** The Node host's child process. */
  readonly host: string;
  /** What users import as 'bettertogether'. */
  readonly sdk: string;
  dispose(): void;
}

const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/** Bundles the host and the SDK as the build does, into a folder of their own. */
export async function bundleHost(): Promise<Bundles> {
  const folder = mkdtempSync(join(tmpdir(), 'bettertogether-host-'));
  await build({
    entryPoints: { host: source('host/node/main.ts'), sdk: source('program/sdk.ts') },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: false,
    logLevel: 'silent',
    // Packages in CommonJS ask for Node's own modules by require.
    banner: {
      js: "import { createRequire as $require } from 'node:module'; const require = $require(import.meta.url);",
    },
  });
  return {
    host: join(folder, 'host.mjs'),
    sdk: join(folder, 'sdk.mjs'),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
