/**
 * The embedded endpoint as a process of its own: `node embedded.js [--port N] [--model FILE.gguf] [--threads N]
 * [--parent]`. Prints one line of JSON on stdout once it answers, `{"ready":true,"port":N,…}`, or `{"ready":false,
 * "error":"…","usage":false}` when it cannot start; everything else goes to stderr. With `--parent` it ends when stdin closes.
 */
import { parseArgs } from 'node:util';
import { HumanError, messageOf, UsageError } from '../base/errors.ts';
import { resolveHome } from '../home/home.ts';
import { servedForm } from './forms/servedForm.ts';
import { ownModel } from './modelFile.ts';
import { startServer } from './server.ts';
import { ensureModel } from './setup/model.ts';
import type { SetupOptions } from './setup/progress.ts';
import { ensureRuntime } from './setup/runtime.ts';

/** What the process says on stdout. */
export type Announcement =
  | {
      readonly ready: true;
      readonly port: number;
      readonly model: string;
      readonly modelHash: string;
      readonly modelPath: string;
    }
  | { readonly ready: false; readonly error: string; readonly usage: boolean };

function announce(announcement: Announcement): void {
  process.stdout.write(JSON.stringify(announcement) + '\n');
}

function log(line: string): void {
  process.stderr.write(line + '\n');
}

function whole(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`${flag} takes a whole number from ${String(least)} to ${String(most)}, not ${text}.`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      model: { type: 'string' },
      threads: { type: 'string' },
      parent: { type: 'boolean' },
    },
  });
  const home = resolveHome();
  const setup: SetupOptions = {
    onProgress: ({ state, message }) => {
      if (state !== 'present') log(message);
    },
  };
  // A wrong path is reported before anything is installed.
  const own = values.model === undefined ? null : await ownModel(home, values.model);
  await ensureRuntime(home, setup);
  const model = own ?? (await servedForm(home, await ensureModel(home, setup), setup));
  const server = await startServer({
    home,
    model,
    onLog: log,
    ...(values.port === undefined ? {} : { port: whole('--port', values.port, 0, 65535) }),
    ...(values.threads === undefined ? {} : { threads: whole('--threads', values.threads, 1, 1024) }),
  });
  let closing = false;
  const stop = (): void => {
    if (closing) return;
    closing = true;
    void server.close().finally(() => process.exit(0));
    // A batch under way cannot be interrupted; no one waits for it any more.
    setTimeout(() => process.exit(0), 5000).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  if (values.parent === true) process.stdin.on('close', stop).on('error', stop).resume();
  announce({ ready: true, port: server.port, model: model.name, modelHash: model.hash, modelPath: model.path });
}

main().catch((error: unknown) => {
  // What is meant for people is in the announcement, and our parent process shows it.
  const told = error instanceof HumanError && process.argv.includes('--parent');
  if (!told) log(error instanceof Error && !(error instanceof HumanError) ? (error.stack ?? '') : messageOf(error));
  announce({ ready: false, error: messageOf(error), usage: error instanceof UsageError });
  process.exitCode = 1;
  // llama.cpp's threads would keep the process alive.
  setTimeout(() => process.exit(1), 100);
});
