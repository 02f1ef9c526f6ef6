import type { Expression } from './syntax.ts';

/** How a name's value lies in what is assigned: items of lists by number, members of objects by name. */
export type Way = readonly (number | string)[];

/** Names in a target with their way into the value: `a, (b, c) = …` gives a at 0, b at 1 and 0, c at 1 and 1. */
export function namesIn(target: Expression, at: Way = []): (readonly [string, Way])[] {
  switch (target.kind) {
    case 'name':
      return [[target.name, at]];
    case 'list':
      return target.items.flatMap((item, i) => namesIn(item, [...at, i]));
    case 'record':
      return target.entries.flatMap(({ key, value }) =>
        key?.kind === 'text' ? namesIn(value, [...at, key.value]) : [],
      );
    default:
      return [];
  }
}
