import { expect, it } from 'vitest';
import { closeAfter, closeAll } from '../../../src/run/services/closeAll.ts';

function opened(order: string[]) {
  const one = (name: string, fails = false) => ({
    close: () => {
      order.push(name);
      return fails ? Promise.reject(new Error(`${name} failed`)) : Promise.resolve();
    },
  });
  return [one('host'), one('endpoint', true), one('memo', true)];
}

it('closes everything, last first, and says what failed first', async () => {
  const order: string[] = [];
  await expect(closeAll(opened(order))).rejects.toThrow('memo failed');
  expect(order).toEqual(['memo', 'endpoint', 'host']);
  await closeAll([]);
});

it('after a failure closes everything and throws the failure', async () => {
  const order: string[] = [];
  await expect(closeAfter(new Error('no key'), opened(order))).rejects.toThrow('no key');
  expect(order).toEqual(['memo', 'endpoint', 'host']);
});
