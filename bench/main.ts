/**
 * `npm run bench`: what our part of a run costs, against a fake endpoint in a process of its own.
 *
 *     npm run bench                 all of it
 *     npm run bench -- wall|cpu|memory|detect|view|retrieve|racing|dspy|optimizers
 *     npm run bench -- embedded|training     only when named: they need the embedded model, and idle cores
 *
 * `wall` is the ratio of the measured time to max(calls × latency / in flight, critical path); the critical path is
 * the longest chain of calls that wait for each other. `cpu` is milliseconds a call beyond the `openai` package's own.
 * `detect` looks for programs in 10,000 generated files. `view` opens the run view on 100,000 calls (needs Chromium).
 * `retrieve` searches 50,000 passages. `racing` counts runs of searches that look scores up (see racing.ts). `dspy` does
 * the same works under DSPy alone and under us (see dspy.ts), `optimizers` the same searches for instructions (see
 * optimizers.ts). `embedded` asks the embedded endpoint (see embedded.ts), `training` trains its model
 * with our trainer and with TRL (see training.ts).
 */
import { rmSync } from 'node:fs';
import { spawnFakeEndpoint } from '../test/fakes/spawnFakeEndpoint.ts';
import { clientCpuPerCall, ourClient, usualClient } from './client.ts';
import { detect } from './detect.ts';
import { dspy } from './dspy.ts';
import { embedded } from './embedded.ts';
import type { Measured } from './measure.ts';
import { measureRun } from './measure.ts';
import { optimizers } from './optimizers.ts';
import { racing } from './racing.ts';
import { retrieve } from './retrieve.ts';
import { training } from './training.ts';
import { view } from './view.ts';
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

async function wall(): Promise<void> {
  console.log('wall over ideal (train 1000, dev 500, T 100, V 250, 6 candidates of up to 3 demos)');
  console.log('strategy      latency  in flight   calls    wall s   ideal s   ratio');
  for (const strategy of Object.keys(chain)) {
    for (const latency of [0, 50, 200]) {
      for (const concurrency of [32, 256]) {
        const { calls, wall: seconds } = await once(latency, concurrency, strategy, paper);
        const ideal = Math.max((calls * latency) / 1000 / concurrency, (chain[strategy]! * latency) / 1000);
        const ratio = ideal === 0 ? `${Math.round(calls / seconds)} calls/s` : (seconds / ideal).toFixed(2);
        console.log(
          `${strategy.padEnd(12)} ${`${latency} ms`.padStart(8)} ${String(concurrency).padStart(10)} ` +
            `${String(calls).padStart(7)} ${seconds.toFixed(2).padStart(9)} ${ideal.toFixed(2).padStart(9)}   ${ratio}`,
        );
      }
    }
  }
}

/**
 * The slope between two sizes, each row one call: what starting the processes takes falls out. The package is measured
 * twice: as anyone uses it, and over the transport that we give it.
 */
async function cpu(): Promise<void> {
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

async function memory(): Promise<void> {
  console.log('peak memory of the run process');
  for (const dev of [1000, 10_000, 40_000, 100_000]) {
    const { calls, peak } = await once(0, 32, 'vanilla', { ...paper, dev });
    console.log(`${String(calls).padStart(7)} calls: ${peak} MiB`);
  }
}

const parts = { wall, cpu, memory, detect, view, retrieve, racing, dspy, optimizers };
/** Run only when named. */
const onIdleCores = { embedded, training };
const asked = process.argv.slice(2);
for (const [name, part] of Object.entries(parts)) {
  if (asked.length === 0 || asked.includes(name)) await part();
}
for (const [name, part] of Object.entries(onIdleCores)) {
  if (asked.includes(name)) await part();
}
