/** Builds the folders that are published to npm: `dist/npm/bettertogether` (the SDK) and `dist/npm/bettertogether-cli`. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleHost, bundlePrograms, bundleSdk, copiedSources, copyFiles } from './build.mjs';
import { notices } from './notices.mjs';
import { path } from './packages.mjs';
import { writePublishedTypes } from './publishedTypes.mjs';
import { cliManifest, sdkManifest } from './publishing.mjs';

const python = /\.py$|\/(pyproject\.toml|requirements\.txt)$/;

/** Needs `dist/types` and the schema, as the build makes them. Returns the folders. */
export async function buildNpmPackages() {
  const manifest = JSON.parse(readFileSync(path('package.json'), 'utf8'));
  const [sdk, cli] = [path('dist', 'npm', 'bettertogether'), path('dist', 'npm', 'bettertogether-cli')];
  for (const folder of [sdk, cli]) rmSync(folder, { recursive: true, force: true });
  await buildSdk(sdk, manifest);
  await buildCli(cli, manifest);
  return [sdk, cli];
}

async function buildSdk(to, manifest) {
  const { inputs } = await bundleSdk(to, { sourcemap: false });
  writePublishedTypes(path('dist', 'types'), 'program/sdk.d.ts', join(to, 'types'));
  writeRest(to, sdkManifest(manifest), 'sdk', Object.keys(inputs));
}

async function buildCli(to, manifest) {
  const dist = join(to, 'dist');
  const built = await Promise.all([
    bundlePrograms(['cli', 'embedded', 'supervise'], dist, { sourcemap: false }),
    bundleHost(dist, { sourcemap: false }),
    bundleSdk(dist, { sourcemap: false }),
  ]);
  copyFiles(dist);
  for (const name of ['host', 'trainer']) copyPython(path('python', name), join(to, 'python', name));
  cpSync(path('schema'), join(to, 'schema'), { recursive: true });
  // Messages name them.
  for (const name of readdirSync(path('docs')).filter((each) => each.endsWith('.md')))
    cpSync(path('docs', name), join(to, 'docs', name));
  writeRest(to, cliManifest(manifest), 'cli', [
    ...built.flatMap(({ inputs }) => Object.keys(inputs)),
    ...copiedSources,
  ]);
}

function writeRest(to, manifest, name, inputs) {
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(to, 'ThirdPartyNotices.txt'), notices(inputs));
  cpSync(path('packages', name, 'README.md'), join(to, 'README.md'));
  cpSync(path('LICENSE'), join(to, 'LICENSE'));
}

function copyPython(from, to) {
  for (const name of readdirSync(from, { recursive: true })) {
    const file = name.replaceAll('\\', '/');
    if (file.startsWith('tests/') || !python.test(`/${file}`)) continue;
    cpSync(join(from, name), join(to, name));
  }
}
