import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startFakeLoraServer } from '../../fakes/fakeLoraServer.ts';
import { homeAt } from '../../../src/home/home.ts';
import { AdapterLedger, type LedgerEntry } from '../../../src/finetune/serving/adapterLedger.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { createRun } from '../../../src/run/record/createRun.ts';
import { EventLog } from '../../../src/run/record/eventLog.ts';
import { sealLog } from '../../../src/run/record/logSeal.ts';
import { findPrunable, removePrunable } from '../../../src/run/prune/prune.ts';
import { adaptersFolder, runFiles } from '../../../src/run/record/runFolder.ts';
import { temporaryFolder } from './folder.ts';
import { sampleConfig as config } from '../../fakes/sampleConfig.ts';

const base = temporaryFolder();
const hashes = { train: { file: '/w/t', sha256: 'a' }, dev: null, test: null };
const now = new Date('2026-11-23T12:00:00Z');
const before = (days: number) => new Date(now.getTime() - days * 86_400_000);
const wishes = { olderThanDays: 30, memo: false };
let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

let next = 0;
async function workspace(kind: 'vllm' | 'embedded' = 'vllm') {
  const place = join(base, String(next++));
  mkdirSync(place);
  const server = await startFakeLoraServer('vllm', { disk: { '/mnt/a': 8 } });
  closing.push(() => server.close());
  const ledger = new AdapterLedger(adaptersFolder(place), place);
  const put = async (name: string, days: number) => {
    const job = join(place, '.bettertogether', 'jobs', name);
    mkdirSync(join(job, 'attempt-1', 'out'), { recursive: true });
    writeFileSync(join(job, 'attempt-1', 'out', 'weights'), 'w'.repeat(100));
    const entry: LedgerEntry = {
      ...{ v: 1, model: name, name, base: 'base', folder: join(job, 'attempt-1', 'out'), served: '/mnt/a' },
      server: { kind, endpoint: 'lab', baseURL: server.baseURL, apiKeyEnv: null },
      created: before(days).toISOString(),
    };
    await ledger.put(entry);
    const body = JSON.stringify({ lora_name: name, lora_path: '/mnt/a' });
    await fetch(`${server.baseURL}/load_lora_adapter`, { method: 'POST', body });
    return job;
  };
  const run = async (days: number, model: string) => {
    const made = await createRun(place, config, hashes, [], before(days));
    const log = new EventLog(runFiles(made.folder).events, () => before(days));
    const event: RunEvent = {
      type: 'job.finished',
      prefix: 'w',
      hash: 'h',
      job: 'j',
      model,
      cached: false,
      seconds: 1,
    };
    log.append(event);
    log.append({ type: 'run.stopped', reason: 'cancelled', message: 'm' });
    log.close();
    sealLog(made.folder);
    return made;
  };
  return { place, server, ledger, put, run };
}

describe('prune', () => {
  it('unloads the adapters of runs that go, and of no other', async () => {
    const { place, server, ledger, put, run } = await workspace();
    const [gone, shared, kept] = [await put('gone', 40), await put('shared', 40), await put('kept', 40)];
    await put('fresh', 1);
    await run(40, 'gone');
    await run(40, 'shared');
    await run(3, 'shared');
    await run(3, 'kept');
    const { prunable } = await findPrunable(place, wishes, now);
    const adapters = prunable.filter(({ kind }) => kind === 'adapter');
    expect(adapters).toMatchObject([{ what: 'adapter gone, unloaded from endpoint "lab"', bytes: 100 }]);
    await removePrunable(prunable);
    expect([...server.loaded.keys()].sort()).toEqual(['fresh', 'kept', 'shared']);
    expect((await ledger.list()).map(({ name }) => name).sort()).toEqual(['fresh', 'kept', 'shared']);
    expect([gone, shared, kept].map((job) => existsSync(job))).toEqual([false, true, true]);
    expect(await findPrunable(place, wishes, now)).toEqual({ prunable: [], foreign: [], unclear: [] });
  });

  it('takes a server that is away for one that has forgotten them', async () => {
    const { place, server, ledger, put } = await workspace();
    await put('gone', 40);
    await server.close();
    await removePrunable((await findPrunable(place, wishes, now)).prunable);
    expect(await ledger.list()).toEqual([]);
  }, 30_000);

  it('keeps what a server refuses to unload, and says so', async () => {
    const { place, server, ledger, put } = await workspace();
    const job = await put('gone', 40);
    const { prunable } = await findPrunable(place, wishes, now);
    await server.close();
    const { startFakeEndpoint } = await import('../../fakes/fakeEndpoint.ts');
    const strict = await startFakeEndpoint({ apiKey: 'k', port: Number(new URL(server.baseURL).port) });
    closing.push(() => strict.close());
    await expect(removePrunable(prunable)).rejects.toThrow(/"lab".*does not accept the key/);
    expect((await ledger.list()).length).toBe(1);
    expect(existsSync(job)).toBe(true);
  });

  it('removes those of the embedded endpoint from its home', async () => {
    const home = homeAt(join(base, 'home'));
    const set = process.env['BETTERTOGETHER_HOME'];
    process.env['BETTERTOGETHER_HOME'] = home.root;
    try {
      const { place, put } = await workspace('embedded');
      await put('gone', 40);
      mkdirSync(join(home.tuned, 'gone', 'peft'), { recursive: true });
      mkdirSync(join(home.tuned, 'other'), { recursive: true });
      await removePrunable((await findPrunable(place, wishes, now)).prunable);
      expect([existsSync(join(home.tuned, 'gone')), existsSync(join(home.tuned, 'other'))]).toEqual([false, true]);
    } finally {
      if (set === undefined) delete process.env['BETTERTOGETHER_HOME'];
      else process.env['BETTERTOGETHER_HOME'] = set;
    }
  });
});
