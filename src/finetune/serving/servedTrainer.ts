import type { TrainingMethod } from '../../data/trainingSet.ts';
import { stopped } from '../../engine/abort.ts';
import { UnknownJob } from '../../engine/errors.ts';
import type { JobStatus, Trainer, TrainingJob } from '../../engine/interfaces.ts';
import type { AdapterLedger, LedgerEntry } from './adapterLedger.ts';
import { FolderUnseen } from './adapterServer.ts';
import type { AdapterServer } from './adapterServer.ts';
import { mapPath, type PathMap } from './pathMap.ts';

/** An adapter that a job left behind. */
export interface TrainedAdapter {
  /** As the trainer sees it. */
  readonly folder: string;
  /** SHA-256 of its files. */
  readonly sha256: string;
}

export type AdapterStatus = Omit<JobStatus, 'model'> & { readonly adapter?: TrainedAdapter };

/** What a trainer of adapters is asked: its parent is a folder, `null` for the base. */
export interface AdapterJob extends TrainingJob {
  readonly parentFolder: string | null;
}

/** A back end that trains an adapter into a folder and serves nothing. */
export interface AdapterTrainer extends Omit<Trainer, 'serves' | 'poll' | 'submit'> {
  submit(job: AdapterJob, signal: AbortSignal): Promise<string>;
  poll(jobId: string, afterEvent: string | null, signal: AbortSignal): Promise<AdapterStatus>;
}

export interface ServedTrainerOptions {
  readonly trainer: AdapterTrainer;
  readonly server: AdapterServer;
  readonly ledger: AdapterLedger;
  /** The base model's served name. */
  readonly base: string;
  readonly pathMap: PathMap;
  readonly endpoint: { readonly name: string; readonly baseURL: string; readonly apiKeyEnv: string | null };
}

/** A trainer of adapters and a server that takes them: together they give models that answer. */
export function createServedTrainer(options: ServedTrainerOptions): Trainer {
  return new ServedTrainer(options);
}

class ServedTrainer implements Trainer {
  readonly id: string;
  readonly continues: boolean;
  readonly ids: NonNullable<Trainer['ids']>;
  readonly methods: readonly TrainingMethod[];
  readonly pollSeconds: number;
  readonly leastRows: number;
  readonly stallSeconds: number;
  readonly rowsFile: Trainer['rowsFile'];
  readonly find: Trainer['find'];
  readonly cancel: Trainer['cancel'];
  readonly #options: ServedTrainerOptions;

  constructor(options: ServedTrainerOptions) {
    const { trainer, server } = options;
    this.#options = options;
    const served = (id: string) => `${id} for ${server.way.kind}`;
    this.id = served(trainer.id);
    this.ids = Object.fromEntries(Object.entries(trainer.ids ?? {}).map(([method, id]) => [method, served(id)]));
    this.continues = trainer.continues;
    this.methods = trainer.methods ?? ['supervised'];
    this.pollSeconds = trainer.pollSeconds;
    this.leastRows = trainer.leastRows ?? 1;
    this.stallSeconds = trainer.stallSeconds ?? Infinity;
    this.rowsFile = (set) => trainer.rowsFile(set);
    this.find = (hash, signal) => trainer.find(hash, signal);
    this.cancel = (id) => trainer.cancel(id);
  }

  async submit(job: TrainingJob, signal: AbortSignal): Promise<string> {
    const { trainer, ledger, base } = this.#options;
    if (job.parent === base) return trainer.submit({ ...job, parentFolder: null }, signal);
    const parent = await ledger.find(job.parent);
    if (parent === null) throw new UnknownJob(`Where the adapter of "${job.parent}" lies is not known any more.`);
    return trainer.submit({ ...job, parentFolder: parent.folder }, signal);
  }

  async poll(jobId: string, afterEvent: string | null, signal: AbortSignal): Promise<JobStatus> {
    const { adapter, ...status } = await this.#options.trainer.poll(jobId, afterEvent, signal);
    if (status.state !== 'succeeded') return status;
    if (adapter === undefined) return { ...status, state: 'failed', error: 'It ended well, but left no adapter.' };
    return { ...status, model: await this.#serve(adapter, signal) };
  }

  /** A name is never used for other weights: servers keep answers' prefixes by name (vLLM issue 42125). */
  async #serve({ folder, sha256 }: TrainedAdapter, signal: AbortSignal): Promise<string> {
    const { server, ledger, base, pathMap, endpoint } = this.#options;
    const name = `${nameOf(base)}-ft-${sha256.slice(0, 16)}`;
    const model = server.modelOf(name);
    const entry: LedgerEntry = {
      v: 1,
      model,
      name,
      base,
      folder,
      served: mapPath(folder, pathMap),
      server: {
        ...{ ...server.way, endpoint: endpoint.name, baseURL: endpoint.baseURL, apiKeyEnv: endpoint.apiKeyEnv },
      },
      created: new Date().toISOString(),
    };
    await ledger.put(entry);
    await server.load(name, entry, signal);
    return model;
  }

  /** A server that was started again has forgotten its adapters; what lies on the disk still is loaded again. */
  async serves(model: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) throw stopped(signal);
    const { server, ledger } = this.#options;
    const entry = await ledger.find(model);
    if (entry === null || entry.server.kind !== server.way.kind) return false;
    if (await server.answers(entry.name, signal)) return true;
    return server.load(entry.name, entry, signal).then(
      () => true,
      (error: unknown) => {
        // It was removed: the adapter is trained again.
        if (error instanceof FolderUnseen) return false;
        throw error;
      },
    );
  }
}

/** The last part of a model's name, as servers take names: `meta-llama/Llama-3.1-8B` → `llama-3.1-8b`. */
function nameOf(base: string): string {
  const last = base.split(/[/\\]/).at(-1) ?? base;
  const plain = last
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return plain === '' ? 'model' : plain.slice(0, 40);
}
