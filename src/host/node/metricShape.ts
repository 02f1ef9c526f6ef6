/** A list of parameters with one alone: a name, or an object taken apart. */
const oneInBrackets = /^(?:async\b\s*)?(?:function\b\s*)?[\w$]*\s*\(\s*(?:[\w$]+|\{[^{}=]*\})\s*,?\s*\)\s*(?:=>|\{)/;
const oneWithout = /^(?:async\s+)?[\w$]+\s*=>/;

/**
 * Whether a metric takes one argument and nothing else: it would look for example and prediction in the example alone, and
 * find `undefined` equal to `undefined`. What has defaults, takes the rest or reads `arguments` may take more.
 */
export function takesOneAlone(metric: (...args: never[]) => unknown): boolean {
  const source = Function.prototype.toString.call(metric);
  const isOne = oneInBrackets.test(source) || oneWithout.test(source);
  return metric.length === 1 && isOne && !/\barguments\b/.test(source);
}
