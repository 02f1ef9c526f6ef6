/** Work beside runs, measuring a program and estimating: what it runs programs with. */
import { randomUUID } from 'node:crypto';
import type { LiveRows } from '../../data/program.ts';
import { Pool } from '../../engine/pool.ts';
import { Runner } from '../../engine/runner.ts';
import { ReadingTally, RunMemory } from '../../engine/runMemory.ts';
import { FailureTally } from '../../engine/scope.ts';
import type { Scope } from '../../engine/scope.ts';
import { UsageMeter } from '../../engine/usage.ts';
import { openMemo } from '../../lm/memo.ts';
import type { OtlpTarget } from '../../otlp/target.ts';
import type { RunEvent } from '../../protocol.ts';
import { withCapAdvice } from './advice.ts';
import { memoWarnings } from './memoWarnings.ts';
import { closing } from '../services/closeAll.ts';
import { withSameCommand } from './advice.ts';
import { runConcurrency } from './engineSettings.ts';
import type { PlanRequest } from './request.ts';
import type { Services } from '../services/services.ts';
import { openServices } from '../services/services.ts';
import { cacheFolder, checkStateFolders } from '../record/runFolder.ts';
import { sideJournal } from '../record/sideJournal.ts';
import { openTracing } from '../tracing/tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { TraceStore } from '../record/traceStore.ts';

const nothing = { calls: 0, tokens: 0, usd: 0 };

/** A program ready to be run on rows. */
export interface SideWork {
  readonly services: Services;
  readonly runner: Runner;
  readonly scope: Scope;
}

/** Where spans are sent, and what the root of them is called. */
export interface SideTracing {
  readonly target: OtlpTarget;
  readonly name: string;
}

interface SideRequest {
  readonly live: LiveRows;
  readonly deploys?: boolean;
  /** A folder to keep each program run in. */
  readonly traces?: string;
  readonly tracing?: SideTracing;
}

/** Opens what a program needs to be run beside any run, and closes it behind `body`. */
export async function withSideWork<T>(
  request: PlanRequest & SideRequest,
  hooks: { readonly signal: AbortSignal; log(line: string): void },
  onEvent: (event: RunEvent) => void,
  body: (work: SideWork) => Promise<T>,
): Promise<T> {
  const { workspace, config, budget, live, deploys = false, traces } = request;
  const { log } = hooks;
  const asked = {
    workspace,
    config,
    live,
    caps: budget,
    spent: nothing,
    trains: false,
    deploys,
    signal: hooks.signal,
    log,
    warn: log,
  };
  return closing(async (keep) => {
    checkStateFolders(workspace);
    for (const warning of memoWarnings(workspace)) log(`warning: ${warning}`);
    const tracing = await openSideTracing(request, log);
    // Closed last: waiting for a collector holds nothing else up.
    if (tracing !== null) keep(tracing);
    const memo = keep(await openMemo(cacheFolder(workspace)));
    const services = keep(await openServices({ ...asked, memo }));
    const abort = new AbortController();
    const signal = AbortSignal.any([hooks.signal, abort.signal]);
    const told = (event: RunEvent) => {
      tracing?.event(event);
      onEvent(event);
    };
    const store = traces === undefined ? null : keep(new TraceStore(traces));
    const journal = sideJournal(workspace, memo, told, (record) => {
      store?.append(record);
      tracing?.trace(record, memo);
    });
    const runner = new Runner({
      ...services,
      journal,
      memory: new RunMemory(journal, services.surroundings),
      pool: new Pool(runConcurrency(config)),
      baseModel: config.model,
      metricRange: config.metricRange,
      abort: (error) => {
        abort.abort(error);
      },
    });
    const scope = {
      prefix: '',
      meter: new UsageMeter(services.prices),
      failures: new FailureTally(config.metricRange),
      readings: new ReadingTally(),
      signal,
    };
    return body({ services, runner, scope });
  }).catch((error: unknown) => {
    throw withSameCommand(withCapAdvice(error));
  });
}

async function openSideTracing(
  { config, tracing }: Pick<PlanRequest, 'config'> & { readonly tracing?: SideTracing },
  log: (line: string) => void,
): Promise<Tracing | null> {
  if (tracing === undefined) return null;
  const run = `side work ${randomUUID()}`;
  const warn = (message: string) => log(`warning: ${message}`);
  const opened = await openTracing({ ...tracing, config, run, steps: false, warn });
  opened.begin({ 'bettertogether.endpoint': config.endpoint.name, 'gen_ai.request.model': config.model });
  return opened;
}
