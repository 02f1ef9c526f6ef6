import { expect, it } from 'vitest';
import { RunsUnderWay } from '../../../src/host/runsUnderWay.ts';

/** The order in which things were resolved. */
async function settled(over: readonly (readonly [string, Promise<void>])[]): Promise<readonly string[]> {
  const done: string[] = [];
  for (const [name, promise] of over) void promise.then(() => done.push(name));
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

it('waits for the runs that are under way, and for none that begins later', async () => {
  const runs = new RunsUnderWay();
  const [first, second] = [runs.begin(0), runs.begin(0)];
  const both = ['both', runs.allOver()] as const;
  second();
  const one = ['one', runs.allOver()] as const;
  const third = runs.begin(0);
  expect(await settled([both, one])).toEqual([]);
  first();
  const last = ['last', runs.allOver()] as const;
  expect(await settled([both, one, last])).toEqual(['both', 'one']);
  third();
  expect(await settled([last, ['none', runs.allOver()]])).toEqual(['last', 'none']);
});

it('waits for none of a process that is gone', async () => {
  const runs = new RunsUnderWay();
  const end = runs.begin(0);
  const over = runs.allOver();
  runs.end();
  end();
  expect(await settled([['gone', over]])).toEqual(['gone']);
});

it('a run under way can make what was looked for in vain since it began', () => {
  const runs = new RunsUnderWay();
  expect(runs.mayMake(1)).toBe(false);
  const first = runs.begin(1);
  const second = runs.begin(2);
  expect([runs.mayMake(1), runs.mayMake(2)]).toEqual([false, true]);
  first();
  expect([runs.mayMake(2), runs.mayMake(3)]).toEqual([false, true]);
  second();
  expect(runs.mayMake(3)).toBe(false);
});
