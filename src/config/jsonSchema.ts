import { toJSONSchema } from 'zod';
import { configSchema } from './schema.ts';

/** The JSON schema of `bettertogether.json`, for editors: what `schema/bettertogether.schema.json` holds. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return { $schema, title: 'bettertogether.json', allowComments: true, allowTrailingCommas: true, ...schema };
}

/** The file's text. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}
