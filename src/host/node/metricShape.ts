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
