/** The guides that messages name (`docs/training-back-ends.md`): they lie in every package that has the messages. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Guide {
  /** As the message names it. */
  readonly name: string;
  /** Absolute. */
  readonly file: string;
}

/** The guides that `message` names and that are installed, each once. */
export function guidesIn(message: string, from = dirname(fileURLToPath(import.meta.url))): readonly Guide[] {
  const names = new Set(message.match(/(?<![\w./\\-])docs\/[a-z-]+\.md\b/g));
  if (names.size === 0) return [];
  const root = packageAround(from);
  return [...names].map((name) => ({ name, file: join(root, name) })).filter(({ file }) => existsSync(file));
}

function packageAround(folder: string): string {
  const above = dirname(folder);
  return above === folder || existsSync(join(folder, 'package.json')) ? folder : packageAround(above);
}
