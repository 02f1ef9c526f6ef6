import * as l10n from '../../base/l10n.ts';

/** `a and b and c`; '' of none. */
export const anded = (texts: readonly string[]): string =>
  texts.length === 0 ? '' : texts.reduce((before, text) => l10n.t`${before} and ${text}`);
