/** The machine itself: Node, and room on the disks that are written to. */
import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isMissing } from '../../base/errors.ts';
import type { Home } from '../../home/home.ts';
import { bytes } from '../../view/words.ts';
import { failing, good, wrong } from './finding.ts';
import type { Finding } from './finding.ts';

/** As "engines" of package.json. */
const oldestNode = [20, 18, 1] as const;

/** @param version of Node, such as `20.18.1`. */
export function nodeFinding(version: string = process.versions.node): Finding {
  const numbers = version.split('.').map((part) => Number.parseInt(part, 10));
  const first = oldestNode.findIndex((least, i) => (numbers[i] ?? 0) !== least);
  const isOld = first >= 0 && (numbers[first] ?? 0) < oldestNode[first]!;
  return isOld
    ? wrong({ part: 'node' }, `${version} is older than ${oldestNode.join('.')}: install a newer one`)
    : good({ part: 'node' }, version);
}

/** Runs keep traces, states and the memo. */
const workspaceBytes = 500e6;
/** Tuned models, 80 MB each. */
const homeBytes = 1e9;
/** With what the set-up installs. */
const setupBytes = 2.5e9;

/** @param isSetUp whether all that the embedded endpoint needs is in the home. */
export async function diskFindings(workspace: string, home: Home, isSetUp: boolean): Promise<readonly Finding[]> {
  return [await room(workspace, workspaceBytes), await room(home.root, isSetUp ? homeBytes : setupBytes)];
}

async function room(folder: string, least: number): Promise<Finding> {
  const about = { part: 'disk', of: folder } as const;
  try {
    const { bavail, bsize } = await existing(folder);
    const free = `${bytes(bavail * bsize)} free`;
    if (bavail * bsize >= least) return good(about, free);
    return wrong(about, `${free}, and runs may take ${bytes(least)}`, 'bettertogether prune');
  } catch (error) {
    return failing(about, error);
  }
}

/** Of the nearest folder above that is there: the home is made when something is put into it. */
async function existing(folder: string): Promise<StatsFs> {
  try {
    return await statfs(folder);
  } catch (error) {
    if (!isMissing(error) || dirname(folder) === folder) throw error;
    return existing(dirname(folder));
  }
}
