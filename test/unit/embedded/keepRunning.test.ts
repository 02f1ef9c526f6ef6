import { expect, test } from 'vitest';
import type { EmbeddedEndpoint } from '../../../src/embedded/embedded.ts';
import { keepRunning } from '../../../src/embedded/keepRunning.ts';

/** Processes as `startEmbedded` gives them, which end when the test says so. */
function fakeProcesses(plan: readonly (Error | string)[] = []) {
  const started: { readonly port: number; readonly end: (code: number | null) => void; closed: boolean }[] = [];
  const start = (signal: AbortSignal): Promise<EmbeddedEndpoint> => {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    const port = 4001 + started.length;
    const next = plan[started.length] ?? 'hash';
    let end: (code: number | null) => void = () => undefined;
    const exited = new Promise<number | null>((resolve) => (end = resolve));
    const process = { port, end, closed: false };
    started.push(process);
    if (next instanceof Error) return Promise.reject(next);
    return Promise.resolve({
      baseURL: `http://127.0.0.1:${port}/v1`,
      tokenFile: '/home/token',
      port,
      modelName: 'small',
      modelHash: next,
      modelPath: '/m.gguf',
      pid: port,
      exited,
      close: () => {
        process.closed = true;
        end(0);
        return Promise.resolve();
      },
    });
  };
  return { started, start };
}

async function kept(plan?: readonly (Error | string)[], signal = new AbortController().signal) {
  const processes = fakeProcesses(plan);
  const moved: string[] = [];
  const warnings: string[] = [];
  const keeper = await keepRunning(processes.start, {
    onGone: () => void moved.push('gone'),
    onMoved: ({ baseURL }) => void moved.push(baseURL),
    onWarning: (message) => void warnings.push(message),
    signal,
  });
  return { ...processes, keeper, moved, warnings };
}

test('an endpoint that crashes is started again; that it is gone is told before its new address', async () => {
  const { started, keeper, moved, warnings } = await kept();
  started[0]!.end(null);
  await expect.poll(() => moved).toEqual(['gone', 'http://127.0.0.1:4002/v1']);
  started[1]!.end(134);
  await expect.poll(() => moved.length).toBe(4);
  expect(warnings).toEqual([expect.stringContaining('(killed)'), expect.stringContaining('(exit code 134)')]);
  expect(keeper.endpoint.port).toBe(4001);
  await keeper.close();
  expect(started.map(({ closed }) => closed)).toEqual([false, false, true]);
});

test('one that is closed, or whose run is stopped, is not', async () => {
  const closed = await kept();
  await closed.keeper.close();
  const controller = new AbortController();
  const stopped = await kept([], controller.signal);
  controller.abort();
  stopped.started[0]!.end(0);
  await stopped.keeper.close();
  expect([closed.started.length, stopped.started.length]).toEqual([1, 1]);
  expect([...closed.warnings, ...stopped.warnings]).toEqual([]);
});

test('one that crashes again and again is given up', async () => {
  const { started, keeper, warnings } = await kept();
  for (let crash = 0; crash < 6; crash++) {
    await expect.poll(() => started.length).toBe(crash + 1);
    started[crash]!.end(1);
  }
  await expect.poll(() => warnings.at(-1)).toContain('is not started again');
  expect(started.length).toBe(6);
  await keeper.close();
});

test('one that cannot start any more says why', async () => {
  const { started, keeper, moved, warnings } = await kept(['hash', new Error('no memory left')]);
  started[0]!.end(1);
  await expect.poll(() => warnings.at(-1)).toContain('no memory left');
  expect(moved).toEqual(['gone']);
  await keeper.close();
});

test('another model does not take its place', async () => {
  const { started, keeper, moved, warnings } = await kept(['hash', 'other']);
  started[0]!.end(1);
  await expect.poll(() => warnings.at(-1)).toContain('model file of "small" was changed');
  expect([moved, started[1]!.closed]).toEqual([['gone'], true]);
  await keeper.close();
});
