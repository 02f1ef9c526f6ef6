#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { exitCode } from '../base/errors.ts';
import { startEmbedded } from '../embedded/embedded.ts';
import { examine } from '../run/doctor/examine.ts';
import { evaluateOnce } from '../run/work/evaluateOnce.ts';
import { planRun } from '../run/work/planRun.ts';
import { reportEndpoint } from '../run/work/reportEndpoint.ts';
import { startRun } from '../run/work/startRun.ts';
import { showPrompt } from '../run/work/showPrompt.ts';
import type { Serve } from './base/context.ts';
import { main, tellError } from './main.ts';
import { processTerminal } from './base/terminal.ts';

/**
 * V8 lets its heap grow to a multiple of what is alive before it collects all of it, by heuristics that favour speed: after
 * 40,000 calls 170 of 230 MB were garbage. A quarter more than is alive costs a run a collection every few thousand calls.
 */
setFlagsFromString('--heap-growing-percent=25');

/** How long what is still open may hold up the end. */
const lingerMs = 3000;

const serve: Serve = async ({ port, model }, hooks) => {
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
  compose: { startRun, planRun, evaluateOnce, showPrompt, reportEndpoint, examine: (asked) => examine(asked) },
  serve,
});
setTimeout(() => process.exit(), lingerMs).unref();
