import { createRequire } from 'node:module';
import type { TransformOptions, TransformResult } from 'jiti';

/**
 * What makes CommonJS of TypeScript and ES modules: jiti's own copy of Babel, a file beside this bundle (scripts/build.mjs). As
 * part of the bundle V8 would read it twice, which was a quarter of a host's start.
 */
export function translator(): (options: TransformOptions) => TransformResult {
  return createRequire(import.meta.url)('./babel.cjs') as ReturnType<typeof translator>;
}
