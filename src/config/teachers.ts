/** Teachers that steps name: what is wrong with one is said before anything is paid for. */
import { UsageError } from '../base/errors.ts';
import { settingsKey } from '../data/strategy.ts';
import type { ResolvedProgram } from './resolved.ts';
import { teachersOf } from './steps.ts';

type Taught = Pick<ResolvedProgram, 'endpoint' | 'services' | 'model' | 'strategy' | 'steps'>;

/** A teacher, and the endpoint that it is asked at. */
export interface PlacedTeacher {
  /** Where it is written, in the program's entry: `p.teacher`. */
  readonly key: string;
  readonly model: string;
  readonly endpoint: string;
}

function placedTeachers({ endpoint: own, ...taken }: Taught): readonly PlacedTeacher[] {
  return [...teachersOf(taken)].map(([step, { model, endpoint = own.name }]) => ({
    ...{ key: `${settingsKey(step)}.teacher`, model, endpoint },
  }));
}

/**
 * A program that has its own LM for a teacher learns what it learns without one.
 *
 * @throws UsageError naming the step's setting.
 */
export function checkTeachers(program: Taught): void {
  const { endpoint, model } = program;
  const same = placedTeachers(program).find((each) => each.model === model && each.endpoint === endpoint.name);
  if (same === undefined) return;
  throw new UsageError(
    `"${same.key}" names "${model}" at endpoint "${endpoint.name}", which is the LM of the program itself: without a ` +
      'teacher it learns from its own runs as well. Name another model, or remove "teacher".',
  );
}

/** Those whose calls have no known price. */
export function unpricedTeachers(program: Taught): readonly PlacedTeacher[] {
  const { endpoint: own, services = [] } = program;
  return placedTeachers(program).filter(({ model, endpoint }) => {
    const isOwn = endpoint === own.name;
    // Without prices of its own the embedded endpoint costs nothing.
    if (isOwn && own.kind === 'embedded' && own.prices === null) return false;
    const prices = isOwn ? own.prices : services.find(({ name }) => name === endpoint)?.prices;
    return prices?.[model] === undefined && prices?.['*'] === undefined;
  });
}
