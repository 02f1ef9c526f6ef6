import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configJsonSchema, configJsonSchemaText } from '../../../src/config/jsonSchema.ts';
import { parseConfig } from '../../../src/config/load.ts';

const rootFile = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly oneOf?: readonly Node[];
  readonly anyOf?: readonly Node[];
}

function undescribed(node: Node, path: string): string[] {
  const below = [
    ...Object.entries(node.properties ?? {}),
    ...(typeof node.additionalProperties === 'object' ? [['*', node.additionalProperties] as const] : []),
  ];
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
      child.description === undefined ? [`${path}.${key}`] : [],
    ),
    ...below.flatMap(([key, child]) => undescribed(child, `${path}.${key}`)),
    ...(node.oneOf ?? []).flatMap((child, i) => undescribed(child, `${path}|${i}`)),
  ];
}

describe('the JSON schema of bettertogether.json', () => {
  it('in the repository is the one that the zod schema makes (npm run build writes it)', () => {
    expect(readFileSync(rootFile('schema/bettertogether.schema.json'), 'utf8')).toBe(configJsonSchemaText());
  });

  it('describes every key and refuses unknown ones', () => {
    expect(undescribed(configJsonSchema() as Node, '')).toEqual([]);
    expect(configJsonSchema()['additionalProperties']).toBe(false);
  });
});

it("the repository's own bettertogether.json is valid", () => {
  const file = rootFile('bettertogether.json');
  const config = parseConfig(readFileSync(file, 'utf8'), file);
  expect(Object.keys(config.programs ?? {})).toEqual(expect.arrayContaining(['intents', 'iris']));
});
