import { HumanError } from './errors.ts';
import { hashedNestingAtMost } from './limits.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Named values: the inputs, outputs or labels of a program, a predictor or an example. */
export type Fields = Readonly<Record<string, JsonValue>>;

/**
 * JSON with sorted object keys and without `undefined`: equal data gives equal text, whatever the order
 * in which it was built.
 *
 * @throws HumanError for what nests deeper than any value of ours does (`hashedNestingAtMost`).
 */
export function canonicalJson(value: unknown): string {
  return canonicalAt(value, 0);
}

function canonicalAt(value: unknown, depth: number): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (depth >= hashedNestingAtMost) throw new HumanError(`A value nests deeper than ${hashedNestingAtMost} levels.`);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonicalAt(item, depth + 1)}`;
    return `[${text}]`;
  }
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record).sort()) {
    if (record[key] === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalAt(record[key], depth + 1)}`;
  }
  return `{${text}}`;
}
