/** Inference servers of others as processes, for the long tests and for benchmarks. */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server that answers. */
export interface Server {
  /** With its version: `vLLM 0.32.0`. */
  readonly name: string;
  /** Ends in `/v1`. */
  readonly baseURL: string;
  /** What it calls the model. */
  readonly model: string;
  /** All that it has printed. */
  log(): string;
  /** Ends it and all it started; resolves when they are gone. */
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly name: string;
  readonly model: string;
  readonly port: number;
  readonly command: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Answers 200 when the server is ready: `/health`. */
  readonly ready: string;
}

/** Milliseconds: a server that loads a model on a busy machine may take this long. */
const patienceMs = 600_000;

/** @throws Error with the end of what it printed, for a server that ends or is not ready after ten minutes. */
export async function startServer(options: ServerCommand): Promise<Server> {
  const { name, model, port, command, env, ready } = options;
  const folder = mkdtempSync(join(tmpdir(), 'bt-server-'));
  const file = join(folder, 'server.log');
  const output = openSync(file, 'w');
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    // A group of its own: these servers start processes that outlive a parent that is killed.
    ...{ cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', output, output], detached: true },
  });
  closeSync(output);
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  const log = (): string => readFileSync(file, 'utf8');
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined) await endGroup(child.pid, exited);
    rmSync(folder, { recursive: true, force: true });
  };
  const ended = exited.then(() => 'ended' as const);
  const outcome = await Promise.race([ended, answers(`http://127.0.0.1:${port}${ready}`)]);
  if (outcome === 'ready') return { name, model, baseURL: `http://127.0.0.1:${port}/v1`, log, stop };
  const said = log().slice(-4000);
  await stop();
  throw new Error(`${name} ${outcome === 'ended' ? 'ended' : 'was not ready'}:\n${said}`);
}

async function answers(url: string): Promise<'ready' | 'silent'> {
  for (const until = Date.now() + patienceMs; Date.now() < until; await sleep(250)) {
    const answer = await fetch(url).catch(() => null);
    await answer?.arrayBuffer().catch(() => null);
    if (answer?.ok === true) return 'ready';
  }
  return 'silent';
}

async function endGroup(group: number, exited: Promise<void>): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(-group, signal);
    } catch {
      return;
    }
    await Promise.race([exited, sleep(10_000)]);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
