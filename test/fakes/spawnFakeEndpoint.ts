/** Starts `fakeEndpointMain.ts` as a process of its own, which outlives killed clients. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FakeCall, FakeCounters, FakeEndpointOptions } from './fakeEndpoint.ts';
import type { FakeControl } from './fakeEndpointMain.ts';
import type { FakeJob } from './fakeFineTuning.ts';
import type { FakeScript } from './fakeScripts.ts';

export interface FakeState {
  readonly counters: FakeCounters;
  readonly calls: readonly FakeCall[];
  readonly jobs: readonly FakeJob[];
}

export interface SpawnedFakeEndpoint {
  readonly baseURL: string;
  readonly pid: number;
  state(): Promise<FakeState>;
  control(control: FakeControl): Promise<void>;
  close(): Promise<void>;
}

export async function spawnFakeEndpoint(
  options: Omit<FakeEndpointOptions, 'answer' | 'intercept'> & { readonly script?: FakeScript } = {},
): Promise<SpawnedFakeEndpoint> {
  const main = fileURLToPath(new URL('./fakeEndpointMain.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'jiti/register', main, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('exit', (code) => {
      reject(new Error(`The fake endpoint ended with ${code ?? 'a signal'} before it listened.`));
    });
  });
  const { baseURL } = JSON.parse(line) as { baseURL: string };
  return {
    baseURL,
    pid: child.pid!,
    state: async () => (await (await fetch(`${baseURL}/__fake/state`)).json()) as FakeState,
    control: async (control) => {
      await fetch(`${baseURL}/__fake/control`, { method: 'POST', body: JSON.stringify(control) });
    },
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
