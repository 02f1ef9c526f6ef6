import { isAbsoluteAnywhere } from '../../base/paths.ts';
import { contentHash } from '../../base/contentHash.ts';
import { given } from '../../base/given.ts';
import type { Trainer } from '../../engine/interfaces.ts';
import type { AdapterTrainer } from './servedTrainer.ts';

/**
 * A service on the OpenAI wire that names a folder as its tuned model, as self-hosted ones do: its adapters are then
 * loaded like any other. A folder belongs to one job, so both together identify its content.
 */
export function adaptersOf(trainer: Trainer, setting: string): AdapterTrainer {
  return {
    id: trainer.id,
    continues: trainer.continues,
    methods: trainer.methods ?? ['supervised'],
    ...given({ ids: trainer.ids }),
    pollSeconds: trainer.pollSeconds,
    leastRows: trainer.leastRows ?? 1,
    stallSeconds: trainer.stallSeconds ?? Infinity,
    rowsFile: (set) => trainer.rowsFile(set),
    find: (hash, signal) => trainer.find(hash, signal),
    cancel: (id) => trainer.cancel(id),
    submit: ({ parentFolder, ...job }, signal) =>
      trainer.submit(parentFolder === null ? job : { ...job, parent: parentFolder }, signal),
    poll: async (id, after, signal) => {
      const { model, ...status } = await trainer.poll(id, after, signal);
      if (status.state !== 'succeeded' || model === undefined) return status;
      if (isAbsoluteAnywhere(model)) return { ...status, adapter: { folder: model, sha256: contentHash([id, model]) } };
      const error = `The service names its model "${model}", which is no folder that could be loaded (${setting})`;
      return { ...status, state: 'failed', error };
    },
  };
}
