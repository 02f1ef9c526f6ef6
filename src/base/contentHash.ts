import { hash } from 'node:crypto';
import { canonicalJson } from './json.ts';

/** SHA-256 (hex) of the canonical JSON of `value`. */
export function contentHash(value: unknown): string {
  return hash('sha256', canonicalJson(value));
}
