import { expect } from 'vitest';
import type { RunResult } from '../../src/protocol.ts';
import { resultSchema } from '../../src/protocol.ts';
import type { Finished } from './workspace.ts';
import { lastJson } from './workspace.ts';

/** The result of a run that came to its end. */
export function resultOf(finished: Finished): RunResult {
  expect(finished.code, finished.stderr).toBe(0);
  return resultSchema.parse(lastJson(finished));
}
