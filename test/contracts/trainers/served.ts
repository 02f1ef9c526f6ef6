import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Trainer } from '../../../src/engine/interfaces.ts';
import { AdapterLedger } from '../../../src/finetune/serving/adapterLedger.ts';
import { createAdapterServer } from '../../../src/finetune/serving/adapterServers.ts';
import { createServedTrainer } from '../../../src/finetune/serving/servedTrainer.ts';
import type { AdapterTrainer } from '../../../src/finetune/serving/servedTrainer.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { startFakeLoraServer } from '../../fakes/fakeLoraServer.ts';
import { connections, quick } from './connections.ts';

/** What trainers of adapters have around them: a folder, and a server that takes what they leave. */
export async function adapterSurroundings() {
  const folder = await mkdtemp(join(tmpdir(), 'bt-contract-'));
  const server = await startFakeLoraServer('vllm');
  const { connect, closeAll } = connections();
  const disk: Record<string, number> = {};
  return {
    folder,
    connect,
    /** The server sees an adapter in this folder of its disk. */
    see(adapter: string): void {
      disk[adapter] = 8;
      server.configure({ disk });
    },
    serve(trainer: AdapterTrainer): Trainer {
      const endpoint = { name: 'lab', baseURL: server.baseURL, apiKeyEnv: 'LAB_KEY' };
      const connection = connect(defineEndpoint(endpoint));
      return createServedTrainer({
        trainer,
        server: createAdapterServer({ way: { kind: 'vllm' }, connection, base: 'base', retry: quick }),
        ledger: new AdapterLedger(join(folder, 'adapters'), folder),
        base: 'base',
        pathMap: {},
        endpoint,
      });
    },
    async close(): Promise<void> {
      await closeAll();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
