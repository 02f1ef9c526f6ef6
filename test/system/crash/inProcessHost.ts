import { FakeProgram } from '../../unit/engine/fakes.ts';

/** Stands in for `startNodeHost`: user code without a process of its own. */
export async function startNodeHost(): Promise<FakeProgram & { close(): Promise<void> }> {
  return Promise.resolve(Object.assign(new FakeProgram(), { close: () => Promise.resolve() }));
}
