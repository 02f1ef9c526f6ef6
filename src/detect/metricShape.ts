import type { Grammar } from './base/languages.ts';
import type { FunctionSyntax } from './lowering/syntax.ts';

const gold = /^_?(?:gold|golden|example|ex|eg|expected|target|reference|row|item|sample|instance|inst|data)(?:_\w+)?$/i;
const guess = /^_?(?:pred|prediction|predicted|guess|output|result|response|answer|actual)(?:_\w+|s)?$/i;
const sureGold = /^_?(?:gold|golden|example|ex|eg|expected)(?:_\w+)?$/i;
const sureGuess = /^_?(?:pred|prediction|predicted)(?:_\w+)?$/i;
const trace = /^_*(?:trace|tracing)$/i;

/**
 * Whether a function takes what a metric takes: `(example, pred, trace=None)`, GEPA's `(gold, pred, trace, pred_name,
 * pred_trace)`, or `(example, pred)` by just these names. With a trace as third the first two may have looser names,
 * in a file that has to do with the framework (`related`) any.
 */
export function isMetricShaped(syntax: FunctionSyntax, grammar: Grammar, related: boolean): boolean {
  const { parameters } = syntax;
  const [first, second, third, ...others] = parameters;
  if (first === undefined || second === undefined || first.rest || second.rest) return false;
  if (grammar === 'python' && (first.name === 'self' || first.name === 'cls')) return false;
  const loose = gold.test(first.name) && guess.test(second.name);
  const othersFit = others.every((each) => each.optional || each.rest || /^_?pred_(?:name|trace)$/.test(each.name));
  if (third !== undefined && trace.test(third.name)) return othersFit && (related || loose);
  const required = parameters.filter((each) => !each.optional && !each.rest);
  return required.length === 2 && sureGold.test(first.name) && sureGuess.test(second.name);
}
