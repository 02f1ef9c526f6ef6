import { ResponseError } from 'vscode-jsonrpc/node';
import { UsageError } from '../base/errors.ts';
import { findPython } from './findPython.ts';
import { endedWhile, loadError, place } from './hostErrors.ts';
import type { HostProcess, SpawnHost } from './hostProcess.ts';
import { spawnNode } from './nodeHost.ts';
import type { NodeProcessOptions } from './nodeHost.ts';
import { Peer } from './peer.ts';
import type { DatasetRow } from './protocol.ts';
import { spawnPython } from './pythonHost.ts';
import { KilledWhileLoading, startAgainWhileKilled, wasKilled } from './startAgain.ts';
import type { PythonProcessOptions } from './pythonHost.ts';

interface BuiltDataOptions {
  readonly workspace: string;
  /** Each `file#name`; relative paths start in the workspace. */
  readonly datasets: readonly string[];
  /** Seconds that making them may take, downloads included. Default 600. */
  readonly seconds?: number;
  /** What the user's code printed. */
  readonly onPrint?: (text: string) => void;
}

/**
 * Rows of data sets that are built in Python code (`file.py#name`), in the order asked for: a process loads them and
 * ends.
 *
 * @throws UsageError naming file, name or line.
 */
export async function readPythonData(
  options: BuiltDataOptions & PythonProcessOptions,
): Promise<readonly (readonly DatasetRow[])[]> {
  const python = findPython(options);
  return readWhileKilled(() => spawnPython(python, options), options);
}

/**
 * Rows of data sets that are built in TypeScript or JavaScript (`file.ts#name`); else as `readPythonData`.
 *
 * @throws UsageError naming file, export or line.
 */
export async function readNodeData(
  options: BuiltDataOptions & NodeProcessOptions,
): Promise<readonly (readonly DatasetRow[])[]> {
  return readWhileKilled(() => spawnNode(options), options);
}

function readWhileKilled(spawn: SpawnHost, options: BuiltDataOptions): Promise<readonly (readonly DatasetRow[])[]> {
  const what = `The process that made the data of ${options.datasets.join(', ')} ended`;
  return startAgainWhileKilled(() => readFrom(spawn(), options), what);
}

/** @throws UsageError; KilledWhileLoading */
async function readFrom(process: HostProcess, options: BuiltDataOptions): Promise<readonly (readonly DatasetRow[])[]> {
  const { workspace, datasets, seconds = 600 } = options;
  const nobody = () => Promise.reject(new Error('Data sets ask no LM.'));
  const print = (_stream: string, bytes: Buffer | string) => options.onPrint?.(String(bytes));
  const peer = new Peer(process, { complete: nobody, print });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), seconds * 1000);
  });
  const names = datasets.join(', ');
  try {
    const rows = peer.readDatasets({ workspace, datasets });
    rows.catch(() => undefined);
    const first = await Promise.race([rows, peer.exited, late]);
    if (first === 'late') {
      const at = place(await peer.whereBlocked());
      throw new UsageError(`Making the data of ${names} took more than ${seconds} seconds${at}.`);
    }
    if (!('lastWords' in first)) return first;
    if (first.reason === undefined && wasKilled(first)) throw new KilledWhileLoading(first);
    throw endedWhile(`The process that made the data of ${names} ended`, first);
  } catch (error) {
    throw error instanceof ResponseError ? loadError(error) : error;
  } finally {
    clearTimeout(timer);
    peer.kill();
  }
}
