/**
 * The TypeScript types of a signature string, worked out by the compiler: the grammar of `signatureParser.ts` once
 * more, in template literal types. Whatever it cannot read is `JsonValue`; the parser says at run time what is wrong.
 */
import type { JsonValue } from '../base/json.ts';

/** What a predictor with this signature is called with. An untyped field takes any JSON value, as in DSPy. */
export type InputsOf<S> = S extends { readonly types?: { readonly inputs: infer I } }
  ? I
  : S extends string
    ? string extends S
      ? Readonly<Record<string, JsonValue>>
      : DeepReadonly<FieldsOf<SideOf<S, 'inputs'>, JsonValue>>
    : never;

/** What a predictor with this signature answers with; the caller's own copy. An untyped field is a string. */
export type OutputsOf<S> = S extends { readonly types?: { readonly outputs: infer O } }
  ? O
  : S extends string
    ? string extends S
      ? Record<string, JsonValue>
      : FieldsOf<SideOf<S, 'outputs'>, string>
    : never;

/** Inputs may be given as read-only data. */
type DeepReadonly<T> = [JsonValue] extends [T]
  ? T
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** `signature(…)`'s type for a string. */
export interface TypesOf<S extends string> {
  readonly inputs: InputsOf<S>;
  readonly outputs: OutputsOf<S>;
}

type SideOf<S extends string, Side extends 'inputs' | 'outputs'> = S extends `${infer I}->${infer O}`
  ? Side extends 'inputs'
    ? I
    : O
  : '';

type FieldsOf<Side extends string, Untyped> =
  Trim<Side> extends '' ? Empty : Simplify<UnionToFields<SplitTop<Side, ','>[number], Untyped>>;

type Empty = Record<never, never>;
type Simplify<T> = { [K in keyof T]: T[K] };

type UnionToFields<Piece extends string, Untyped> = {
  [P in Piece as NameOf<P>]: P extends `${string}:${infer T}` ? TypeOf<Trim<T>> : Untyped;
};

type NameOf<P extends string> = P extends `${infer N}:${string}` ? Trim<N> : Trim<P> extends '' ? never : Trim<P>;

type TypeOf<T extends string> = MembersOf<SplitTop<T, '|'>>;

type MembersOf<M extends readonly string[]> = M extends readonly [
  infer First extends string,
  ...infer Rest extends readonly string[],
]
  ? OneOf<Trim<First>> | MembersOf<Rest>
  : never;

interface Scalars {
  string: string;
  str: string;
  number: number;
  float: number;
  int: number;
  bigint: bigint;
  boolean: boolean;
  bool: boolean;
  null: null;
  None: null;
  NoneType: null;
  any: JsonValue;
  Any: JsonValue;
  list: JsonValue[];
  List: JsonValue[];
  dict: Record<string, JsonValue>;
  Dict: Record<string, JsonValue>;
  true: true;
  True: true;
  false: false;
  False: false;
}

type OneOf<T extends string> = T extends keyof Scalars
  ? Scalars[T]
  : T extends `"${infer L}"` | `'${infer L}'`
    ? L
    : T extends `${infer N extends number}`
      ? N
      : T extends `${infer Item}[]`
        ? OneOf<Trim<Item>>[]
        : T extends `(${infer Inner})`
          ? TypeOf<Trim<Inner>>
          : T extends `${infer Name}[${infer Args}]` | `${infer Name}<${infer Args}>`
            ? Generic<Trim<Name>, SplitTop<Args, ','>>
            : JsonValue;

type Generic<Name extends string, Args extends readonly string[]> = Name extends 'list' | 'List' | 'Array'
  ? TypeOf<Trim<Args[0] & string>>[]
  : Name extends 'dict' | 'Dict' | 'Record'
    ? Record<string, TypeOf<Trim<Args[1] & string>>>
    : Name extends 'Optional'
      ? TypeOf<Trim<Args[0] & string>> | null
      : Name extends 'Literal' | 'Union'
        ? MembersOf<Args>
        : JsonValue;

/** Splits at every separator, then joins again what was within quotes or brackets. */
type SplitTop<S extends string, Sep extends string, Head extends string = ''> = S extends `${infer A}${Sep}${infer B}`
  ? IsWhole<`${Head}${A}`> extends true
    ? [`${Head}${A}`, ...SplitTop<B, Sep>]
    : SplitTop<B, Sep, `${Head}${A}${Sep}`>
  : [`${Head}${S}`];

/** No quote and no bracket is left open. */
type IsWhole<S extends string> = S extends `${infer A}"${infer Rest}`
  ? Rest extends `${string}"${infer B}`
    ? IsWhole<`${A}${B}`>
    : false
  : S extends `${infer A}'${infer Rest}`
    ? Rest extends `${string}'${infer B}`
      ? IsWhole<`${A}${B}`>
      : false
    : Opened<S, '[' | '(' | '<'>['length'] extends Opened<S, ']' | ')' | '>'>['length']
      ? true
      : false;

type Opened<
  S extends string,
  Bracket extends string,
  Found extends readonly unknown[] = [],
> = S extends `${infer Char}${infer Rest}`
  ? Opened<Rest, Bracket, Char extends Bracket ? [...Found, 0] : Found>
  : Found;

type Blank = ' ' | '\n' | '\t' | '\r';
type Trim<S extends string> = S extends `${Blank}${infer R}` ? Trim<R> : S extends `${infer R}${Blank}` ? Trim<R> : S;
