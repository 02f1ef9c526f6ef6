/** The paper's prompts: DSPy 2.4's template (dsp/adapters/template.py, dsp/primitives/predict.py). */
import type { Fields, JsonValue } from '../../base/json.ts';
import type { Demo, FieldDescription, SignatureDescription } from '../../data/program.ts';
import { allowedValues } from '../values/fieldTypes.ts';
import { defaultDescription, withConstraints } from '../values/fieldNames.ts';
import { parseField } from '../values/parseValue.ts';
import { passages, pythonString } from '../values/values.ts';
import { completeOutputs } from './adapter.ts';
import { valueIn } from './demos.ts';
import type { Format, PromptState, RenderedPrompt, ResumedPrompt } from './format.ts';

/** Between the parts of a prompt, and so what the LM writes when its answer is done. */
const separator = '\n\n---';

interface TemplateField extends FieldDescription {
  readonly output: boolean;
  /** Between prefix and value: the prefix's own trailing white space, or one space. */
  readonly gap: string;
}

interface Template {
  readonly fields: readonly TemplateField[];
  /** More than three fields: a blank line between fields. */
  readonly long: boolean;
}

/**
 * The template of DSPy 2.4: instructions, the format, demos and query, with `---` between. Sent to `/v1/completions`
 * where the endpoint has it. An answer that breaks off before its last field is asked for again from where it broke.
 */
export const textFormat: Format = {
  render,
  parse: (signature, completion) => {
    const texts = extract(template(signature), completion);
    const parsed = signature.outputs.flatMap((field) => {
      const text = texts.get(field.name);
      return text === undefined ? [] : [[field.name, parseField(field, text, completion)] as const];
    });
    return completeOutputs(signature, Object.fromEntries(parsed), completion);
  },
  target: (signature, outputs) => {
    const { fields, long } = template(signature);
    const lines = fields
      .filter((field) => field.output)
      .map((field) => line(field, valueIn(outputs, field.name) ?? ''));
    const prefix = fields.find((field) => field.output)?.prefix ?? '';
    return { completion: lines.join(long ? '\n\n' : '\n').slice(prefix.length), end: separator };
  },
  resume,
};

function template(signature: SignatureDescription): Template {
  const all = [...signature.inputs, ...signature.outputs].map((field, i) =>
    templateField(signature, field, i >= signature.inputs.length),
  );
  return { fields: all, long: all.length > 3 || all.some((field) => /\n/.test(field.gap + field.description)) };
}

/** A chain of thought's `reasoning` is introduced as 2.4 did: by the start of a sentence that the LM goes on with. */
function templateField(signature: SignatureDescription, field: FieldDescription, output: boolean): TemplateField {
  const prefix = field.prefix.trim();
  const trailing = field.prefix.slice(field.prefix.trimEnd().length);
  const plain = { ...field, prefix, output, gap: trailing === '' || prefix === '' ? ' ' : trailing };
  const last = signature.outputs.at(-1)!;
  const thought =
    output && field === signature.outputs[0] && field !== last && field.name === 'reasoning' && prefix === 'Reasoning:';
  if (!thought || field.description !== defaultDescription(field.name)) return plain;
  return {
    ...plain,
    prefix: "Reasoning: Let's think step by step in order to",
    description: `\${produce the ${last.name}}. We ...`,
  };
}

function render(signature: SignatureDescription, state: PromptState, inputs: Fields): RenderedPrompt {
  const only = signature.outputs.length === 1 ? allowedValues(signature.outputs[0]!.type) : undefined;
  return {
    prompt: { kind: 'text', prompt: promptText(template(signature), state, inputs) },
    stop: [separator],
    // The prompt ends with the output's prefix, so the first thing the LM writes is the gap.
    ...(only === undefined ? {} : { guide: { kind: 'choice', choices: only.map((value) => ` ${value}`) } }),
  };
}

function promptText(shape: Template, state: PromptState, known: Fields): string {
  const { long, fields } = shape;
  const query = queryText(shape, known);
  const { raw, augmented } = demoTexts(shape, state.demos, known);
  const guidelines = `Follow the following format.\n\n${recordText(shape, descriptions(fields), long)}`;
  const rawPart = raw.join('\n\n');
  const longQuery = long || query.split('\n').length > fields.length;
  const parts =
    raw.length === 0
      ? [state.instructions, guidelines, ...augmented, query]
      : augmented.length === 0 && !longQuery
        ? [state.instructions, guidelines, `${rawPart}\n\n${query}`]
        : [state.instructions, rawPart, guidelines, ...augmented, query];
  return parts
    .filter((part) => part !== '')
    .map((part) => part.trim())
    .join(`${separator}\n\n`)
    .trim();
}

function descriptions(fields: readonly TemplateField[]): ReadonlyMap<string, string> {
  return new Map(fields.map((field) => [field.name, collapsed(withConstraints(field))]));
}

/** What is known, then the prefix of the first field that is not. */
function queryText(shape: Template, known: Fields): string {
  const { fields, long } = shape;
  const filled = fields.map((field) => !['', null, undefined].includes(valueIn(known, field.name) as string));
  const next = filled.some(Boolean) ? filled.lastIndexOf(true) + 1 : 0;
  const open = fields[next];
  return recordText(shape, shownValues(fields, open === undefined ? known : { ...known, [open.name]: '' }), long);
}

/**
 * Raw demos (labelled rows) come as one part before the format; one that has every input of the query and every
 * output but the last is complete enough to go with the augmented ones, in front of them.
 */
function demoTexts(
  shape: Template,
  demos: readonly Demo[],
  known: Fields,
): { readonly raw: readonly string[]; readonly augmented: readonly string[] } {
  const { fields, long } = shape;
  const last = fields.at(-1)!;
  const present = fields.filter((field) => field !== last && valueIn(known, field.name) !== undefined);
  const shown = (demo: Demo): string => recordText(shape, shownValues(fields, demo.fields), long && demo.augmented);
  const labelled = demos
    .filter((demo) => !demo.augmented && (valueIn(demo.fields, last.name) ?? null) !== null)
    .map(shown);
  const complete = (text: string): boolean => present.every((field) => text.includes(field.prefix));
  return {
    raw: labelled.filter((text) => !complete(text)),
    augmented: [...labelled.filter(complete), ...demos.filter((demo) => demo.augmented).map(shown)],
  };
}

function shownValues(fields: readonly TemplateField[], values: Fields): ReadonlyMap<string, string> {
  return new Map(
    fields.flatMap((field) => {
      const value = valueIn(values, field.name) ?? null;
      return value === null ? [] : [[field.name, shown(field, value)] as const];
    }),
  );
}

function recordText(shape: Template, texts: ReadonlyMap<string, string>, blankLines: boolean): string {
  return shape.fields
    .filter((field) => texts.has(field.name))
    .map((field) => joined(field, texts.get(field.name)!))
    .join(blankLines ? '\n\n' : '\n');
}

function line(field: TemplateField, value: JsonValue): string {
  return joined(field, shown(field, value));
}

function joined(field: TemplateField, text: string): string {
  return field.prefix + (field.gap === ' ' && text.includes('\n') ? '\n' : field.gap) + text;
}

/** Strings without line breaks, lists of passages numbered (inputs only: an output must be read back). */
function shown(field: TemplateField, value: JsonValue): string {
  if (Array.isArray(value) && !field.output) return passages(value, (text) => `«${text}»`);
  if (typeof value !== 'string') return pythonString(value, field.type);
  return field.name === 'context' || field.name === 'passages' ? value : collapsed(value);
}

function collapsed(text: string): string {
  return text.split(/\s+/).filter(Boolean).join(' ');
}

/** The outputs' texts by name: each up to the next field's prefix, the last one everything that is left. */
export function extract(shape: Template, completion: string): ReadonlyMap<string, string> {
  const outputs = shape.fields.filter((field) => field.output);
  const texts = new Map<string, string>();
  let rest = completion.trim();
  for (const [i, field] of outputs.entries()) {
    if (rest === '') break;
    const next = outputs[i + 1] === undefined ? '' : `\n${outputs[i + 1]!.prefix}`;
    const end = next === '' ? -1 : rest.indexOf(next);
    texts.set(field.name, withoutDashes(end < 0 ? rest : rest.slice(0, end)));
    rest = end < 0 ? '' : withoutDashes(rest.slice(end + next.length));
  }
  return texts;
}

function withoutDashes(text: string): string {
  let end = text.trimEnd().length;
  while (end > 0 && text[end - 1] === '-') end -= 1;
  return text.slice(0, end).trim();
}

function resume(
  signature: SignatureDescription,
  state: PromptState,
  inputs: Fields,
  completion: string,
): ResumedPrompt | undefined {
  const shape = template(signature);
  const outputs = shape.fields.filter((field) => field.output);
  const texts = extract(shape, completion);
  if (outputs.length === texts.size) return undefined;
  const known = outputs.filter((field) => texts.has(field.name));
  const before = [...known.map((field) => joined(field, texts.get(field.name)!)), outputs[texts.size]!.prefix].join(
    '\n',
  );
  return {
    ...render(signature, state, { ...inputs, ...Object.fromEntries(texts) }),
    before: before.slice(outputs[0]!.prefix.length),
  };
}
