import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const packageName = 'bettertogether';

/**
 * What `import … from 'bettertogether'` gives to the user's code: the package installed beside it, or else the
 * extension's own copy. Either way one module object, loaded natively once.
 */
export async function loadSdk(programFile: string, sdkPath: string): Promise<Readonly<Record<string, unknown>>> {
  const path = installed(programFile) ?? sdkPath;
  const sdk = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  return { [packageName]: sdk };
}

function installed(programFile: string): string | undefined {
  try {
    return createRequire(programFile).resolve(packageName);
  } catch {
    return undefined;
  }
}
