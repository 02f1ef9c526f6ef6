#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { exitCode } from '../base/errors.ts';
import type { Compose } from '../run/work/request.ts';
import type { Serve } from './base/context.ts';
import { main, tellError } from './main.ts';
import { processTerminal } from './base/terminal.ts';

/**
 * V8 favours speed over memory, and a run waits for answers most of its time. The heap grows by a quarter more than is alive
 * before all of it is collected: by V8's heuristics 170 of 230 MB were garbage after 40,000 calls. The young generation, which
 * V8 lets grow to 48 MB (twice that from Node 24 on), stays as small as it is: what is short-lived here is so within a call.
 */
setFlagsFromString('--heap-growing-percent=25');
setFlagsFromString('--semi-space-growth-factor=1');

/** How long what is still open may hold up the end. */
const lingerMs = 3000;

/** What runs is loaded by the commands that run something. */
const compose: Compose = {
  startRun: async (...asked) => await (await import('../run/work/startRun.ts')).startRun(...asked),
  planRun: async (...asked) => await (await import('../run/work/planRun.ts')).planRun(...asked),
  evaluateOnce: async (...asked) => await (await import('../run/work/evaluateOnce.ts')).evaluateOnce(...asked),
  showPrompt: async (...asked) => await (await import('../run/work/showPrompt.ts')).showPrompt(...asked),
  reportEndpoint: async (...asked) => await (await import('../run/work/reportEndpoint.ts')).reportEndpoint(...asked),
  async *examine(asked) {
    yield* (await import('../run/doctor/examine.ts')).examine(asked);
  },
};

const serve: Serve = async ({ port, model }, hooks) => {
  const { startEmbedded } = await import('../embedded/embedded.ts');
  const endpoint = await startEmbedded({
    onLog: (line) => {
      hooks.log(line);
    },
    signal: hooks.signal,
    ...(port !== null && { port }),
    ...(model !== null && { model }),
  });
  const stopped = new Promise<void>((resolve) => {
    hooks.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  hooks.listening(endpoint.baseURL, endpoint.modelName, endpoint.tokenFile);
  await Promise.race([stopped, endpoint.exited]);
  await endpoint.close();
  return (await endpoint.exited) ?? 0;
};

const terminal = processTerminal();
// Node would print a rejection without a handler as it is, with all that an endpoint or a program put into it.
process.on('uncaughtException', (error) => process.exit(tellError(error, terminal)));
// Should nothing be left to wait for before it is done, that was no success.
process.exitCode = exitCode.failed;
process.exitCode = await main(process.argv.slice(2), {
  terminal,
  compose,
  serve,
});
setTimeout(() => process.exit(), lingerMs).unref();
