/** What our part of a run takes beside its calls: time, CPU and memory, against a fake endpoint in a process of its own. */
import { rmSync } from 'node:fs';
import { spawnFakeEndpoint } from '../test/fakes/spawnFakeEndpoint.ts';
import { clientCpuPerCall, ourClient, usualClient } from './client.ts';
import type { Measured } from './measure.ts';
import { measureRun } from './measure.ts';
import { goalLine } from './report.ts';
import type { BenchSettings } from './workspace.ts';
import { makeWorkspace } from './workspace.ts';

type Sizes = Pick<BenchSettings, 'train' | 'dev' | 't' | 'v'>;
/** The paper's GSM8K sizes. */
const paper: Sizes = { train: 1000, dev: 500, t: 100, v: 250 };

/** Calls in a row, at least: the baseline; a bootstrap and a validation; a collection; a last scoring. */
const chain: Readonly<Record<string, number>> = { p: 4, 'p -> w -> p': 7 };

async function once(latencyMs: number, concurrency: number, strategy: string, sizes: Sizes): Promise<Measured> {
  const fake = await spawnFakeEndpoint({ latencyMs, script: 'chatFields', keepCalls: false });
  const folder = makeWorkspace({ baseURL: fake.baseURL, concurrency, strategy, ...sizes });
  try {
    return await measureRun(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await fake.close();
  }
}

export async function wall(): Promise<void> {
  console.log('wall over ideal (train 1000, dev 500, T 100, V 250, 6 candidates of up to 3 demos)');
  console.log('strategy      latency  in flight   calls    wall s   ideal s   ratio   calls/s');
  const goals: string[] = [];
  for (const strategy of Object.keys(chain)) {
    for (const latency of [0, 50, 200]) {
      for (const concurrency of [32, 256]) goals.push(...(await wallOf(strategy, latency, concurrency)));
    }
  }
  console.log(goals.join('\n'));
}

/** Prints a line. @returns lines on its goals. */
async function wallOf(strategy: string, latency: number, concurrency: number): Promise<readonly string[]> {
  const { calls, wall: seconds } = await once(latency, concurrency, strategy, paper);
  const ideal = Math.max((calls * latency) / 1000 / concurrency, (chain[strategy]! * latency) / 1000);
  const [ratio, perSecond] = [seconds / ideal, calls / seconds];
  console.log(
    [
      `${strategy.padEnd(12)} ${`${latency} ms`.padStart(8)} ${String(concurrency).padStart(10)}`,
      `${String(calls).padStart(8)}${seconds.toFixed(2).padStart(10)}${ideal.toFixed(2).padStart(10)}`,
      `${(ideal === 0 ? '–' : ratio.toFixed(2)).padStart(8)}${perSecond.toFixed(0).padStart(10)}`,
    ].join(''),
  );
  if (concurrency !== 256) return [];
  const what = `${strategy}, ${concurrency} in flight at ${latency} ms`;
  if (latency === 200) return [goalLine(`${what}: at most 1.2 × ideal`, ratio, ratio <= 1.2)];
  return latency === 50 ? [goalLine(`${what}: 2,500 calls a second`, perSecond, perSecond >= 2500)] : [];
}

/**
 * The slope between two sizes, each row one call: what starting the processes takes falls out. The package is measured
 * twice: as anyone uses it, and over the transport that we give it.
 */
export async function cpu(): Promise<void> {
  const small = await once(0, 32, 'vanilla', { ...paper, dev: 500 });
  const large = await once(0, 32, 'vanilla', { ...paper, dev: 6500 });
  const ours = (large.cpu - small.cpu) / (large.calls - small.calls);
  const fake = await spawnFakeEndpoint({ script: 'chatFields', keepCalls: false });
  const asUsual = await clientCpuPerCall(usualClient(fake.baseURL), 4000, 32);
  const overOurs = await clientCpuPerCall(ourClient(fake.baseURL), 4000, 32);
  await fake.close();
  const milliseconds = (seconds: number) => `${(seconds * 1000).toFixed(3)} ms`;
  console.log(`CPU a call: ${milliseconds(ours)} in all processes of a run`);
  console.log(
    `  the openai package with its own fetch: ${milliseconds(asUsual)}, beyond it ${milliseconds(ours - asUsual)}`,
  );
  console.log(
    `  the openai package over our transport: ${milliseconds(overOurs)}, beyond it ${milliseconds(ours - overOurs)}`,
  );
}

export async function memory(): Promise<void> {
  console.log('peak memory of the run process');
  for (const dev of [1000, 10_000, 40_000, 100_000]) {
    const { calls, peak } = await once(0, 32, 'vanilla', { ...paper, dev });
    console.log(`${String(calls).padStart(7)} calls: ${peak} MiB`);
    if (dev === 100_000) console.log(goalLine('100,000 calls: at most 200 MiB', peak, peak <= 200));
  }
}
