/** The endpoints besides a program's own that are asked in a run of it. */
import { UsageError } from '../base/errors.ts';
import { languages } from '../data/language.ts';
import { settingsKey } from '../data/strategy.ts';
import { languageOfProgram } from './resolved.ts';
import type { ResolvedProgram, ResolvedService } from './resolved.ts';
import { endpointsOf } from './steps.ts';

/**
 * A DSPy program may name LMs at all of them, programs of the SDK name none; a step asks at those that its settings name.
 *
 * @param others see `otherServices`.
 * @throws UsageError naming the step that asks at an endpoint that there is not.
 */
export function servicesOf(
  program: Pick<ResolvedProgram, 'program' | 'strategy' | 'steps' | 'endpoint'>,
  others: readonly ResolvedService[],
  where: string,
): readonly ResolvedService[] {
  const known = [program.endpoint.name, ...others.map(({ name }) => name)];
  const asked = endpointsOf(program);
  for (const [step, endpoints] of asked) {
    const unknown = endpoints.find((name) => !known.includes(name));
    if (unknown === undefined) continue;
    throw new UsageError(
      `The program ${where} has a step that asks at endpoint "${unknown}" ("${settingsKey(step)}"), which is none of ` +
        `kind "openai" or "editor" with an address of its own under "endpoints". It can ask at: ${known.join(', ')}.`,
    );
  }
  const named = new Set([...asked.values()].flat());
  return languages[languageOfProgram(program.program)].namesLms ? others : others.filter(({ name }) => named.has(name));
}
