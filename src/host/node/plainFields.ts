import type { Fields } from '../../base/json.ts';
import { isExact } from '../../base/exact.ts';
import { fieldsRead } from '../../base/exactJson.ts';
import { nameOf, toJson } from '../../program/values/toJson.ts';

/**
 * What a program returned, as JSON fields: what the memo keeps and the metric sees. `undefined` fields are left out;
 * values that JSON does not know are tagged (base/exact.ts).
 *
 * @throws TypeError naming the place in the prediction that is not data.
 */
export function plainFields(value: unknown): Fields {
  return fieldsOf(toJson(value, 'prediction')) ?? refuse(value);
}

/** The fields of an object with names; `undefined` for anything else, a map or a date too. */
export function fieldsOf(json: ReturnType<typeof toJson>): Fields | undefined {
  if (json === undefined || json === null || typeof json !== 'object' || Array.isArray(json)) return undefined;
  const fields = json as Fields;
  if (!isExact(fields)) return fields;
  return fields.$exact === 'dict' && Object.hasOwn(fields['shown'] as Fields, '$exact')
    ? fieldsRead(fields)
    : undefined;
}

function refuse(value: unknown): never {
  throw new TypeError(`The program returned ${nameOf(value)}. It must return an object with the output fields.`);
}
