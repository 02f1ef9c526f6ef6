/**
 * A teacher: another LM that runs the same program, in the same state, and whose correct traces a step learns from
 * (paper, section 3). None of its runs is a score of the program.
 */
import { askedModel } from './ask.ts';
import type { AskedModel } from './ask.ts';
import type { KeptTeacher } from './settingSchemas.ts';

/** Which LM answers a program where its traces are collected; `undefined`: its own. */
export type Answering = AskedModel | undefined;

/** The LM of a teacher. */
export function askedTeacher(teacher: KeptTeacher): Answering {
  return teacher === null ? undefined : askedModel(teacher.model, teacher.endpoint);
}

/** Whose traces a step learns from, the first to be asked first. */
export function answeringInTurn(teacher: KeptTeacher): readonly Answering[] {
  return teacher?.own === true ? [askedTeacher(teacher), undefined] : [askedTeacher(teacher)];
}

/**
 * What a memo knows an LM by: its model, and what answers there; `null`: the run's own endpoint, which a run's identity
 * has.
 *
 * @param endpoints see `StepContext.endpoints`.
 */
export function identityOfAsked(
  { model, endpoint }: AskedModel,
  endpoints: ReadonlyMap<string, string>,
): readonly [string, string | null] {
  return [model, endpoint === undefined ? null : (endpoints.get(endpoint) ?? null)];
}
