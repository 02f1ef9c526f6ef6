import type * as z from 'zod';
import { toJSONSchema } from 'zod';
import { oneLine } from '../base/visibleText.ts';
import { suggestion } from './nearest.ts';
import { configSchema } from './schema.ts';

type Path = readonly PropertyKey[];

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly const?: unknown;
}

/** What is wrong with a configuration, said by key. `place` is where to look: the path of the offending value. */
export interface ConfigIssue {
  readonly message: string;
  readonly place: Path;
}

/** For unknown keys of one object. */
const keysShown = 20;

const secretKey = /^(api[_-]?key|key|token|secret|password)$/i;

export function describeIssue(issue: z.core.$ZodIssue, config: unknown): ConfigIssue[] {
  const at = oneLine(pathName(issue.path));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, keysShown)
      .map((key) => ({ place: [...issue.path, key], message: unknownKey(key, at, issue.path, config) }));
  }
  if (issue.code === 'invalid_type' && valueAt(config, issue.path) === undefined) {
    return [{ place: issue.path.slice(0, -1), message: `"${at}" is missing.` }];
  }
  if (issue.code === 'invalid_type' && issue.path.length === 0) {
    const message = 'the file has to hold an object, such as {"programs": {…}, "endpoints": {…}}.';
    return [{ place: [], message }];
  }
  if (issue.code === 'invalid_union' && issue.path.at(-1) === 'kind') {
    const place = valueAt(config, issue.path) === undefined ? issue.path.slice(0, -1) : issue.path;
    return [{ place, message: `"${at}" must be ${kindsAt(issue.path.slice(0, -1), config)}.` }];
  }
  // Of a key that is wrong as a name, the reason lies deeper.
  const { message } = issue.code === 'invalid_key' ? (issue.issues[0] ?? issue) : issue;
  return [{ place: issue.path, message: `"${at}": ${message}.` }];
}

function unknownKey(key: string, at: string, path: Path, config: unknown): string {
  const where = at === '' ? 'at the top' : `in "${at}"`;
  if (secretKey.test(key) && path[0] === 'endpoints') {
    return (
      `"${key}" ${where} is refused: keys never stand in this file, which is shared and committed. ` +
      'Put the key into an environment variable and its name under "apiKeyEnv".'
    );
  }
  if (/^(python|interpreter)/i.test(key)) {
    return (
      `unknown key "${key}" ${where}: where Python is, each machine says for itself. Name it in the setting ` +
      'bettertogether.python.interpreter of the editor or in the environment variable BETTERTOGETHER_PYTHON, or make a .venv.'
    );
  }
  return `unknown key "${key}" ${where}.${suggestion(key, validKeys(path, config))}`;
}

/** The keys that may be in the object at `path`. */
function validKeys(path: Path, config: unknown): string[] {
  const node = nodeAt(path, config);
  const { properties = {} } = (node && alternative(node, valueAt(config, path))) ?? {};
  return Object.keys(properties).filter((key) => key !== '$schema');
}

/** `"command", "openai" or "ray"`: what the "kind" of the object at `path` may be. */
function kindsAt(path: Path, config: unknown): string {
  const node = nodeAt(path, config);
  const kinds = membersOf(node).map((member) => member.properties?.['kind']?.const);
  const quoted = [...new Set(kinds)].filter((kind) => typeof kind === 'string').map((kind) => `"${kind}"`);
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(quoted);
}

/** What the schema says of the value at `path`. */
function nodeAt(path: Path, config: unknown): SchemaNode | undefined {
  let node: SchemaNode | undefined = toJSONSchema(configSchema, { io: 'input' }) as SchemaNode;
  let value = config;
  for (const step of path) {
    const within: SchemaNode | undefined = node && alternative(node, value);
    const child: SchemaNode | boolean | undefined = within?.properties?.[String(step)] ?? within?.additionalProperties;
    node = typeof child === 'object' ? child : undefined;
    value = valueAt(value, [step]);
  }
  return node;
}

const membersOf = (node: SchemaNode | undefined): readonly SchemaNode[] => node?.oneOf ?? node?.anyOf ?? [];

/** Of a union by `kind`, the member the value says it is. */
function alternative(node: SchemaNode, value: unknown): SchemaNode | undefined {
  const members = membersOf(node);
  if (members.length === 0) return node;
  return members.find((member) => member.properties?.['kind']?.const === valueAt(value, ['kind'])) ?? members[0];
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (at === null || typeof at !== 'object') return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}

/** `programs.iris.p.candidates`, `programs.iris.inputs[0]`. */
function pathName(path: Path): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : (i ? '.' : '') + String(step))).join('');
}
