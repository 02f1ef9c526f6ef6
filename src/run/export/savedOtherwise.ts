/** Values of demos that DSPy's own `save` writes without an error, and that load as others. */
import { isExact, shownValue } from '../../base/exact.ts';
import type { ExactValue } from '../../base/exact.ts';
import type { JsonValue } from '../../base/json.ts';
import type { ProgramState } from '../../data/program.ts';

export interface SavedOtherwise {
  readonly predictor: string;
  /** From 1. */
  readonly demo: number;
  /** The field, and where in it the value is: `score`, `spans[0].at`. */
  readonly field: string;
  readonly was: string;
  readonly becomes: string;
}

/** In the order of the state. */
export function savedOtherwise(state: ProgramState): readonly SavedOtherwise[] {
  return Object.entries(state.predictors).flatMap(([predictor, { demos }]) =>
    demos.flatMap(({ fields }, i) =>
      Object.entries(fields).flatMap(([name, value]) =>
        changesIn(value, name).map((change) => ({ predictor, demo: i + 1, ...change })),
      ),
    ),
  );
}

type Change = Pick<SavedOtherwise, 'field' | 'was' | 'becomes'>;

/** Kinds that `orjson` writes as text. */
const texts: Readonly<Record<string, string>> = {
  date: 'a date',
  datetime: 'a datetime',
  time: 'a time',
  uuid: 'a UUID',
};

function changesIn(value: JsonValue, field: string): readonly Change[] {
  if (value === null || typeof value !== 'object') return [];
  if (isExact(value)) return exactChanges(value, field);
  return Array.isArray(value) ? changesInItems(value, field) : changesInFields(value as Named, field);
}

type Named = Readonly<Record<string, JsonValue>>;

function exactChanges(tagged: ExactValue, field: string): readonly Change[] {
  const { $exact: kind, value } = tagged;
  const changed = (was: string, becomes: string): Change => ({ field, was, becomes });
  if (texts[kind] !== undefined) return [changed(texts[kind], 'text')];
  switch (kind) {
    case 'float':
      return Number.isFinite(Number(value)) ? [] : [changed(notFinite(String(value)), 'null')];
    case 'tuple':
      return [changed('a tuple', 'a list'), ...changesInItems(value as readonly JsonValue[], field)];
    case 'example':
      return [changed('an Example', 'a dict'), ...changesInFields((value as readonly [Named])[0], field)];
    case 'dict':
      return (value as readonly (readonly [string, JsonValue])[]).flatMap(([name, item]) =>
        changesIn(item, `${field}.${name}`),
      );
    case 'object':
    case 'row':
      return [changed("an object of the program's", formOf(shownValue(tagged.shown ?? value)))];
    default:
      return [];
  }
}

function changesInItems(items: readonly JsonValue[], field: string): readonly Change[] {
  return items.flatMap((item, i) => changesIn(item, `${field}[${i}]`));
}

function changesInFields(fields: Named, field: string): readonly Change[] {
  return Object.entries(fields).flatMap(([name, item]) => changesIn(item, `${field}.${name}`));
}

/** As Python's `repr` has it in our tags. */
function notFinite(text: string): string {
  if (text === 'nan') return 'NaN';
  return text.startsWith('-') ? '-infinity' : 'infinity';
}

function formOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a dict';
  return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'a number' : 'true or false';
}
