import { createRequire } from 'node:module';
import type { TransformOptions, TransformResult } from 'jiti';
import { decoratorsOfTypeScript } from './decorators.ts';
import { importMetaOfLoaded } from './importMeta.ts';

const asElements = { runtime: 'automatic' } as const;

/**
 * What makes CommonJS of TypeScript and ES modules: jiti's own copy of Babel, a file beside this bundle (scripts/build.mjs). As
 * part of the bundle V8 would read it twice, which was a quarter of a host's start. JSX is read where a file's name says so: in
 * other TypeScript `<T>value` is a cast.
 */
export function translator(): (options: TransformOptions) => TransformResult {
  const translate = createRequire(import.meta.url)('./babel.cjs') as ReturnType<typeof translator>;
  return (options) =>
    translate({
      ...options,
      ...(/\.tsx$/.test(options.filename ?? '') ? { jsx: asElements } : {}),
      babel: {
        ...options.babel,
        plugins: [importMetaOfLoaded, ...(options.ts === true ? [decoratorsOfTypeScript] : [])],
      },
    });
}
