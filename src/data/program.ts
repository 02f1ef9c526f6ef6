/** Programs and their states: as hosts, files and the memo give them, and as everybody here takes them. */
import * as z from 'zod';
import type { Immutable } from '../base/immutable.ts';
import type { Fields, JsonValue } from '../base/json.ts';
import { fieldsSchema } from './fields.ts';
import { languageNames } from './language.ts';

export const demoSchema = z.object({
  fields: fieldsSchema,
  /** Bootstrapped from a correct trace; otherwise a labelled training row. */
  augmented: z.boolean(),
});
/** A few-shot example of one predictor. */
export type Demo = Immutable<z.infer<typeof demoSchema>>;

const predictorStateSchema = z.object({
  instructions: z.string(),
  demos: z.array(demoSchema).readonly(),
  /** The name under which the endpoint serves the predictor's LM. */
  model: z.string(),
});
/** What an optimizer may change in one predictor: its prompt (instructions and demos, Π) and its weights (model, Θ). */
export type PredictorState = Immutable<z.infer<typeof predictorStateSchema>>;

export const programStateSchema = z.object({
  predictors: z.record(z.string(), predictorStateSchema),
});
/** Φ⟨Θ,Π⟩ as data: everything but the program's code. Immutable; its identity is its content hash. */
export type ProgramState = Immutable<z.infer<typeof programStateSchema>>;

/**
 * The type of a field, as plain data. `bigint` is an `int` of any size, in TypeScript programs; `json` is any type that only its JSON schema
 * describes.
 */
export type FieldType =
  | { readonly kind: 'string' | 'int' | 'bigint' | 'float' | 'boolean' | 'any' }
  | { readonly kind: 'literal'; readonly values: readonly (string | number | boolean)[] }
  | { readonly kind: 'list'; readonly items: FieldType }
  | { readonly kind: 'dict'; readonly values: FieldType }
  | { readonly kind: 'optional'; readonly of: FieldType }
  | { readonly kind: 'json'; readonly name: string; readonly schema: { readonly [key: string]: JsonValue } };

// No type is inferred of a schema that holds itself.
const fieldTypeSchema: z.ZodType<FieldType> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['string', 'int', 'bigint', 'float', 'boolean', 'any']) }),
    z.object({ kind: z.literal('literal'), values: z.array(z.union([z.string(), z.number(), z.boolean()])) }),
    z.object({ kind: z.literal('list'), items: fieldTypeSchema }),
    z.object({ kind: z.literal('dict'), values: fieldTypeSchema }),
    z.object({ kind: z.literal('optional'), of: fieldTypeSchema }),
    z.object({ kind: z.literal('json'), name: z.string(), schema: fieldsSchema }),
  ]),
);

const fieldDescriptionSchema = z.object({
  name: z.string(),
  type: fieldTypeSchema,
  /** How the field is introduced in the `text` and `plain` formats, with its colon: `Search Query:`. */
  prefix: z.string(),
  /** `${name}` unless the author described the field. */
  description: z.string(),
  /** What values have to be beyond their type, in words. */
  constraints: z.string().exactOptional(),
});
export type FieldDescription = Immutable<z.infer<typeof fieldDescriptionSchema>>;

const signatureDescriptionSchema = z.object({
  instructions: z.string(),
  inputs: z.array(fieldDescriptionSchema).readonly(),
  outputs: z.array(fieldDescriptionSchema).readonly(),
});
export type SignatureDescription = Immutable<z.infer<typeof signatureDescriptionSchema>>;

const sourceLocationSchema = z.object({
  file: z.string(),
  /** From 1. */
  line: z.number(),
  /** Of a notebook: `line` is the cell's then. */
  cell: z.number().exactOptional(),
});
export type SourceLocation = Immutable<z.infer<typeof sourceLocationSchema>>;

const predictorDescriptionSchema = z.object({
  /** As DSPy names it: `generate_query[0].predict`. */
  name: z.string(),
  signature: signatureDescriptionSchema,
  /** Demos that the program's author gave it. */
  demos: z.array(demoSchema).readonly(),
  /** Left alone by every optimizer. */
  frozen: z.boolean(),
  /** The LM that the program's author gave this predictor, where it is another than the program's; never tuned. */
  model: z.string().exactOptional(),
  /** The endpoint of bettertogether.json that serves this LM, by name, where it is another than the run's. */
  endpoint: z.string().exactOptional(),
  source: sourceLocationSchema.exactOptional(),
});
export type PredictorDescription = Immutable<z.infer<typeof predictorDescriptionSchema>>;

const programExportSchema = z.enum(['class', 'function', 'object']);
/** What the program's name stands for in its file: a class to make it of, a function that makes it, or itself. */
export type ProgramExport = z.infer<typeof programExportSchema>;

export const programDescriptionSchema = z.object({
  name: z.string(),
  language: z.enum(languageNames),
  /** Records of older versions lack it. */
  exported: programExportSchema.exactOptional(),
  /** Predictors in the order of discovery. */
  predictors: z.array(predictorDescriptionSchema).readonly(),
  /** What DSPy saves of a program beside prompts and LMs, by parameter: other parameters (`Retrieve`) as a whole. */
  saved: z.record(z.string(), fieldsSchema).exactOptional(),
  /** The code of the program's classes and signatures, for an LM that reads it: no rows. Left out where it cannot be had. */
  source: z.string().exactOptional(),
  /** The interpreter and its version; it covers the standard library. Records of older versions lack it. */
  runtime: z.string().exactOptional(),
  /** SHA-256 of every source file of the user's that program and metric were loaded from, by path. */
  sources: z.record(z.string(), z.string()),
  /** The metric can be asked for feedback about one predictor, as `dspy.GEPA` asks: it takes its name and a call of it. */
  metricTakesPredictor: z.literal(true).exactOptional(),
});
/** A program as its host describes it. The manifest keeps it: what exports and diffs are made from. */
export type ProgramDescription = Immutable<z.infer<typeof programDescriptionSchema>>;

/** One row of a data set. `id` is its place in the file it came from, from 0, and stays through every shuffle. */
export interface Example {
  readonly id: number;
  /** What the program is called with. */
  readonly inputs: Fields;
  /** All fields of the row, inputs and labels: what the metric sees. */
  readonly fields: Fields;
  /** Python code made the row: its values are what they are, and not read as what a signature says of them. */
  readonly made?: true;
}

/** Fields of a row that the program is not called with. */
export function labelsOf(row: Example | undefined): Fields {
  if (row === undefined) return {};
  return Object.fromEntries(Object.entries(row.fields).filter(([name]) => !Object.hasOwn(row.inputs, name)));
}

/** Rows that code made whose objects a host must have itself: content hashes by data set and number from 0. */
export type LiveRows = Readonly<Record<string, Readonly<Record<string, string>>>>;
