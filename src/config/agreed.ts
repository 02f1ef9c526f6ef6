/** What somebody agreed to, for a process that reads the configuration once more: it may have been edited meanwhile. */
import { UsageError } from '../base/errors.ts';
import { contentHash } from '../base/contentHash.ts';
import type { ResolvedProgram } from './resolved.ts';

/** Of all settings, but for the caps, which are given beside it. */
export function agreedHash(config: ResolvedProgram): string {
  return contentHash({ ...config, budget: null });
}

/** @throws UsageError where the settings are not those of the hash. */
export function checkAgreed(config: ResolvedProgram, hash: string): void {
  if (agreedHash(config) === hash) return;
  throw new UsageError(
    `The settings of ${JSON.stringify(config.key)} changed after they were agreed to, so nothing was sent. Ask again.`,
  );
}
