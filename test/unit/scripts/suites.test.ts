import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import config from '../../../vitest.config.ts';

it('npm test runs every project but those that run by themselves', () => {
  const names = (config.test?.projects ?? []).map((project) => {
    if (typeof project !== 'object' || !('test' in project)) throw new Error('a project without a name');
    return String(project.test?.name);
  });
  const script = readFileSync(new URL('../../../scripts/test.mjs', import.meta.url), 'utf8');
  const run = [...script.matchAll(/projects\(('[^)]*)\)/g)].flatMap(([, list]) =>
    [...list!.matchAll(/'(\w+)'/g)].map(([, name]) => name!),
  );
  expect(run.toSorted()).toEqual(names.filter((name) => !['soak', 'oldest', 'pictures'].includes(name)).toSorted());
});
