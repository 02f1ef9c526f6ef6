/** Bundles what runs (`dist/*.js`), and as a command also the SDK's types and the JSON schema of the configuration. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checkNode, ensurePackages, fail, root, say } from './packages.mjs';

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  checkNode();
  ensurePackages();
}
// Only now: it may have been installed a moment ago.
const { build } = await import('esbuild');

/** Entry points by name of the bundle. */
const entries = {
  cli: 'src/cli/bin.ts',
  host: 'src/host/node/main.ts',
  embedded: 'src/embedded/main.ts',
  mcp: 'src/cli/mcp/serve.ts',
  supervise: 'src/run/services/superviseMain.ts',
  sdk: 'src/program/sdk.ts',
};

/** What bundled packages in CommonJS take for granted and an ES module does not have. */
const banner = `
import { createRequire as $createRequire } from 'node:module';
import { fileURLToPath as $fileURLToPath } from 'node:url';
const require = $createRequire(import.meta.url);
const $filename = $fileURLToPath(import.meta.url);
const $dirname = $fileURLToPath(new URL('.', import.meta.url));
`.trim();

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // jsonc-parser's CommonJS build cannot be bundled, its ES build can.
  mainFields: ['module', 'main'],
  define: { __filename: '$filename', __dirname: '$dirname' },
  // Without comments a process starts a sixth sooner. Lines stay short, as Node prints the one that threw.
  minifyWhitespace: true,
  lineLimit: 160,
  logLevel: 'warning',
};

/** The parser of detection and its grammars, as src/detect/grammars.ts names them. */
const wasm = {
  'tree-sitter.wasm': 'web-tree-sitter',
  'tree-sitter-python.wasm': '@vscode/tree-sitter-wasm/wasm',
  'tree-sitter-typescript.wasm': '@vscode/tree-sitter-wasm/wasm',
  'tree-sitter-tsx.wasm': '@vscode/tree-sitter-wasm/wasm',
};

function copyWasm() {
  mkdirSync(join(root, 'dist'), { recursive: true });
  for (const [name, folder] of Object.entries(wasm)) {
    copyFileSync(join(root, 'node_modules', folder, name), join(root, 'dist', name));
  }
}

export async function bundle() {
  copyWasm();
  const { writeSamples } = await import('./samples.mjs');
  writeSamples();
  await Promise.all([
    bundleWebview(),
    bundleExtension(),
    ...Object.entries(entries).map(([name, entry]) =>
      build({
        ...common,
        entryPoints: [entry],
        outfile: `dist/${name}.js`,
        plugins: [mcpApart],
        sourcemap: 'linked',
        banner: { js: name === 'cli' ? `#!/usr/bin/env node\n${banner}` : banner },
      }),
    ),
  ]);
}

/** Bundles the extension: CommonJS, as VS Code loads it; what it is when it starts, and what it loads right after. */
async function bundleExtension(outdir = 'dist') {
  const shared = {
    ...common,
    outdir,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    external: ['vscode'],
    minifySyntax: true,
    define: { 'import.meta.url': '$moduleUrl' },
    banner: { js: "const $moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    sourcemap: 'linked',
  };
  await Promise.all([
    build({
      ...shared,
      entryPoints: ['src/extension.ts'],
      plugins: [sessionApart],
      // The session's `require('vscode')` is answered by VS Code only where the session itself came by `require`.
      supported: { 'dynamic-import': false },
    }),
    build({ ...shared, entryPoints: { session: 'src/vscode/openSession.ts' } }),
  ]);
}

/** `import('./openSession.ts')` is a file of its own: VS Code waits for activation, and compiling a megabyte takes 25 ms. */
const sessionApart = {
  name: 'session-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/openSession\.ts$/ }, () => ({ path: './session.cjs', external: true }));
  },
};

/** The same for the command line and its MCP server, whose SDK no other command needs. */
const mcpApart = {
  name: 'mcp-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/mcp\/serve\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './mcp.js', external: true } : undefined,
    );
  },
};

/** Bundles the run view's page: `webview.js` and `webview.css`. */
export async function bundleWebview(outdir = 'dist') {
  await build({
    absWorkingDir: root,
    bundle: true,
    entryPoints: { webview: 'webview/main.ts' },
    outdir,
    platform: 'browser',
    format: 'iife',
    // The oldest VS Code in `engines.vscode` (1.104) has Chromium 138.
    target: 'chrome138',
    minify: true,
    sourcemap: 'linked',
    logLevel: 'warning',
  });
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
