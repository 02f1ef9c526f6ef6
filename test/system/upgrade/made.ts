/** What the workspaces of earlier builds are made with, and opened with again. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import type { FakeCall, FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { studentAnswer } from '../workspace.ts';

/** Runs remember by the endpoint's address, so it is the same ever after. Below the ports that systems give away. */
export const endpointPort = 28_417;

/** What is answered costs as long as this, so that a run can be caught in the middle. */
export const latencyMs = 4;

export const answer = (call: FakeCall): string => studentAnswer(call);

const fixtures = fileURLToPath(new URL('../../fixtures/upgrade', import.meta.url));

/** A folder of `test/fixtures/upgrade`; its README says what is in it. */
export const madeBy = (build: string): string => join(fixtures, build);

/** `made.json` of a fixture. */
export interface Made {
  /** What `--version` of the build said, and its commit. */
  readonly version: string;
  readonly commit: string;
  /** What the endpoint has trained until then. */
  readonly tuned: readonly string[];
  readonly runs: { readonly finished: string; readonly interrupted: string };
  readonly comparison: string;
  /** Of the finished run, by step, in per cent. */
  readonly scores: Readonly<Record<string, { readonly dev: number | null; readonly test: number | null }>>;
  /** What the finished run asked, and the interrupted one before it was killed, as `asked` gives it. */
  readonly paid: { readonly finished: readonly string[]; readonly interrupted: readonly string[] };
  /** The interrupted run, where nobody interrupts it. */
  readonly undisturbed: { readonly calls: number; readonly scores: Made['scores'] };
  /** What its home knows the workspace by; `null`: the build sealed nothing. */
  readonly workspace: string | null;
}

/** Requests for completions by their content, in the order in which they came. */
export const asked = (fake: FakeEndpoint): readonly string[] =>
  fake.calls.map(({ body }) => createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16));

/** Variables that the loader of programs reads: test runners set them, and outcomes are remembered by them. */
export const unset = { NODE_ENV: undefined, BABEL_ENV: undefined, BABEL_SHOW_CONFIG_FOR: undefined };

/** Stands for the name of the machine in a lock. */
export const here = 'this machine';

/** Folders that git and other tools pass over have other names in a fixture. */
export const recordsName = { there: '.bettertogether', kept: 'records' } as const;
