import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileStore } from '../../../src/embedded/files/fileStore.ts';
import { homeAt } from '../../../src/home/home.ts';
import { defaults } from '../../../src/embedded/models/hyperParameters.ts';
import { JobStore } from '../../../src/embedded/jobs/jobStore.ts';
import { ServedModels } from '../../../src/embedded/models/servedModels.ts';
import { createRun } from '../../../src/run/record/createRun.ts';
import { EventLog } from '../../../src/run/record/eventLog.ts';
import { removePrunable } from '../../../src/run/prune/prune.ts';
import { unusedEmbedded } from '../../../src/run/prune/pruneEmbedded.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { temporaryFolder } from './folder.ts';
import { sampleConfig as config } from '../../fakes/sampleConfig.ts';

const base = temporaryFolder();
const day = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * day);
const limit = daysAgo(30).getTime();

function adapter(home: ReturnType<typeof homeAt>, name: string, days: number): string {
  const folder = join(home.tuned, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'adapter.gguf'), 'w'.repeat(100));
  const meta = { v: 1, name, parent: 'base', modelHash: 'h', hyperParameters: defaults, rows: 1 };
  writeFileSync(join(folder, 'meta.json'), JSON.stringify({ ...meta, trainedTokens: 1, loss: null, created: 1 }));
  utimesSync(join(folder, 'meta.json'), daysAgo(days), daysAgo(days));
  return folder;
}

describe('prune --embedded', () => {
  it('takes adapters, jobs and files that are old and that nobody has', async () => {
    const home = homeAt(join(base, 'home'));
    const place = join(base, 'w');
    mkdirSync(place);
    const gone = adapter(home, 'gone', 40);
    const kept = [adapter(home, 'mine', 40), adapter(home, 'fresh', 3), adapter(home, 'asked', 40)];
    const run = await createRun(place, config, { train: { file: 't', sha256: 'a' }, dev: null, test: null }, []);
    const log = new EventLog(runFiles(run.folder).events);
    log.append({ type: 'job.finished', prefix: 'w', hash: 'h', job: 'j', model: 'mine', cached: false, seconds: 1 });
    log.close();
    const models = new ServedModels(home, { name: 'base', path: '/m', hash: 'h' });
    await models.list();
    await models.find('asked');
    const [jobs, files] = [new JobStore(home), new FileStore(home)];
    const [old, needed] = [
      await files.create('a', 'fine-tune', Buffer.from('a')),
      await files.create('b', 'p', Buffer.from('b')),
    ];
    const job = {
      model: 'base',
      modelHash: 'h',
      tunedName: 't',
      suffix: null,
      metadata: {},
      hyperParameters: defaults,
      method: { type: 'supervised' } as const,
    };
    const rest = { ...job, rows: 1, trainedTokens: null, error: null, kills: 0 };
    const time = { created: daysAgo(40).getTime(), finished: daysAgo(40).getTime() };
    const done = await jobs.create({ ...rest, ...time, status: 'failed', trainingFile: old.id }, []);
    const open = await jobs.create({ ...rest, ...time, finished: null, status: 'queued', trainingFile: needed.id }, []);

    // The touch of an adapter that was asked for is not waited for.
    await expect.poll(async () => (await unusedEmbedded(place, new Set(), limit, home)).length).toBe(2);
    const found = await unusedEmbedded(place, new Set(), limit, home);
    expect(found).toMatchObject([{ path: gone }, { path: join(home.jobs, done.id) }]);
    expect(found[0]!.bytes).toBeGreaterThan(100);

    const all = await unusedEmbedded(place, new Set([run.folder]), Date.now() + day, home);
    const file = join(home.files, old.id);
    expect(all.map(({ path }) => path)).toEqual(
      expect.arrayContaining([gone, ...kept, join(home.jobs, done.id), file]),
    );
    expect(all).toHaveLength(6);

    await removePrunable([...found, ...all.filter(({ path }) => path === file)]);
    expect([gone, join(home.jobs, done.id), file, `${file}.json`].map((path) => existsSync(path))).toEqual(
      Array.from({ length: 4 }, () => false),
    );
    const stays = [...kept, join(home.jobs, open.id), join(home.files, needed.id)];
    expect(stays.filter((path) => !existsSync(path))).toEqual([]);
  });
});
