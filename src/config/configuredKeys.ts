/** Keys that a configuration names the variables of: known before anything that may repeat them is shown. */
import { knowKey } from '../base/keys.ts';
import type { Config } from './schema.ts';

/** Endpoints and trainers name them alike, wherever they do. */
const keyVariable = 'apiKeyEnv';

export function knowConfiguredKeys({ endpoints }: Config, env: NodeJS.ProcessEnv): void {
  for (const name of variablesIn(endpoints)) {
    const key = env[name];
    if (key !== undefined && key !== '') knowKey(key);
  }
}

function variablesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    key === keyVariable && typeof one === 'string' ? [one] : variablesIn(one),
  );
}
