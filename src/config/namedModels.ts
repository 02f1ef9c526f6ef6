import type { LoadedConfig } from './load.ts';

/** Models that a configuration asks of an endpoint, for programs or for steps of theirs. */
export function modelsAsked({ config }: LoadedConfig, endpoint: string): readonly string[] {
  return [...new Set(Object.values(config.programs ?? {}).flatMap((entry) => modelsIn(entry, endpoint)))];
}

/** Wherever an LM is named, its endpoint stands beside it. */
function modelsIn(value: unknown, endpoint: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { endpoint: at, model } = value as { readonly endpoint?: unknown; readonly model?: unknown };
  const own = at === endpoint && typeof model === 'string' ? [model] : [];
  return [...own, ...Object.values(value).flatMap((each) => modelsIn(each, endpoint))];
}
