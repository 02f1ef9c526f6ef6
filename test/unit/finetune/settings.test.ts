import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { factsOf, resolvedTrainers, resolveTrainer, writtenAdapterTrainers } from '../../../src/finetune/settings.ts';
import type { WrittenTrainer } from '../../../src/finetune/settings.ts';

const place = {
  workspace: '/work',
  setting: 'endpoints.lab.fineTune',
  file: 'bettertogether.json',
  endpoint: { baseURL: 'http://gpu-box:8000/v1', apiKeyEnv: 'LAB_KEY' },
};

/** Little that each kind can be written with, and how many paths of this machine it then names. */
const service: WrittenTrainer = {};
const command: WrittenTrainer = { kind: 'command', command: ['train', '{rows}'] };
const ray: WrittenTrainer = {
  kind: 'ray',
  baseURL: 'http://ray-head:8265/',
  storage: '/mnt/all/',
  sharedFolder: 'shared',
};

describe.each([
  [service, 0],
  [command, 2],
  [ray, 1],
] as const)('the back end of %j', (asked, paths) => {
  const settings = resolveTrainer(asked, place);
  const facts = factsOf(settings);

  it('has every default once it is resolved, and is kept and read again as it is', () => {
    expect(z.discriminatedUnion('kind', resolvedTrainers).parse(JSON.parse(JSON.stringify(settings)))).toEqual(
      settings,
    );
  });

  it('can stand at the embedded endpoint where it leaves an adapter, and nowhere else', () => {
    const atEmbedded = z.discriminatedUnion('kind', writtenAdapterTrainers).safeParse(asked).success;
    expect(atEmbedded).toBe(facts.leaves === 'adapter');
  });

  it('moves with its paths, and says the same of itself after it', () => {
    const moved = facts.withPaths(settings, (path) => `/elsewhere${path}`);
    expect(JSON.stringify(moved).match(/\/elsewhere/g)?.length ?? 0).toBe(paths);
    expect(factsOf(moved).service(moved)).toEqual(facts.service(settings));
  });
});

it('the service on the wire is the endpoint itself, with its key, and another host does not get that key', () => {
  const own = resolveTrainer({}, place);
  expect(factsOf(own).service(own)).toEqual(place.endpoint);
  const other = resolveTrainer({ baseURL: 'https://train.example/v1' }, place);
  expect(factsOf(other).service(other)).toEqual({ baseURL: 'https://train.example/v1', apiKeyEnv: null });
});

it('a command asks nothing over the network; a cluster does, and its folder is known here by another name', () => {
  const here = resolveTrainer(command, place);
  expect(factsOf(here).service(here)).toBeNull();
  const cluster = resolveTrainer(ray, place);
  expect(factsOf(cluster).service(cluster)).toEqual({ baseURL: 'http://ray-head:8265', apiKeyEnv: null });
  expect(factsOf(cluster).foldersHere(cluster)).toEqual({ '/mnt/all': '/work/shared' });
});
