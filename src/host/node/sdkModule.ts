import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const packageName = 'bettertogether';

/**
 * What `import … from 'bettertogether'` gives to the user's code: the package installed beside it, or else the
 * extension's own copy. Either way one module object, loaded natively once. Fields may be zod schemas, so `zod` is
 * there too: the one installed beside the program, which jiti finds by itself, or else ours.
 */
export async function loadSdk(programFile: string, sdkPath: string): Promise<Record<string, unknown>> {
  const path = installed(packageName, programFile) ?? sdkPath;
  const sdk = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  if (installed('zod', programFile) !== undefined) return { [packageName]: sdk };
  const zod = await import('zod');
  return { [packageName]: sdk, zod, 'zod/v4': zod };
}

function installed(name: string, programFile: string): string | undefined {
  try {
    return createRequire(programFile).resolve(name);
  } catch {
    return undefined;
  }
}
