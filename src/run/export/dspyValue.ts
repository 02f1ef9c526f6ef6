/**
 * What DSPy's own `save` writes for the values of a demo: JSON of `orjson` (dspy/primitives/base_module.py). DSPy 3.0 has
 * `ujson`, which takes other values; what is exported is the same there (python/host/bettertogether_host/saving.py).
 */
import { HumanError } from '../../base/errors.ts';
import { isExact } from '../../base/exact.ts';
import type { ExactValue } from '../../base/exact.ts';
import type { JsonValue } from '../../base/json.ts';

/** Kinds of values that `orjson` refuses, as Python names them. */
const refused: Readonly<Record<string, string>> = {
  timedelta: 'datetime.timedelta',
  timestamp: 'Timestamp',
  decimal: 'decimal.Decimal',
  fraction: 'Fraction',
  complex: 'complex',
  bytes: 'bytes',
  path: 'PosixPath',
  posixpath: 'PurePosixPath',
  windowspath: 'PureWindowsPath',
  set: 'set',
  frozenset: 'frozenset',
};
const numpyKinds: Readonly<Record<string, string>> = { b: 'bool', i: 'int', u: 'uint', f: 'float' };
const largest = 2n ** 64n - 1n;
const smallest = -(2n ** 63n);

/**
 * A value of a demo as DSPy saves it. Numbers keep their tags, for `exactText` to write them as they are.
 *
 * @param where people's words for the field, for messages.
 * @throws HumanError where DSPy does not save it, with DSPy's own cause.
 */
export function asDspySaves(value: JsonValue, where: string): JsonValue {
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) {
    throw unsaveable(where, 'str is not valid UTF-8: surrogates not allowed');
  }
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => asDspySaves(item, where));
  if (isExact(value)) return exactAsDspySaves(value, where);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asDspySaves(item, where)]));
}

function exactAsDspySaves(tagged: ExactValue, where: string): JsonValue {
  const { $exact: kind, value, shown, unsaved } = tagged;
  if (unsaved !== undefined) throw unsaveable(where, unsaved);
  if (refused[kind] !== undefined) throw unsaveable(where, `Type is not JSON serializable: ${refused[kind]}`);
  switch (kind) {
    case 'float':
      // Not finite: `orjson` writes null.
      return Number.isFinite(Number(value)) ? { $exact: kind, value } : null;
    case 'int':
      if (BigInt(String(value)) > largest || BigInt(String(value)) < smallest) {
        throw unsaveable(where, 'Integer exceeds 64-bit range');
      }
      return { $exact: kind, value };
    case 'numpy':
      return numpyAsDspySaves(value as NumpyValue, where);
    case 'example':
      return asDspySaves((value as readonly JsonValue[])[0]!, where);
    case 'dict':
      return asDspySaves(namedEntries(value as readonly (readonly JsonValue[])[], where), where);
    default:
      return asDspySaves(shown ?? value, where);
  }
}

/** A number's kind and bytes (`<f4`), the shape of an array (`null` of a single value), and the values. */
type NumpyValue = readonly [dtype: string, shape: readonly number[] | null, flat: readonly JsonValue[]];

/** `numpy.str_` is a `str`, which `orjson` writes; it refuses all others of numpy's. */
function numpyAsDspySaves([dtype, shape, [only]]: NumpyValue, where: string): JsonValue {
  const kind = dtype.charAt(1);
  if (shape === null && kind === 'U') return only!;
  throw unsaveable(where, `Type is not JSON serializable: numpy.${shape === null ? numpyName(dtype) : 'ndarray'}`);
}

function numpyName(dtype: string): string {
  const kind = dtype.charAt(1);
  return `${numpyKinds[kind] ?? kind}${kind === 'b' ? '' : Number(dtype.slice(2)) * 8}`;
}

function namedEntries(pairs: readonly (readonly JsonValue[])[], where: string): JsonValue {
  if (pairs.some(([name]) => typeof name !== 'string')) throw unsaveable(where, 'Dict key must be str');
  return Object.fromEntries(pairs.map(([name, item]) => [name as string, item!]));
}

function unsaveable(where: string, cause: string): HumanError {
  return new HumanError(
    `${where} cannot be written to a file that DSPy loads: ${cause}. The save to .json of DSPy 3.1 and newer fails for ` +
      'the same cause. Export with --format json, and start runs from that file with --from.',
  );
}
