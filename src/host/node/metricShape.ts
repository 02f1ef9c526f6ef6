/**
 * One parameter alone: an object of which `output` or `expected` is taken, or as autoevals names it. A metric of the row
 * alone has other names.
 */
const takenApart = String.raw`\{(?:[^{}=]*,)?\s*(?:output|expected)\s*(?:[,:][^{}=]*)?\}`;
const oneInBrackets = new RegExp(
  String.raw`^(?:async\b\s*)?(?:function\b\s*)?[\w$]*\s*\(\s*(?:args|${takenApart})\s*,?\s*\)\s*(?:=>|\{)`,
);
const oneWithout = /^(?:async\s+)?args\s*=>/;

/**
 * Whether a metric takes all in one argument: it would look for prediction and label in the row, and find `undefined`
 * equal to `undefined`. What has defaults or reads `arguments` may take more.
 */
export function takesAllInOne(metric: (...args: never[]) => unknown): boolean {
  const source = Function.prototype.toString.call(metric);
  const isOne = oneInBrackets.test(source) || oneWithout.test(source);
  return metric.length === 1 && isOne && !/\barguments\b/.test(source);
}

/** Whether a metric names one parameter and no more, and takes no others by `arguments`: it never sees the prediction. */
export function takesRowAlone(metric: (...args: never[]) => unknown): boolean {
  const source = Function.prototype.toString.call(metric);
  if (metric.length !== 1 || /\barguments\b|\[native code\]/.test(source)) return false;
  const parameters = parametersIn(source);
  return parameters !== null && !hasSecond(parameters);
}

const startOfFunction = /^(?:async\b\s*)?(?:function\b\s*)?\*?\s*(?:[\w$]*|\[[^\]]*\]|'[^']*'|"[^"]*")\s*\(/;
const oneName = /^(?:async\s+)?[\w$]+\s*=>/;

/** What stands behind the opening bracket; `null`: the source is of another form. */
function parametersIn(source: string): string | null {
  if (oneName.test(source)) return ')';
  const start = startOfFunction.exec(source);
  return start === null ? null : source.slice(start[0].length);
}

/** Texts and comments, in which brackets and commas are others than those of parameters. */
const passedOver = /\/\*[^]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`/g;

/** Whether behind the first parameter, before the bracket that closes, stands another one: a default, or the rest. */
function hasSecond(behind: string): boolean {
  const plain = behind.replaceAll(passedOver, '');
  let depth = 0;
  for (const [at, character] of plain.split('').entries()) {
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character) && depth-- === 0) return false;
    else if (character === ',' && depth === 0) return !/^\s*\)/.test(plain.slice(at + 1));
  }
  return true;
}
