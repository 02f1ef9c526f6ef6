/** Bundles what runs (`dist/*.js`), and as a command also the SDK's types and the JSON schema of the configuration. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { notices } from './notices.mjs';
import { checkNode, ensurePackages, fail, root, say } from './packages.mjs';

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  checkNode();
  ensurePackages();
}
// Only now: it may have been installed a moment ago.
const { build } = await import('esbuild');

/** What is started, or loaded by VS Code. They share most of their code, which esbuild puts into chunks beside them. */
const programs = {
  cli: 'src/cli/bin.ts',
  embedded: 'src/embedded/main.ts',
  extension: 'src/extension.ts',
  supervise: 'src/run/services/superviseMain.ts',
};

/** What bundled packages in CommonJS take for granted and an ES module does not have. */
const banner = `
import { createRequire as $createRequire } from 'node:module';
import { fileURLToPath as $fileURLToPath } from 'node:url';
const require = $createRequire(import.meta.url);
const $filename = $fileURLToPath(import.meta.url);
const $dirname = $fileURLToPath(new URL('.', import.meta.url));
`.trim();

/** Bundles name the files that they are of: within the repository, also where its node_modules is a link. */
const named = { preserveSymlinks: true };

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // jsonc-parser's CommonJS build cannot be bundled, its ES build can.
  mainFields: ['module', 'main'],
  define: { __filename: '$filename', __dirname: '$dirname' },
  // Without comments a process starts a sixth sooner. Names stay, for stacks, and lines short, as Node prints the one that threw.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  ...named,
  logLevel: 'warning',
};

/** Files that lie beside the bundles as they are, with the folders of packages that they are of. */
const copies = {
  // The parser of detection and its grammars, as src/detect/grammars.ts names them.
  'tree-sitter.wasm': 'web-tree-sitter',
  'tree-sitter-python.wasm': '@vscode/tree-sitter-wasm/wasm',
  'tree-sitter-typescript.wasm': '@vscode/tree-sitter-wasm/wasm',
  'tree-sitter-tsx.wasm': '@vscode/tree-sitter-wasm/wasm',
  // What the host translates TypeScript with (src/host/node/translator.ts).
  'babel.cjs': 'jiti/dist',
};

/** Paths within the repository of the packages that they are of. */
export const copiedSources = Object.values(copies).map((folder) => `node_modules/${folder}`);

/** @param outdir relative to the repository, or absolute. */
export function copyFiles(outdir = 'dist') {
  const to = resolve(root, outdir);
  mkdirSync(to, { recursive: true });
  for (const [name, folder] of Object.entries(copies))
    copyFileSync(join(root, 'node_modules', folder, name), join(to, name));
}

export async function bundle() {
  copyFiles();
  const { writeSamples } = await import('./samples.mjs');
  writeSamples();
  const built = await Promise.all([
    bundlePrograms(['cli', 'embedded', 'extension', 'supervise']),
    bundleHost(),
    bundleSdk(),
    bundleWebview(),
  ]);
  const of = (key) => built.flatMap((metafile) => Object.keys(metafile[key]));
  removeOldOutputs([...of('outputs').map((output) => basename(output)), ...Object.keys(copies)]);
  const inputs = of('inputs');
  writeFileSync(join(root, 'dist', 'ThirdPartyNotices.txt'), notices([...inputs, ...copiedSources]));
}

/** @returns esbuild's metafile, as those below do. */
export async function bundlePrograms(names, outdir = 'dist', options = {}) {
  const entryPoints = Object.fromEntries(names.map((name) => [name, programs[name]]));
  return await bundleInto(outdir, { entryPoints, splitting: true, ...options });
}

/** A program without a zod of its own gets ours (src/host/node/sdkModule.ts), which is whole but for its 40 languages. */
const zodInEnglish = {
  name: 'zod in English',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, ({ path: file }) => ({
      contents: "export { default as en } from './en.js';",
      resolveDir: dirname(file),
    })),
};

/** What runs code of the user's shares nothing with other programs. A thread of it loads a part of it alone. */
export async function bundleHost(outdir = 'dist', options = {}) {
  const entryPoints = { host: 'src/host/node/main.ts' };
  return await bundleInto(outdir, { entryPoints, splitting: true, plugins: [zodInEnglish], ...options });
}

/** What code of users imports: one file, whole. */
export async function bundleSdk(outdir = 'dist', options = {}) {
  return await bundleInto(outdir, { entryPoints: { sdk: 'src/program/sdk.ts' }, ...options });
}

async function bundleInto(outdir, options) {
  const { metafile } = await build({
    ...common,
    outdir,
    external: ['vscode'],
    sourcemap: 'linked',
    banner: { js: banner },
    metafile: true,
    ...options,
  });
  return metafile;
}

/** Chunks have the hash of their content in their name, so those of earlier builds would stay, and be packaged. */
function removeOldOutputs(written) {
  for (const name of readdirSync(join(root, 'dist'))) {
    if (/\.c?js(\.map)?$/.test(name) && !written.includes(name)) rmSync(join(root, 'dist', name));
  }
}

/** Bundles the run view's page: `webview.js` and `webview.css`. */
export async function bundleWebview(outdir = 'dist') {
  const { metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    entryPoints: { webview: 'webview/main.ts' },
    outdir,
    platform: 'browser',
    format: 'iife',
    // The oldest VS Code in `engines.vscode` (1.104) has Chromium 138.
    target: 'chrome138',
    minify: true,
    ...named,
    sourcemap: 'linked',
    logLevel: 'warning',
    metafile: true,
  });
  return metafile;
}

/** Bundles one TypeScript file. */
export async function bundleFile(entry, outfile, plugins = []) {
  await build({ ...common, entryPoints: [entry], outfile, plugins, banner: { js: banner } });
}

/** Bundles one TypeScript file into a temporary module and imports it. */
async function importBundled(entry) {
  const outfile = join(root, 'dist', `once-${process.pid}.mjs`);
  try {
    await bundleFile(entry, outfile);
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile, { force: true });
  }
}

async function writeSchema() {
  const { configJsonSchemaText } = await importBundled('src/config/jsonSchema.ts');
  mkdirSync(join(root, 'schema'), { recursive: true });
  writeFileSync(join(root, 'schema', 'bettertogether.schema.json'), configJsonSchemaText());
}

/** Declarations of what users import, under `dist/types`. */
export function writeTypes() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const result = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) fail('the SDK could not be type-checked; see above');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle();
  await writeSchema();
  writeTypes();
  say('built dist and schema');
}
