import { UsageError } from '../../base/errors.ts';
import { chatFormat } from './chat.ts';
import { jsonFormat } from './json.ts';
import { plainFormat } from './plain.ts';
import { textFormat } from './text.ts';
import type { Format } from './format.ts';

const formats = { chat: chatFormat, json: jsonFormat, text: textFormat, plain: plainFormat } as const;

/** @throws UsageError when there is no format of that name. */
export function formatNamed(name: string): Format {
  if (Object.hasOwn(formats, name)) return formats[name as keyof typeof formats];
  throw new UsageError(`Unknown adapter '${name}'. Use one of: ${Object.keys(formats).join(', ')}.`);
}
