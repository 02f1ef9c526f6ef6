import type * as z from 'zod';
import { UsageError } from '../base/errors.ts';
import type { FieldDescription, FieldType, SignatureDescription } from '../data/program.ts';
import { nameOf } from './values/toJson.ts';
import { defaultDescription, defaultInstructions, inferPrefix } from './values/fieldNames.ts';
import { cleandoc } from './values/pythonText.ts';
import { checkNames, parseSignatureString } from './signatureParser.ts';
import type { TypesOf } from './signatureTypes.ts';
import { zod4 } from './zodFields.ts';
import type { FieldSchemas } from './zodFields.ts';
import { constraintsOf, descriptionOf as saidOf, fieldTypeOf } from './zodTypes.ts';
import type { Side } from './zodTypes.ts';

/** Input and output types of a signature, as TypeScript sees them. */
export interface SignatureTypes {
  readonly inputs: unknown;
  readonly outputs: unknown;
}

/** What a predictor does: instructions, input fields, output fields. Plain data and frozen; made by `signature`. */
export interface Signature<T extends SignatureTypes = SignatureTypes> extends SignatureDescription {
  /** The zod schemas of fields that were given as such; answers are checked against them. */
  readonly schemas: FieldSchemas;
  /** For the compiler only. */
  readonly types?: T;
}

export interface SignatureOptions {
  /** What the LM is to do; an indented template string is fine. Default: DSPy's, made of the field names. */
  readonly instructions?: string;
  /** What a field holds, by field name. */
  readonly descriptions?: Readonly<Record<string, string>>;
  /** How a field is introduced in the `text` and `plain` formats, by field name: `Search Query:`. */
  readonly prefixes?: Readonly<Record<string, string>>;
}

/** Fields as zod schemas, in the order in which they are given. */
export interface SchemaFields {
  readonly inputs: FieldSchemas;
  readonly outputs: FieldSchemas;
}

/** The TypeScript types behind fields given as zod schemas. */
export interface SchemaTypes<F extends SchemaFields> {
  readonly inputs: { readonly [K in keyof F['inputs']]: z.output<F['inputs'][K]> };
  readonly outputs: { -readonly [K in keyof F['outputs']]: z.output<F['outputs'][K]> };
}

/**
 * A signature from a string in DSPy's grammar, or from zod schemas.
 *
 * Types in strings: `string`/`str` (the default), `number`/`float`, `int`, `bigint`, `boolean`/`bool`, `string[]`/`list[str]`,
 * `'a' | 'b'`/`Literal['a', 'b']`, `T | null`/`Optional[T]`, `dict[str, T]`. A `number` is a float, a
 * `bigint` an integer of any size.
 *
 * @throws UsageError when the string is not a signature, naming the piece that is wrong.
 * @example
 * signature('context: string[], question -> answer', {
 *   instructions: 'Answer with a short factoid.',
 *   descriptions: { answer: 'often between 1 and 5 words' },
 * });
 * @example
 * signature({ inputs: { review: z.string() }, outputs: { stars: z.int().min(1).max(5) } });
 */
export function signature<const S extends string>(text: S, options?: SignatureOptions): Signature<TypesOf<S>>;
export function signature<const F extends SchemaFields>(
  fields: F,
  options?: SignatureOptions,
): Signature<SchemaTypes<F>>;
export function signature(source: string | SchemaFields, options: SignatureOptions = {}): Signature {
  const fields: GivenFields = typeof source === 'string' ? parseSignatureString(source) : schemaFields(source);
  const schemas = typeof source === 'string' ? {} : { ...source.inputs, ...source.outputs };
  const all = [...fields.inputs, ...fields.outputs].map((field) => field.name);
  checkOptions(all, options);
  const describe = ({ name, type, description, constraints }: GivenField): FieldDescription =>
    Object.freeze({
      name,
      type,
      prefix: own(options.prefixes, name) ?? inferPrefix(name),
      description: own(options.descriptions, name) ?? description ?? defaultDescription(name),
      ...(constraints === undefined ? {} : { constraints }),
    });
  const instructions = options.instructions === undefined ? '' : cleandoc(options.instructions);
  return Object.freeze({
    instructions:
      instructions ||
      defaultInstructions(
        fields.inputs.map((field) => field.name),
        fields.outputs.map((field) => field.name),
      ),
    inputs: Object.freeze(fields.inputs.map(describe)),
    outputs: Object.freeze(fields.outputs.map(describe)),
    schemas: Object.freeze(schemas),
  });
}

/**
 * Strings become signatures; signatures stay.
 *
 * @throws UsageError for anything else, as code without types gives it.
 */
export function ensureSignature(source: string | Signature): Signature {
  if (typeof source === 'string') return signature(source);
  const given: Partial<Signature> | undefined | null = source;
  if (Array.isArray(given?.inputs) && Array.isArray(given?.outputs)) return source;
  throw new UsageError(
    'A predictor is made of a signature: a string, such as "question -> answer", or what signature({ inputs, outputs }) ' +
      `gives. It got ${nameOf(source)}.`,
  );
}

/**
 * The signature of a chain of thought: an output `reasoning` in front of the others, the instructions as they were
 * (DSPy: predict/chain_of_thought.py; there each signature made from another cleans the instructions once more, which
 * can take away the indentation below a title: here they stay as they are).
 */
export function withReasoning(source: Signature): Signature {
  if (source.outputs.some((field) => field.name === 'reasoning')) return source;
  const reasoning: FieldDescription = Object.freeze({
    name: 'reasoning',
    type: { kind: 'string' } as const,
    prefix: 'Reasoning:',
    description: defaultDescription('reasoning'),
  });
  checkNames(source.inputs, [reasoning], 'ChainOfThought');
  return Object.freeze({ ...source, outputs: Object.freeze([reasoning, ...source.outputs]) });
}

/** A signature without what only TypeScript and this process know. */
export function descriptionOf({ instructions, inputs, outputs }: SignatureDescription): SignatureDescription {
  return { instructions, inputs, outputs };
}

/** A field as a string or a schema gives it. */
interface GivenField {
  readonly name: string;
  readonly type: FieldType;
  readonly description?: string | undefined;
  readonly constraints?: string | undefined;
}

interface GivenFields {
  readonly inputs: readonly GivenField[];
  readonly outputs: readonly GivenField[];
}

/** A program gives what comes out of a schema; an answer goes into it. */
function schemaFields({ inputs, outputs }: SchemaFields): GivenFields {
  checkSide('inputs', inputs);
  checkSide('outputs', outputs);
  const fields = { inputs: given(inputs, 'output'), outputs: given(outputs, 'input') };
  checkNames(fields.inputs, fields.outputs, 'of zod schemas');
  return fields;
}

/** As code without types gives it: one schema for the whole side, or none. */
function checkSide(side: 'inputs' | 'outputs', schemas: unknown): void {
  const isObject = typeof schemas === 'object' && schemas !== null;
  if (isObject && !('_zod' in schemas) && !('_def' in schemas)) return;
  const advice = isObject
    ? ` It is one schema: the fields of a z.object are in its shape (${side}: Schema.shape).`
    : '';
  throw new UsageError(
    `A signature's ${side} are zod schemas by field, as in { ${side}: { text: z.string() } }.${advice}`,
  );
}

function given(schemas: FieldSchemas, side: Side): readonly GivenField[] {
  return Object.entries(schemas).map(([name, any]) => {
    const schema = zod4(name, any);
    const type = fieldTypeOf(schema, side);
    return { name, type, description: saidOf(schema), constraints: constraintsOf(schema, type, side) };
  });
}

function checkOptions(names: readonly string[], options: SignatureOptions): void {
  for (const [option, values] of [
    ['descriptions', options.descriptions],
    ['prefixes', options.prefixes],
  ] as const) {
    const unknown = Object.keys(values ?? {}).filter((name) => !names.includes(name));
    if (unknown.length > 0) {
      throw new UsageError(
        `The signature's ${option} name fields it does not have: ${unknown.join(', ')} (it has: ${names.join(', ')}).`,
      );
    }
  }
}

function own(values: Readonly<Record<string, string>> | undefined, name: string): string | undefined {
  return values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
}
