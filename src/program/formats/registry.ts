/** The prompt formats by their names: a format is a file beside this one and a line here. */
import { UsageError } from '../../base/errors.ts';
import { chatFormat } from './chat.ts';
import { jsonFormat } from './json.ts';
import { plainFormat } from './plain.ts';
import { textFormat } from './text.ts';
import type { Format } from './format.ts';

const formats = { chat: chatFormat, json: jsonFormat, text: textFormat, plain: plainFormat } as const;

/** How predictors turn fields into prompts: the `adapter` key of `bettertogether.json`. */
export type FormatName = keyof typeof formats;

export const formatNames = Object.keys(formats) as readonly FormatName[];

export const defaultFormat: FormatName = 'chat';

/** @throws UsageError when there is no format of that name. */
export function formatNameOf(name: string): FormatName {
  if (Object.hasOwn(formats, name)) return name as FormatName;
  throw new UsageError(`Unknown adapter '${name}'. Use one of: ${formatNames.join(', ')}.`);
}

/** @throws UsageError when there is no format of that name. */
export function formatNamed(name: string): Format {
  return formats[formatNameOf(name)];
}
