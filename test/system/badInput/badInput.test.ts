/** A thousand seeded injuries to everything that is read: no crash, no hang, nothing wrong taken in silence. */
import { describe, expect, it } from 'vitest';
import { damagedConfigurations, damagedDataSets, damagedEventLogs, damagedMemos } from './files.ts';
import { damagedHostMessages, damagedReplies } from './messages.ts';
import { oversizedInputs, oversizedSources } from './sizes.ts';

const cases = { seed: 20261123, count: 1000 };

/** Most injuries make a thing unreadable; were none refused, the mutations would not reach it. */
describe('damaged input', () => {
  it('configurations', async () => {
    expect(await damagedConfigurations(cases)).toBeGreaterThan(500);
  });
  it('data sets', async () => {
    expect(await damagedDataSets(cases)).toBeGreaterThan(500);
  });
  it('event logs', async () => {
    expect(await damagedEventLogs(cases)).toBeGreaterThan(300);
  });
  it('memo files', async () => {
    expect(await damagedMemos(cases)).toBeGreaterThan(500);
  });
  it('host messages', async () => {
    expect(await damagedHostMessages(cases)).toBeGreaterThan(100);
  });
  it('replies of an endpoint', async () => {
    expect(await damagedReplies(cases)).toBeGreaterThan(300);
  });
});

describe('oversized input', () => {
  const sizes = { depth: 100_000, length: 2 ** 21 };
  it('is refused with an error for people, however deep, long or many', async () => {
    // All but the .csv files with brackets in them, which are short lines of text.
    expect(await oversizedInputs(sizes)).toBeGreaterThanOrEqual(14);
  });
  it('of sources hides no program', async () => {
    expect(await oversizedSources({ ...sizes, depth: 3000 })).toEqual(['Good']);
  });
});
