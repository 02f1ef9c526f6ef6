/** The product with the toy in it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/** Not typed: a script of the repository. */
const script = new URL('../../scripts/build.mjs', import.meta.url).href;
const root = fileURLToPath(new URL('../..', import.meta.url));

const list = join(root, 'src', 'engine', 'optimizers', 'all.ts');

/** Takes the toy's list of optimizers for the product's. */
const withToy: Plugin = {
  name: 'toy',
  setup: (build) => {
    build.onResolve({ filter: /(^|\/)all\.ts$/ }, ({ path, resolveDir }) =>
      resolve(resolveDir, path) === list ? { path: join(root, 'test', 'toy', 'all.ts') } : undefined,
    );
  },
};

/** The command line with the toy, and beside it all else of the build. */
export async function bundleWithToy(): Promise<{ readonly cli: string; dispose(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'bettertogether-toy-'));
  const dist = join(folder, 'dist');
  mkdirSync(dist);
  symlinkSync(join(root, 'python'), join(folder, 'python'));
  for (const name of readdirSync(join(root, 'dist'))) {
    if (name !== 'cli.js') symlinkSync(join(root, 'dist', name), join(dist, name));
  }
  const cli = join(dist, 'cli.js');
  const { bundleFile } = (await import(script)) as {
    bundleFile(entry: string, outfile: string, plugins: readonly Plugin[]): Promise<void>;
  };
  await bundleFile('src/cli/bin.ts', cli, [withToy]);
  return { cli, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}
