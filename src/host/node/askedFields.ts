/** Which fields a metric asks for, by its source: where one is not there, JavaScript gives `undefined` and no error. */

export interface AskedFields {
  readonly row: readonly string[];
  readonly prediction: readonly string[];
}

/** A parameter that has a name, or takes an object apart. */
const parameter = String.raw`([\w$]+|\{[^{}]*\})`;
const firstTwo = new RegExp(
  String.raw`^(?:async\b\s*)?(?:function\b\s*)?[\w$]*\s*\(\s*${parameter}\s*,\s*${parameter}\s*[,)]`,
);

/**
 * What the metric itself asks of row and prediction and does not do without (`row.notes ?? ''`); what functions ask that
 * it hands them on to is not seen.
 */
export function askedFields(metric: (...args: never[]) => unknown): AskedFields {
  const source = Function.prototype.toString.call(metric);
  const [, row, prediction] = firstTwo.exec(source) ?? [];
  if (row === undefined || prediction === undefined) return { row: [], prediction: [] };
  return { row: askedOf(row, source), prediction: askedOf(prediction, source) };
}

/** What is asked and not there. */
export function absentIn(asked: readonly string[], fields: object): readonly string[] {
  return asked.filter((name) => !(name in fields));
}

function askedOf(given: string, source: string): readonly string[] {
  const names = given.startsWith('{') ? takenApart(given) : read(given, source);
  return [...new Set(names)];
}

function takenApart(pattern: string): readonly string[] {
  const parts = pattern.slice(1, -1).split(',');
  return parts.map((part) => /^\s*([\w$]+)\s*(?::\s*[\w$]+\s*)?$/.exec(part)?.[1]).filter((name) => name !== undefined);
}

function read(name: string, source: string): readonly string[] {
  const reads = new RegExp(
    String.raw`(?<![\w$.])${name.replaceAll('$', String.raw`\$`)}\.([\w$]+)(?![\w$])(?!\s*(?:\(|\?\?|\|\||\?\.|\?\s|=[^=>]))`,
    'g',
  );
  return [...source.matchAll(reads)].map((found) => found[1]!);
}
