import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { recallAs, rememberAs } from '../../../src/engine/memory.ts';
import { FakeJournal } from './fakes.ts';

const schema = z.object({ seconds: z.number() });

describe('what the engine remembers', () => {
  it('comes back in its own shape', async () => {
    const journal = new FakeJournal();
    await rememberAs<{ readonly seconds: number }>(journal, 'key', { seconds: 2 });
    expect(await recallAs(journal, 'key', schema)).toEqual({ seconds: 2 });
  });

  it('is nothing where there is none, or one of another shape', async () => {
    const journal = new FakeJournal(new Map([['key', { seconds: 'two' }]]));
    expect(await recallAs(journal, 'key', schema)).toBeUndefined();
    expect(await recallAs(journal, 'none', schema)).toBeUndefined();
  });
});
