/**
 * A fault at every write of a run: the process dies before it or in the middle of it, the disk fills up there. After
 * each the run is resumed, and must end as the undisturbed one did.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { installFailingFs, type FailingFs } from '../../fakes/failingFs.ts';
import { everyWrite } from './everyWrite.ts';

vi.mock('../../../src/host/nodeHost.ts', () => import('./inProcessHost.ts'));

let failing: FailingFs;

beforeAll(async () => {
  failing = await installFailingFs();
});
afterAll(() => {
  failing.uninstall();
});
describe('a fault at a write', () => {
  it('anywhere in p -> w -> p: resumed to the same result, one job, no call twice but those in flight', async () => {
    const report = await everyWrite(failing, { seed: 20261123, faults: 40 });
    // How often small entries are gathered into one write depends on timing: the last ones may not come.
    expect(report.struck).toBeGreaterThanOrEqual(28);
  });
});
