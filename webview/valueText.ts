/** Values of fields as the page shows them. */
import * as l10n from '../src/base/l10n.ts';
import { shownValue } from '../src/viewProtocol/fromData.ts';
import type { JsonValue } from '../src/viewProtocol/fromData.ts';

/** A field's value as text: strings as they are, everything else as JSON. */
export function valueText(value: unknown): string {
  const shown = shownValue(value as JsonValue);
  const text = typeof shown === 'string' ? shown : (JSON.stringify(shown, null, 2) ?? '');
  return text.includes(';base64,') ? text.replaceAll(inlineData, toldData) : text;
}

const inlineData = /data:([\w/+.-]+);base64,([A-Za-z0-9+/]{32,}={0,2})/g;

/** Pictures are described, never shown: by type and size. */
function toldData(_: string, type: string, base64: string): string {
  return l10n.t('[{0}, {1} bytes]', type, Math.floor((base64.replace(/=+$/, '').length * 3) / 4));
}
