import { otlpTarget } from '../../otlp/target.ts';
import type { OtlpTarget } from '../../otlp/target.ts';
import { otlpUrlSetting, section } from '../../editor/names.ts';
import { readSettings } from './settings.ts';

/**
 * Where spans of runs go, by the user's own settings: VS Code takes neither from a workspace.
 *
 * @throws UsageError naming the setting.
 */
export function otlpInSettings(): OtlpTarget | null {
  const { otlpUrl, otlpContent } = readSettings();
  return otlpUrl === null ? null : otlpTarget(otlpUrl, otlpContent, `Setting ${section}.${otlpUrlSetting}`);
}

/** The same for the command line. */
export function otlpArguments(): readonly string[] {
  const target = otlpInSettings();
  return target === null ? [] : ['--otlp', target.url, ...(target.content ? ['--otlp-content'] : [])];
}
