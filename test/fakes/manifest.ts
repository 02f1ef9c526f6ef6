/** package.json as VS Code reads it: what stands between % is said by a bundle of the language. */
import { readFileSync } from 'node:fs';
import packageJson from '../../package.json' with { type: 'json' };

type Bundle = Readonly<Record<string, string>>;

/** @param language that of `package.nls.json` where it is not given. */
export function manifestIn(language?: string): typeof packageJson {
  const english = bundleOf('package.nls.json');
  const bundle = language === undefined ? english : { ...english, ...bundleOf(`package.nls.${language}.json`) };
  return JSON.parse(JSON.stringify(packageJson), (_, value: unknown) => said(value, bundle)) as typeof packageJson;
}

/** @throws Error naming a key that no bundle has. */
function said(value: unknown, bundle: Bundle): unknown {
  const key = typeof value === 'string' ? /^%(.+)%$/.exec(value)?.[1] : undefined;
  if (key === undefined) return value;
  const text = bundle[key];
  if (text === undefined) throw new Error(`package.json names "${key}", which no package.nls.json has.`);
  return text;
}

function bundleOf(name: string): Bundle {
  return JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')) as Bundle;
}
