/** Adapters that no run uses any more: they are unloaded where they were put, and what they were trained in goes. */
import { rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { HumanError, messageOf } from '../../base/errors.ts';
import { checkNoLinks } from '../../base/plainFile.ts';
import { resolveHome } from '../../home/home.ts';
import { EndpointUnavailable } from '../../engine/errors.ts';
import { AdapterLedger } from '../../finetune/serving/adapterLedger.ts';
import type { LedgerEntry } from '../../finetune/serving/adapterLedger.ts';
import { createAdapterServer } from '../../finetune/serving/adapterServers.ts';
import { connect } from '../../lm/connection.ts';
import { defineEndpoint } from '../../lm/endpoint.ts';
import { sizeOf } from './diskSize.ts';
import { courseEvents, readEvents } from '../record/eventLog.ts';
import { inspectManifest } from '../record/manifest.ts';
import type { Prunable } from './prunable.ts';
import { adaptersFolder, listRuns, runFiles, stateFolder } from '../record/runFolder.ts';

/** Seconds that an endpoint is asked to unload an adapter: one that is gone has forgotten it already. */
const askSeconds = 20;

export interface UnusedAdapters {
  readonly unused: readonly Prunable[];
  /** Entries that came with the folder: they name an address, a key and a folder that somebody else chose. */
  readonly foreign: readonly LedgerEntry[];
}

/**
 * Adapters of no run but those that are about to be removed.
 *
 * @param gone their folders.
 * @param limit adapters made later stay: a run that loads one says so only when it has.
 */
export async function unusedAdapters(
  workspace: string,
  gone: ReadonlySet<string>,
  limit: number,
): Promise<UnusedAdapters> {
  const ledger = new AdapterLedger(adaptersFolder(workspace), workspace);
  const foreign = await ledger.listForeign();
  const entries = await ledger.list();
  if (entries.length === 0) return { unused: [], foreign };
  const kept = (await listRuns(workspace)).filter(({ folder }) => !gone.has(folder));
  const used = new Set<string>();
  for (const { folder } of kept) for (const model of await modelsOf(folder)) used.add(model);
  const free = entries.filter(({ model, created }) => !used.has(model) && Date.parse(created) <= limit);
  const unused = await Promise.all(
    free.map(async (entry) => ({
      kind: 'adapter' as const,
      path: ledger.path(entry),
      what: `adapter ${entry.name}, unloaded from endpoint "${entry.server.endpoint}"`,
      bytes: await sizeOf(jobFolder(workspace, entry)),
    })),
  );
  return { unused, foreign };
}

/** The tuned models of a run. */
export async function modelsOf(folder: string): Promise<readonly string[]> {
  // First: what a folder with links names is not read.
  const { events } = await inspectManifest(folder)
    .then(() => readEvents(runFiles(folder).events, 0, courseEvents))
    .catch(() => ({ events: [] }));
  return events.flatMap((event) => (event.type === 'job.finished' ? [event.model] : []));
}

/** @throws HumanError when the endpoint keeps it, or its files cannot be removed. */
export async function removeAdapter({ path }: Pick<Prunable, 'path'>): Promise<void> {
  const workspace = dirname(dirname(dirname(path)));
  const ledger = new AdapterLedger(dirname(path), workspace);
  const entry = (await ledger.list()).find((one) => ledger.path(one) === path);
  if (entry === undefined) return;
  await unload(entry);
  const folder = jobFolder(workspace, entry);
  try {
    if (folder !== null) checkNoLinks(folder, workspace);
    if (folder !== null) await rm(folder, { recursive: true, force: true });
    await ledger.remove(entry);
  } catch (error) {
    throw new HumanError(`The adapter in ${String(folder)} could not be removed: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

async function unload({ name, base, server }: LedgerEntry): Promise<void> {
  // The embedded endpoint keeps its adapters on the disk, whether it runs or not.
  if (server.kind === 'embedded') {
    await rm(join(resolveHome().tuned, name), { recursive: true, force: true });
    return;
  }
  const { endpoint, baseURL, apiKeyEnv, ...way } = server;
  const connection = connect(defineEndpoint({ name: endpoint, baseURL, apiKeyEnv }), { timeoutSeconds: askSeconds });
  try {
    const retry = { patienceSeconds: askSeconds, firstContactSeconds: 3, attempts: 3 };
    await createAdapterServer({ way, connection, base, retry }).unload(name, AbortSignal.timeout(askSeconds * 1000));
  } catch (error) {
    // A server that is not there has nothing loaded: adapters that came at run time do not outlive it.
    if (!(error instanceof EndpointUnavailable)) throw error;
  } finally {
    await connection.close();
  }
}

/** The folder of the job below the workspace's own. Adapters that lie elsewhere, as on shared storage, stay. */
function jobFolder(workspace: string, { folder }: LedgerEntry): string | null {
  const jobs = join(stateFolder(workspace), 'jobs');
  const [first] = relative(jobs, folder).split(sep);
  return first === undefined || first === '' || first === '..' ? null : join(jobs, first);
}
