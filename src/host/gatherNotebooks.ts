import { UsageError } from '../base/errors.ts';
import { findPython } from './findPython.ts';
import { loadedWithin } from './loadedWithin.ts';
import { notebooksIn } from './notebooks.ts';
import { Peer } from './peer.ts';
import type { GatheredNotebook } from './protocol.ts';
import { spawnPython } from './pythonHost.ts';
import type { PythonProcessOptions } from './pythonHost.ts';
import { startAgainWhileKilled } from './startAgain.ts';

const seconds = 60;

/**
 * What a process that loads `references` gathers of the notebooks among them. Nothing of them is run.
 *
 * @param references `file#name` each; relative paths start in the workspace.
 * @returns a module for each notebook; none where there is none.
 * @throws UsageError naming notebook, cell and line.
 */
export async function gatherNotebooks(
  options: PythonProcessOptions,
  references: readonly string[],
): Promise<readonly GatheredNotebook[]> {
  const { workspace } = options;
  const notebooks = await notebooksIn(workspace, references);
  if (notebooks.length === 0) return [];
  const python = findPython(options);
  const names = notebooks.map(({ file }) => file).join(', ');
  const ended = `The process that read ${names} ended`;
  return startAgainWhileKilled(async () => {
    const nobody = () => Promise.reject(new UsageError('Nothing of a notebook is run.'));
    const peer = new Peer(spawnPython(python, options), { complete: nobody, print: () => undefined });
    try {
      return await loadedWithin(peer, peer.gather({ workspace, notebooks }), {
        seconds,
        ended,
        late: () => `Reading ${names} took more than ${seconds} seconds.`,
      });
    } finally {
      peer.kill();
    }
  }, ended);
}
