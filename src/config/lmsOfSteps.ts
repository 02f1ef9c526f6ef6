/** LMs that steps name, teachers and those that they ask by themselves: what is wrong with one is said before anything is paid for. */
import { UsageError } from '../base/errors.ts';
import { settingsKey } from '../data/strategy.ts';
import type { ResolvedProgram } from './resolved.ts';
import type { LmOfStep } from './steps.ts';
import { lmsOf, teachersOf } from './steps.ts';

type Program = Pick<ResolvedProgram, 'endpoint' | 'services' | 'model' | 'strategy' | 'steps'>;

/** An LM that a step names, and the endpoint that it is asked at. */
export interface PlacedLm {
  /** Where it is written, in the program's entry: `p.teacher`. */
  readonly key: string;
  readonly model: string;
  readonly endpoint: string;
}

function placed({ endpoint: own }: Pick<Program, 'endpoint'>, lms: readonly LmOfStep[]): readonly PlacedLm[] {
  return lms.map(({ step, setting, model, endpoint = own.name }) => ({
    ...{ key: `${settingsKey(step)}.${setting}`, model, endpoint },
  }));
}

/** The LMs that steps of its strategy ask: teachers, and those that they ask by themselves. */
export function lmsAsked(program: Program): readonly PlacedLm[] {
  return placed(program, [...teachersOf(program), ...lmsOf(program)]);
}

/** Those at some endpoints. @param endpoints their names. */
export function lmsAt(program: Program, endpoints: ReadonlySet<string>): readonly PlacedLm[] {
  return lmsAsked(program).filter((lm) => endpoints.has(lm.endpoint));
}

/**
 * A program that has its own LM for a teacher learns what it learns without one.
 *
 * @throws UsageError naming the step's setting.
 */
export function checkTeachers(program: Program): void {
  const { endpoint, model } = program;
  const same = placed(program, teachersOf(program)).find((each) => isOwnLm(each, program));
  if (same === undefined) return;
  throw new UsageError(
    `"${same.key}" names "${model}" at endpoint "${endpoint.name}", which is the LM of the program itself: without a ` +
      'teacher it learns from its own runs as well. Name another model, or remove "teacher".',
  );
}

function isOwnLm({ model, endpoint }: PlacedLm, program: Program): boolean {
  return model === program.model && endpoint === program.endpoint.name;
}

/** Those whose calls have no known price, but for the program's own. */
export function unpricedLms(program: Program): readonly PlacedLm[] {
  const { endpoint: own, services = [] } = program;
  const others = lmsAsked(program).filter((lm) => !isOwnLm(lm, program));
  return others.filter(({ model, endpoint }) => {
    const isOwn = endpoint === own.name;
    // Without prices of its own the embedded endpoint costs nothing.
    if (isOwn && own.kind === 'embedded' && own.prices === null) return false;
    const prices = isOwn ? own.prices : services.find(({ name }) => name === endpoint)?.prices;
    return prices?.[model] === undefined && prices?.['*'] === undefined;
  });
}
