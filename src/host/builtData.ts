import { UsageError } from '../base/errors.ts';
import { findPython } from './findPython.ts';
import { loadedWithin } from './loadedWithin.ts';
import type { HostProcess, SpawnHost } from './hostProcess.ts';
import { spawnNode } from './nodeHost.ts';
import type { NodeProcessOptions } from './nodeHost.ts';
import { notebooksIn } from './notebooks.ts';
import { Peer } from './peer.ts';
import type { DatasetRow, ReadDatasetsParams } from './protocol.ts';
import { spawnPython } from './pythonHost.ts';
import { startAgainWhileKilled } from './startAgain.ts';
import type { PythonProcessOptions } from './pythonHost.ts';

/** Characters of what code printed that an error shows: the last ones. */
const printedAtMost = 1000;

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
  const notebooks = await notebooksIn(options.workspace, options.datasets);
  return readWhileKilled(() => spawnPython(python, options), { ...options, notebooks });
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

interface AskedData extends BuiltDataOptions, Pick<ReadDatasetsParams, 'notebooks'> {}

function readWhileKilled(spawn: SpawnHost, options: AskedData): Promise<readonly (readonly DatasetRow[])[]> {
  const what = `The process that made the data of ${options.datasets.join(', ')} ended`;
  return startAgainWhileKilled(() => readFrom(spawn(), options), what);
}

/** @throws UsageError; KilledWhileLoading */
async function readFrom(process: HostProcess, options: AskedData): Promise<readonly (readonly DatasetRow[])[]> {
  const { workspace, datasets, notebooks, seconds = 600 } = options;
  const nobody = () => Promise.reject(new Error('Data sets ask no LM.'));
  let printed = '';
  const print = (_stream: string, bytes: Buffer | string) => {
    printed = (printed + String(bytes)).slice(-printedAtMost);
    options.onPrint?.(String(bytes));
  };
  const peer = new Peer(process, { complete: nobody, print });
  const names = datasets.join(', ');
  try {
    return await loadedWithin(
      peer,
      peer.readDatasets({ workspace, datasets, ...(notebooks === undefined ? {} : { notebooks }) }),
      {
        seconds,
        ended: `The process that made the data of ${names} ended`,
        late: (at) => `Making the data of ${names} took more than ${seconds} seconds${at}.`,
      },
    );
  } catch (error) {
    throw options.onPrint === undefined ? withPrinted(error, printed) : error;
  } finally {
    peer.kill();
  }
}

/** Of code that ended itself the reason is in what it printed, which is shown nowhere else: "Set OPENAI_API_KEY". */
function withPrinted(error: unknown, printed: string): unknown {
  const ended = error instanceof UsageError && /The program called (?:process\.)?exit\(/.test(error.message);
  if (!ended || printed.trim() === '') return error;
  return new UsageError(`${error.message}\nIt printed:\n${printed.trim()}`, error, error.mends);
}
