/** One search for prompts, under us or under an optimizer of DSPy's alone, as processes of their own on one scripted endpoint. */
import { rmSync } from 'node:fs';
import * as z from 'zod';
import type { LoggedEvent } from '../src/protocol.ts';
import type { FakeCall } from '../test/fakes/fakeEndpoint.ts';
import { groundedInstruction, groundedNotes } from '../test/fakes/groundedProposer.ts';
import { numbersIn, proposalTo } from '../test/fakes/ruleScript.ts';
import { spawnFakeEndpoint } from '../test/fakes/spawnFakeEndpoint.ts';
import { firstOfDev, gepaSettings, inFlight, sampling, writeWork } from './searchWork.ts';
import type { SearchWork, WorkFiles } from './searchWork.ts';
import { drive, optimize } from './processes.ts';
import { stepsSchema } from './searchPath.ts';
import type { SearchStep } from './searchPath.ts';

export interface Searched {
  /** Of the search alone, without starting processes and without scoring its result. */
  readonly seconds: number;
  /** Calls at the endpoint of the search alone, and those of them that are the proposer's. */
  readonly task: number;
  readonly proposals: number;
  /** Of its result on dev, per cent. */
  readonly score: number;
  /** Every instruction that was proposed, in order. */
  readonly proposed: readonly string[];
}

export interface SearchedByUs extends Searched {
  /** Of the search, those without a proposal too. */
  readonly iterations: number;
}

export interface SearchedByDspy extends Searched {
  /** What the search did, in order. */
  readonly steps: readonly SearchStep[];
}

const answerSchema = z.object({ seconds: z.number(), score: z.number(), steps: stepsSchema });

/** @param cache whether DSPy's cache is on; it is empty at the start. */
export function byDspy(work: SearchWork, python: string, cache: boolean): Promise<SearchedByDspy> {
  return onEndpoint(work, async (files, baseURL, calls) => {
    const asked = { ...files, ...gepaSettings, baseURL, inFlight, sampling, seed: work.seed, cache };
    const taken = answerSchema.parse(await drive(`${work.optimizer}Driver.py`, python, asked));
    return { ...taken, ...counted(await calls()) };
  });
}

/** The same by the command line. */
export function byUs(work: SearchWork, python: string): Promise<SearchedByUs> {
  return onEndpoint(work, async ({ folder }, _baseURL, calls) => {
    const { events, errors } = await optimize(folder, python);
    const step = last(events, 'step.finished');
    const finished = last(events, 'run.finished');
    if (step === undefined || finished === undefined) throw new Error(`The run under measurement failed:\n${errors}`);
    const { scores, final } = finished.result;
    const iterations = events.filter(({ type }) => type === 'proposal').length;
    return { iterations, seconds: step.seconds, score: scores[final]?.dev ?? Number.NaN, ...counted(await calls()) };
  });
}

async function onEndpoint<T>(
  work: SearchWork,
  body: (files: WorkFiles, baseURL: string, calls: () => Promise<readonly FakeCall[]>) => Promise<T>,
): Promise<T> {
  const fake = await spawnFakeEndpoint({ latencyMs: work.latencyMs, script: 'rules' });
  const files = writeWork(work, fake.baseURL);
  try {
    return await body(files, fake.baseURL, async () => (await fake.state()).calls);
  } finally {
    rmSync(files.folder, { recursive: true, force: true });
    await fake.close();
  }
}

/** The calls of the search: not those about rows of dev, and none about no row but for the proposer's. */
function counted(calls: readonly FakeCall[]): Pick<Searched, 'task' | 'proposals' | 'proposed'> {
  const proposed = calls.flatMap((call) => (proposalTo(call) ?? groundedInstruction(call))?.text ?? []);
  const proposers = new Set(calls.filter(isOfProposer));
  const aboutRows = calls.filter((call) => numbersIn(call).some((number) => number < firstOfDev));
  return { task: aboutRows.filter((call) => !proposers.has(call)).length, proposals: proposers.size, proposed };
}

function isOfProposer(call: FakeCall): boolean {
  return proposalTo(call) !== null || groundedInstruction(call) !== null || groundedNotes(call) !== null;
}

function last<T extends LoggedEvent['type']>(events: readonly LoggedEvent[], type: T) {
  return events.findLast((event): event is Extract<LoggedEvent, { type: T }> => event.type === type);
}
