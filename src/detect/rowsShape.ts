import { optionsOf } from './base/values.ts';
import type { Value } from './base/values.ts';

const verb = '(?:load|read|get|make|build|create|generate)?_?';
const noun = '_?(?:set|data(?:_?set)?|rows|examples|samples|split)';
const learning = '(?:train(?:ing)?|dev|val(?:idation)?)';

/** Names that mark exported rows as a data set: `train`, `devset`, `loadTestRows`, `EXAMPLES`. */
export const dataNames = `${verb}(?:(?:${learning}|test(?:ing)?|eval(?:uation)?)(?:${noun})?|examples|data_?set)`;

const dataName = new RegExp(`^${dataNames}$`, 'i');
/** Nothing else is named like this. */
const sureName = new RegExp(`^${verb}${learning}${noun}$`, 'i');

/**
 * Whether what a TypeScript file exports is a data set. Its rows are plain objects, which say nothing of what they are
 * for (Python's are `dspy.Example`): an array of objects with data in them is a data set in a file that has to do with
 * the SDK (`related`), and elsewhere where its name says so. What the source does not show is one by name alone.
 */
export function isRows(name: string, value: Value, related: boolean): boolean {
  return optionsOf(value).some((option) => {
    if (isUntold(option, deepest)) return sureName.test(name);
    if (option.kind !== 'list' || (!related && !dataName.test(name))) return false;
    const items = option.items.filter((item) => !isUntold(item.value, deepest));
    return items.length > 0 && items.every((item) => isRecord(item.value));
  });
}

/** Not known at all, or a list of such. */
function isUntold(value: Value, depth: number): boolean {
  if (value.kind === 'list') {
    return depth > 0 && value.items.length > 0 && value.items.every((item) => isUntold(item.value, depth - 1));
  }
  return value.kind === 'unknown' || value.kind === 'free';
}

function isRecord(value: Value): boolean {
  return optionsOf(value).some(
    (option) =>
      option.kind === 'dictionary' &&
      option.entries.size > 0 &&
      [...option.entries.values()].every((entry) => isData(entry, deepest)),
  );
}

/** Lists can hold themselves; no row is as deep. */
const deepest = 6;

function isData(value: Value, depth: number): boolean {
  if (depth === 0) return false;
  switch (value.kind) {
    case 'text':
    case 'number':
    case 'unknown':
    case 'free':
      return true;
    case 'list':
      return value.items.every((item) => isData(item.value, depth - 1));
    case 'dictionary':
      return [...value.entries.values()].every((entry) => isData(entry, depth - 1));
    case 'either':
      return value.options.every((option) => isData(option, depth - 1));
    default:
      return false;
  }
}
