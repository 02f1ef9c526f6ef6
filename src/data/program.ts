import type { Fields, JsonValue } from '../base/json.ts';

/** A few-shot example of one predictor: bootstrapped from a correct trace (`augmented`) or a labelled training row. */
export interface Demo {
  readonly fields: Fields;
  readonly augmented: boolean;
}

/** What an optimizer may change in one predictor: its prompt (instructions and demos, Π) and its weights (model, Θ). */
export interface PredictorState {
  readonly instructions: string;
  readonly demos: readonly Demo[];
  /** The name under which the endpoint serves the predictor's LM. */
  readonly model: string;
}

/** Φ⟨Θ,Π⟩ as data: everything but the program's code. Immutable; its identity is its content hash. */
export interface ProgramState {
  readonly predictors: Readonly<Record<string, PredictorState>>;
}

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

export interface FieldDescription {
  readonly name: string;
  readonly type: FieldType;
  /** How the field is introduced in the `text` and `plain` formats, with its colon: `Search Query:`. */
  readonly prefix: string;
  /** `${name}` unless the author described the field. */
  readonly description: string;
}

export interface SignatureDescription {
  readonly instructions: string;
  readonly inputs: readonly FieldDescription[];
  readonly outputs: readonly FieldDescription[];
}

export interface SourceLocation {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface PredictorDescription {
  /** As DSPy names it: `generate_query[0].predict`. */
  readonly name: string;
  readonly signature: SignatureDescription;
  /** Demos that the program's author gave it. */
  readonly demos: readonly Demo[];
  /** Left alone by every optimizer. */
  readonly frozen: boolean;
  /** The LM that the program's author gave this predictor, where it is another than the program's; never tuned. */
  readonly model?: string;
  /** The endpoint of bettertogether.json that serves this LM, by name, where it is another than the run's. */
  readonly endpoint?: string;
  readonly source?: SourceLocation;
}

/** What the program's name stands for in its file: a class to make it of, a function that makes it, or itself. */
export type ProgramExport = 'class' | 'function' | 'object';

export interface ProgramDescription {
  readonly name: string;
  readonly language: 'typescript' | 'python';
  /** Records of older versions lack it. */
  readonly exported?: ProgramExport;
  /** Predictors in the order of discovery. */
  readonly predictors: readonly PredictorDescription[];
  /** What DSPy saves of a program beside prompts and LMs, by parameter: other parameters (`Retrieve`) as a whole. */
  readonly saved?: Readonly<Record<string, Fields>>;
  /** The interpreter and its version; its standard library goes by it. Records of older versions lack it. */
  readonly runtime?: string;
  /** SHA-256 of every source file of the user's that program and metric were loaded from, by path. */
  readonly sources: Readonly<Record<string, string>>;
}

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

/** Rows that code made whose objects a host must have itself: content hashes by data set and number from 0. */
export type LiveRows = Readonly<Record<string, Readonly<Record<string, string>>>>;
