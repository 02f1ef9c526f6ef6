import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, join, posix, win32 } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HumanError } from '../base/errors.ts';

/** Where the embedded endpoint keeps what it downloaded, trained and was sent. Shared by every workspace. */
export interface Home {
  readonly root: string;
  /** npm packages that serve. */
  readonly runtime: string;
  /** Model files (GGUF). */
  readonly models: string;
  /** The Python that trains. */
  readonly venv: string;
  /** One folder per tuned model, by served name. */
  readonly tuned: string;
  /** One folder per fine-tuning job. */
  readonly jobs: string;
  /** Uploaded files. */
  readonly files: string;
  /** The key that every request to the embedded endpoint must carry (`token.ts`). */
  readonly token: string;
}

/** The home of `env`: `BETTERTOGETHER_HOME`, else the platform's place for application data. Creates nothing. */
export function resolveHome(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): Home {
  const chosen = env['BETTERTOGETHER_HOME'];
  return homeAt(chosen === undefined || chosen === '' ? userFolder(env, platform) : chosen);
}

export function homeAt(root: string): Home {
  return {
    root,
    runtime: join(root, 'runtime'),
    models: join(root, 'models'),
    venv: join(root, 'venv'),
    tuned: join(root, 'tuned'),
    jobs: join(root, 'jobs'),
    files: join(root, 'files'),
    token: join(root, 'token'),
  };
}

/** The user's own folder for what belongs to no workspace, wherever the embedded endpoint keeps its files. */
export function userFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  // Empty in some containers and services: what is kept here must not land in the folder that happens to be current.
  const user = env['HOME'] || homedir() || userInfo().homedir;
  const { join } = platform === 'win32' ? win32 : posix;
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(user, 'AppData', 'Local'), 'bettertogether');
  if (platform === 'darwin') return join(user, 'Library', 'Application Support', 'bettertogether');
  const data = env['XDG_DATA_HOME'] ?? '';
  return join(posix.isAbsolute(data) ? data : join(user, '.local', 'share'), 'bettertogether');
}

/** The folder of our trainer package: beside `dist` once bundled, two folders up in the sources. */
export function trainerSources(from = dirname(fileURLToPath(import.meta.url))): string {
  for (let folder = from; ; folder = dirname(folder)) {
    for (const place of ['python/trainer', 'python/trainer/src']) {
      const candidate = join(folder, place);
      if (existsSync(join(candidate, 'bettertogether_trainer', '__init__.py'))) return candidate;
    }
    if (dirname(folder) === folder) break;
  }
  throw new HumanError(
    `The trainer's Python sources (python/trainer/bettertogether_trainer) were not found above ${from}. ` +
      'This installation of BetterTogether is incomplete: install it again.',
  );
}
