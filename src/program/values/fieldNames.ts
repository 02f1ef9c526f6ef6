import type { FieldDescription } from '../../data/program.ts';

/**
 * How a field is introduced in a prompt: `search_query` → `Search Query:`, `camelCase` → `Camel Case:`,
 * `text2number` → `Text 2 Number:`, `HTMLParser` → `HTML Parser:` (DSPy: signatures/signature.py `infer_prefix`).
 */
export function inferPrefix(name: string): string {
  const words = name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([a-zA-Z])(\d)/g, '$1_$2')
    .replace(/(\d)([a-zA-Z])/g, '$1_$2')
    .split('_');
  return `${words.map(capitalised).join(' ')}:`;
}

/** Python's `capitalize`, acronyms left as they are. */
function capitalised(word: string): string {
  const acronym = word === word.toUpperCase() && word !== word.toLowerCase();
  return acronym ? word : word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
}

/** The description of a field that its author did not describe. */
export function defaultDescription(name: string): string {
  return `\${${name}}`;
}

/** What a field holds and what its values have to be, where no format of DSPy's has lines of their own for that. */
export function withConstraints({
  description,
  constraints,
}: Pick<FieldDescription, 'description' | 'constraints'>): string {
  return constraints === undefined ? description : `${description} (${constraints})`;
}

/** DSPy's instructions for a signature without its own: the fields by name. */
export function defaultInstructions(inputs: readonly string[], outputs: readonly string[]): string {
  const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  return `Given the fields ${list(inputs)}, produce the fields ${list(outputs)}.`;
}
