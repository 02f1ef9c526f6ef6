/**
 * Strings in the language of the editor, as `@vscode/l10n` has them by its bundle, but for work whose words are read by a
 * language model: that speaks English. Everything else imports this module and not the package.
 */
import { config, t as translated } from '@vscode/l10n';
import type { L10nReplacement } from '@vscode/l10n';

export { config };

type Values = Readonly<Record<string, L10nReplacement>>;
type Given = L10nReplacement | Values;
type Asked = string | readonly string[] | { readonly message: string; readonly args?: Values | L10nReplacement[] };

let isEnglish = (): boolean => false;

/** @param asks whether what is put into words just now is to be English, whatever the bundle. */
export function speakEnglishWhere(asks: () => boolean): void {
  isEnglish = asks;
}

const inBundle = translated as (asked: Asked, ...given: Given[]) => string;

export const t = ((asked: Asked, ...given: Given[]) =>
  isEnglish() ? english(asked, given) : inBundle(asked, ...given)) as typeof translated;

/** As the package says it without a bundle. */
function english(asked: Asked, given: readonly Given[]): string {
  if (typeof asked !== 'string' && 'message' in asked) return filled(asked.message, { ...asked.args } as Values);
  const [first] = given;
  const values = typeof first === 'object' ? first : ({ ...given } as unknown as Values);
  return filled(
    typeof asked === 'string' ? asked : asked.reduce((text, part, place) => `${text}{${place - 1}}${part}`),
    values,
  );
}

function filled(text: string, values: Values): string {
  return text.replaceAll(/\{([^}]+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Texts by name, each put into words when it is read: in the language of then, and not of when its module was loaded. */
export function texts<Name extends string>(
  worded: Readonly<Record<Name, () => string>>,
): Readonly<Record<Name, string>> {
  const getters = Object.entries<() => string>(worded).map(([name, get]) => [name, { get, enumerable: true }] as const);
  return Object.defineProperties({}, Object.fromEntries(getters)) as Record<Name, string>;
}
