/**
 * GBNF grammars (llama.cpp) for answers that are one of several texts, any JSON object, or JSON of a schema. Every
 * repetition is bounded: a small model that may go on for ever does.
 */
import * as z from 'zod';

/** The schema asks for something this endpoint cannot hold an answer to. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

export const limits = { stringLength: 512, arrayItems: 16, properties: 16, depth: 4 } as const;

/** One of `choices`, exactly. */
export function choiceGrammar(choices: readonly string[]): string {
  return `root ::= ${[...new Set(choices)].map(literal).join(' | ')}\n`;
}

/**
 * Whether `text` is a whole choice that no other choice goes on from, so that nothing is left to decide.
 */
export function isDecided(text: string, choices: readonly string[]): boolean {
  return choices.includes(text) && !choices.some((other) => other !== text && other.startsWith(text));
}

const terminals = `ws ::= ("\\n" [ ]{0,8} | " ")?
char ::= [^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F]{4})
integer ::= "-"? ("0" | [1-9] [0-9]{0,14})
number ::= integer ("." [0-9]{1,12})? ([eE] [-+]? [0-9]{1,2})?
boolean ::= "true" | "false"
null ::= "null"
string ::= "\\"" char{0,${String(limits.stringLength)}} "\\""
`;

/** Any JSON object, nested at most `limits.depth` deep. */
export function jsonObjectGrammar(): string {
  const rules: string[] = [];
  for (let depth = 0; depth <= limits.depth; depth++) {
    const nested = depth === limits.depth ? '' : ` | object${String(depth + 1)} | array${String(depth + 1)}`;
    rules.push(`value${String(depth)} ::= string | number | boolean | null${nested}`);
    rules.push(`object${String(depth)} ::= ${mapOf(`value${String(depth)}`)}`);
    rules.push(`array${String(depth)} ::= ${listOf(`value${String(depth)}`, 0, limits.arrayItems)}`);
  }
  return `root ::= object0\n${rules.join('\n')}\n${terminals}`;
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
type Scalar = z.infer<typeof scalar>;

interface Schema {
  readonly type?: string | readonly string[] | undefined;
  readonly enum?: readonly Scalar[] | undefined;
  readonly const?: Scalar | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
  readonly allOf?: readonly Schema[] | undefined;
  readonly $ref?: string | undefined;
  readonly $defs?: Readonly<Record<string, Schema>> | undefined;
  readonly definitions?: Readonly<Record<string, Schema>> | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
  readonly items?: Schema | undefined;
  readonly prefixItems?: readonly Schema[] | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
}

const count = z.int().nonnegative();

/** The part of JSON schema that is understood. Other keywords (titles, patterns, formats) do not constrain. */
export const jsonSchemaSchema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    enum: z.array(scalar).min(1).optional(),
    const: scalar.optional(),
    anyOf: z.array(jsonSchemaSchema).min(1).optional(),
    oneOf: z.array(jsonSchemaSchema).min(1).optional(),
    allOf: z.array(jsonSchemaSchema).length(1, 'allOf of several schemas is not supported').optional(),
    $ref: z.string().optional(),
    $defs: z.record(z.string(), jsonSchemaSchema).optional(),
    definitions: z.record(z.string(), jsonSchemaSchema).optional(),
    properties: z.record(z.string(), jsonSchemaSchema).optional(),
    additionalProperties: z.union([z.boolean(), jsonSchemaSchema]).optional(),
    items: jsonSchemaSchema.optional(),
    prefixItems: z.array(jsonSchemaSchema).optional(),
    minItems: count.optional(),
    maxItems: count.optional(),
    minLength: count.optional(),
    maxLength: count.optional(),
  }),
);

/**
 * JSON of `schema`. Properties come in the schema's order and none is left out, which is one of the ways to satisfy
 * it; a string has at most 512 characters and a list 16 items unless the schema says otherwise.
 *
 * @throws SchemaError naming the place that is not understood.
 */
export function jsonSchemaGrammar(schema: unknown): string {
  const parsed = jsonSchemaSchema.safeParse(schema);
  if (!parsed.success) throw new SchemaError(z.prettifyError(parsed.error));
  const rules = new Rules({ ...parsed.data.definitions, ...parsed.data.$defs });
  const root = rules.add(parsed.data, '#');
  return `root ::= ${root}\n${rules.text()}${terminals}`;
}

class Rules {
  readonly #definitions: Readonly<Record<string, Schema>>;
  readonly #rules: string[] = [];
  readonly #named = new Map<string, string>();

  constructor(definitions: Readonly<Record<string, Schema>>) {
    this.#definitions = definitions;
  }

  text(): string {
    return this.#rules.map((rule) => rule + '\n').join('');
  }

  /** Adds a rule for `schema`, found at `path`, and returns its name. */
  add(schema: Schema, path: string): string {
    const index = this.#rules.push('');
    const name = `r${String(index)}`;
    this.#rules[index - 1] = `${name} ::= ${this.#body(schema, path)}`;
    return name;
  }

  #body(schema: Schema, path: string): string {
    if (schema.$ref !== undefined) return this.#reference(schema.$ref, path);
    if (schema.const !== undefined) return literal(JSON.stringify(schema.const));
    if (schema.enum !== undefined) return schema.enum.map((value) => literal(JSON.stringify(value))).join(' | ');
    const options = schema.anyOf ?? schema.oneOf ?? schema.allOf;
    if (options !== undefined) return options.map((option, i) => this.add(option, `${path}/${String(i)}`)).join(' | ');
    const types = schema.type ?? (schema.properties !== undefined ? 'object' : undefined);
    if (typeof types === 'object') return types.map((type) => this.add({ ...schema, type }, path)).join(' | ');
    return this.#ofType(types, schema, path);
  }

  #ofType(type: string | undefined, schema: Schema, path: string): string {
    switch (type) {
      case 'integer':
      case 'number':
      case 'boolean':
      case 'null':
        return type;
      case 'string': {
        const most = Math.min(schema.maxLength ?? limits.stringLength, 2 * limits.stringLength);
        return `"\\"" char{${String(Math.min(schema.minLength ?? 0, most))},${String(most)}} "\\""`;
      }
      case 'object':
        return this.#object(schema, path);
      case 'array':
        return this.#array(schema, path);
      case undefined:
        return 'string | number | boolean | null';
      default:
        throw new SchemaError(`${path}: type ${JSON.stringify(type)} is not supported.`);
    }
  }

  #object(schema: Schema, path: string): string {
    const properties = Object.entries(schema.properties ?? {});
    if (properties.length === 0) {
      const values = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
      return mapOf(this.add(values, `${path}/additionalProperties`));
    }
    const pairs = properties.map(([key, value]) => {
      return `${literal(JSON.stringify(key))} ":" ws ${this.add(value, `${path}/properties/${key}`)}`;
    });
    return `"{" ws ${pairs.join(' "," ws ')} ws "}"`;
  }

  #array(schema: Schema, path: string): string {
    const first = schema.prefixItems ?? [];
    if (first.length > 0) {
      const items = first.map((item, i) => this.add(item, `${path}/prefixItems/${String(i)}`));
      return `"[" ws ${items.join(' "," ws ')} ws "]"`;
    }
    const most = Math.min(schema.maxItems ?? limits.arrayItems, 4 * limits.arrayItems);
    return listOf(this.add(schema.items ?? {}, `${path}/items`), Math.min(schema.minItems ?? 0, most), most);
  }

  #reference(ref: string, path: string): string {
    const known = this.#named.get(ref);
    if (known !== undefined) return known;
    const definition = this.#definitions[/^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(ref)?.[1] ?? ''];
    if (definition === undefined) throw new SchemaError(`${path}: $ref ${JSON.stringify(ref)} leads nowhere.`);
    const name = `d${String(this.#named.size)}`;
    // Named before its body is made: a schema may refer to itself.
    this.#named.set(ref, name);
    const body = this.#body(definition, ref);
    this.#rules.push(`${name} ::= ${body}`);
    return name;
  }
}

function mapOf(value: string): string {
  const pair = `string ":" ws ${value}`;
  return `"{" ws (${pair} ("," ws ${pair}){0,${String(limits.properties - 1)}})? ws "}"`;
}

function listOf(item: string, least: number, most: number): string {
  if (most === 0) return '"[" ws "]"';
  const more = `${item} ("," ws ${item}){${String(Math.max(0, least - 1))},${String(most - 1)}}`;
  return least === 0 ? `"[" ws (${more})? ws "]"` : `"[" ws ${more} ws "]"`;
}

/** A GBNF literal. Everything that is not plain ASCII is written as an escape. */
function literal(text: string): string {
  let body = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === '"' || character === '\\') body += `\\${character}`;
    else if (character === '\n') body += '\\n';
    else if (character === '\r') body += '\\r';
    else if (character === '\t') body += '\\t';
    else if (code >= 0x20 && code < 0x7f) body += character;
    else if (code <= 0xff) body += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code <= 0xffff) body += `\\u${code.toString(16).padStart(4, '0')}`;
    else body += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `"${body}"`;
}
