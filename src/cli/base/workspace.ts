import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../config/load.ts';

/**
 * The workspace whose runs are meant: the nearest folder, from here up, with a `.bettertogether` or a configuration.
 * Commands about runs work even while the configuration has a mistake.
 */
export async function workspaceOf(cwd: string): Promise<string> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.bettertogether', 'runs')) || existsSync(join(folder, 'bettertogether.json'))) {
      return folder;
    }
    if (dirname(folder) === folder) return (await loadConfig(cwd)).workspace;
  }
}
