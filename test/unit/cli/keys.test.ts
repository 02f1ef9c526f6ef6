/** Every command that sends a key says so before: which variable's, and to which hosts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HumanError } from '../../../src/base/errors.ts';
import { readOwnManifest, writeManifest } from '../../../src/run/record/manifest.ts';
import { runPlan, wholeRun } from '../run/samples.ts';
import { cli, makeWorkspace } from './workspace.ts';

interface Config {
  readonly endpoints: Record<string, Record<string, unknown>>;
}

/** The endpoint `lab` takes a key, its trainer elsewhere another one. */
function withKeys(place = makeWorkspace()): string {
  const file = join(place, 'bettertogether.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as Config;
  config.endpoints['lab']!['apiKeyEnv'] = 'LAB_KEY';
  config.endpoints['lab']!['fineTune'] = { baseURL: 'https://train.example.com/v1', apiKeyEnv: 'TRAIN_KEY' };
  writeFileSync(file, JSON.stringify(config));
  return place;
}

const labs = 'The key in LAB_KEY is sent to api.example.com.';
const trainers = 'The key in TRAIN_KEY is sent to train.example.com.';

describe('keys are named with their hosts', () => {
  it.each([
    ['optimize', ['optimize', 'remote'], [labs, trainers], []],
    ['optimize without w', ['optimize', 'promptsOnly'], [labs], ['TRAIN_KEY', 'train.example.com']],
    ['optimize --dry-run', ['optimize', 'remote', '--dry-run'], [labs], ['TRAIN_KEY', 'train.example.com']],
    ['compare', ['compare', 'promptsOnly', '--strategies', 'p,w'], [labs, trainers], []],
    ['compare without w', ['compare', 'remote', '--strategies', 'p'], [labs], ['TRAIN_KEY', 'train.example.com']],
    ['compare --dry-run', ['compare', 'remote', '--dry-run'], [labs], ['TRAIN_KEY', 'train.example.com']],
    ['evaluate', ['evaluate', 'remote'], [labs], ['TRAIN_KEY', 'train.example.com']],
  ] as const)('%s', async (_, args, named, unnamed) => {
    const { code, err, started } = await cli(withKeys(), args);
    expect([code, started]).toEqual([2, []]);
    for (const sentence of named) expect(err).toContain(sentence);
    for (const word of unnamed) expect(err).not.toContain(word);
  });

  it('by the table of --dry-run', async () => {
    const keys = [{ env: 'LAB_KEY', host: 'api.example.com', isLocal: false }];
    const serviceKeys = [{ env: 'JUDGE_KEY', host: 'judge.example', isLocal: false }];
    const compose = { planRun: () => Promise.resolve({ ...runPlan(), keys, serviceKeys }) };
    const { out } = await cli(withKeys(), ['optimize', 'remote', '--dry-run', '--yes'], { compose });
    expect(out).toContain(labs);
    expect(out).toContain('The key in JUDGE_KEY is sent to judge.example where the program asks there.');
  });
});

describe('resume', () => {
  async function stopped() {
    const place = withKeys();
    const ran = await cli(place, ['optimize', 'remote', '--yes'], {
      events: wholeRun.slice(0, 1),
      fails: new HumanError('stopped'),
    });
    return { place, run: ran.started[0]!.run };
  }

  it('asks nothing where all was agreed to, also with another cap', async () => {
    const { place, run } = await stopped();
    expect((await readOwnManifest(run.folder)).consent).toEqual([
      'api.example.com',
      'train.example.com',
      'LAB_KEY to api.example.com',
      'TRAIN_KEY to train.example.com',
    ]);
    const { code, started, questions } = await cli(place, ['resume', run.id, '--budget-calls', '5000']);
    expect([code, started.length, questions]).toEqual([0, 1, []]);
  });

  it('asks where a key now goes to another host, and keeps what was agreed to', async () => {
    const { place, run } = await stopped();
    const manifest = await readOwnManifest(run.folder);
    const { endpoint } = manifest.asked;
    if (endpoint.kind !== 'openai' || endpoint.fineTune.kind !== 'openai') throw new Error('another endpoint');
    const fineTune = { ...endpoint.fineTune, baseURL: 'https://evil.example/v1' };
    await writeManifest(run.folder, { ...manifest, asked: { ...manifest.asked, endpoint: { ...endpoint, fineTune } } });
    const alone = await cli(place, ['resume', run.id]);
    expect([alone.code, alone.started]).toEqual([2, []]);
    expect(alone.err).toContain('this was not agreed to: evil.example, TRAIN_KEY to evil.example');
    expect(alone.err).toContain('The key in TRAIN_KEY is sent to evil.example.');
    const no = await cli(place, ['resume', run.id], { interactive: true, answer: false });
    expect([no.code, no.started, no.questions]).toEqual([2, [], ['Go on with the run?']]);
    const yes = await cli(place, ['resume', run.id, '--yes'], { events: [] });
    expect(yes.started).toHaveLength(1);
    expect((await readOwnManifest(run.folder)).consent).toContain('TRAIN_KEY to evil.example');
  });
});
