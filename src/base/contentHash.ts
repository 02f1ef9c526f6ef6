import { createHash } from 'node:crypto';
import { canonicalJson } from './json.ts';

/** SHA-256 (hex) of the canonical JSON of `value`. */
export function contentHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
