import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Build {
  bundleHost(outdir: string, options: object): Promise<unknown>;
  bundleSdk(outdir: string, options: object): Promise<unknown>;
  copyFiles(outdir: string): void;
}

const script = new URL('../../scripts/build.mjs', import.meta.url).href;

export interface Bundles {
  /** The Node host's child process. */
  readonly host: string;
  /** What users import as 'bettertogether'. */
  readonly sdk: string;
  dispose(): void;
}

/** Bundles the host and the SDK as the build does, into a folder of their own. */
export async function bundleHost(): Promise<Bundles> {
  const folder = mkdtempSync(join(tmpdir(), 'bettertogether-host-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const build = (await import(script)) as Build;
  build.copyFiles(folder);
  const plain = { sourcemap: false };
  await Promise.all([build.bundleHost(folder, plain), build.bundleSdk(folder, plain)]);
  return {
    host: join(folder, 'host.js'),
    sdk: join(folder, 'sdk.js'),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
