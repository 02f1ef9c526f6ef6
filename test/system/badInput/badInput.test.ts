/** A thousand seeded injuries to everything that is read: no crash, no hang, nothing wrong taken in silence. */
import { describe, expect, it } from 'vitest';
import { damagedConfigurations, damagedDataSets, damagedEventLogs, damagedMemos } from './files.ts';
import { damagedHostMessages, damagedReplies } from './messages.ts';

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
