/** Values as prompts show them (DSPy: adapters/utils.py `format_field_value`). */
import { isExact, shownValue } from '../../base/exact.ts';
import type { JsonValue } from '../../base/json.ts';
import type { FieldType } from '../../data/program.ts';
import { pythonNumber } from '../../base/pythonNumber.ts';
import { isFloat, pythonJson } from './pythonText.ts';

/** Python's `str(value)`, with lists and objects as JSON. */
export function pythonString(value: JsonValue, type?: FieldType): string {
  if (typeof value === 'string') return value;
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return pythonNumber(value, isFloat(type));
  // Of a dict the keys may be called as those of tags are.
  return isExact(value) && value.$exact !== 'dict' ? pythonString(shownValue(value), type) : pythonJson(value, type);
}

/**
 * A field's value in a prompt. A list in a `str` field is a numbered list of passages, any other list or object is
 * JSON; scalars are as Python prints them. A number is a float (`3.0`) where the field's type says `float`; in an
 * untyped field an integral number is an integer, since in JavaScript 3 and 3.0 are the same.
 */
export function formatValue(type: FieldType, value: JsonValue): string {
  return type.kind === 'string' && Array.isArray(value) ? passages(value, blob) : pythonString(value, type);
}

/** `N/A`, `«one»`, or a numbered list; `show` puts the quotes around an item. */
export function passages(values: readonly JsonValue[], show: (text: string) => string): string {
  const shown = values.map((value) => show(pythonString(value)));
  if (shown.length === 0) return 'N/A';
  return shown.length === 1 ? shown[0]! : shown.map((text, i) => `[${i + 1}] ${text}`).join('\n');
}

function blob(text: string): string {
  return /[\n«»]/.test(text) ? `«««\n    ${text.replaceAll('\n', '\n    ')}\n»»»` : `«${text}»`;
}
