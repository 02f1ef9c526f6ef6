import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HumanError } from '../../base/errors.ts';
import type { Home } from '../../home/home.ts';
import { makePrivateFolder, replacePrivateFile } from '../../home/private.ts';
import { mustRun } from './command.ts';
import type { SetupOptions, SetupProgress } from './progress.ts';
import { isStamped, stamp, withSetupLock } from './stamp.ts';

export const runtimeVersion = '3.22.1';

const binaries: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-arm': 'linux-armv7l',
  'darwin-x64': 'mac-x64',
  'darwin-arm64': 'mac-arm64-metal',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
};

/** The npm package with llama.cpp compiled for this machine. */
export function binaryPackage(platform: string = process.platform, arch: string = process.arch): string {
  const name = binaries[`${platform}-${arch}`];
  if (name === undefined) {
    throw new HumanError(
      `The embedded model has no compiled runtime for ${platform} on ${arch}. ` +
        'Use an OpenAI-compatible server instead: an endpoint of kind "openai" in bettertogether.json.',
    );
  }
  return `@node-llama-cpp/${name}`;
}

/** The file that `loadRuntime` imports. */
export function runtimeEntry(home: Home): string {
  return join(home.runtime, 'node_modules', 'node-llama-cpp', 'dist', 'index.js');
}

const runtimePackages = (): string[] => [`node-llama-cpp@${runtimeVersion}`, `${binaryPackage()}@${runtimeVersion}`];
const stampOf = (home: Home): string => join(home.runtime, 'stamp.json');

/** Whether the runtime of this release is installed. @throws HumanError where there is none for this machine. */
export async function isRuntimeThere(home: Home): Promise<boolean> {
  return existsSync(runtimeEntry(home)) && (await isStamped(stampOf(home), runtimePackages()));
}

/**
 * Sees to it that node-llama-cpp lies under `home.runtime`: the main package and the CPU build of this platform only
 * (85 MB; a plain install brings every GPU build, 725 MB), without running install scripts, which it does not need.
 * Does nothing, and asks no network, when it is there.
 *
 * @throws HumanError when npm is missing or the packages cannot be had.
 */
export async function ensureRuntime(home: Home, options: SetupOptions = {}): Promise<void> {
  const packages = runtimePackages();
  const say = (state: SetupProgress['state'], message: string): void => {
    options.onProgress?.({ part: 'runtime', state, message });
  };
  if (await isRuntimeThere(home)) {
    say('present', `llama.cpp runtime ${runtimeVersion} in ${home.runtime}`);
    return;
  }
  const waiting = (): void => {
    say('waiting', 'Another process is installing the llama.cpp runtime; waiting for it.');
  };
  await withSetupLock(join(home.root, 'runtime.lock'), waiting, async () => {
    if (await isRuntimeThere(home)) return;
    say('working', `Installing the llama.cpp runtime (46 MB to download, 85 MB on disk) into ${home.runtime}`);
    await makePrivateFolder(home.runtime);
    await replacePrivateFile(join(home.runtime, 'package.json'), '{"name":"bettertogether-runtime","private":true}\n');
    const flags = ['--save-exact', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress'];
    await mustRun('npm', ['install', ...flags, ...packages], advice(packages), {
      cwd: home.runtime,
      ...carried(options),
    });
    await stamp(stampOf(home), packages);
  });
  say('done', `llama.cpp runtime ${runtimeVersion} in ${home.runtime}`);
}

function carried(options: SetupOptions): { readonly env?: NodeJS.ProcessEnv; readonly signal?: AbortSignal } {
  return {
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

function advice(packages: readonly string[]): string {
  return (
    `npm could not install ${packages.join(' and ')}. Check the network and npm's registry setting ` +
    '(`npm config get registry`), then start again: it goes on where it stopped.'
  );
}
