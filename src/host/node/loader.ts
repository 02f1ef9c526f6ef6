import { basename, extname } from 'node:path';
import { createJiti } from 'jiti';
import type { Jiti } from 'jiti';
import { codeOf, messageOf } from '../../base/errors.ts';
import { oneLine } from '../../base/visibleText.ts';
import { languages } from '../../data/language.ts';
import { usedFiles } from '../../program/runtime/usedFiles.ts';
import { besideCode } from './besideCode.ts';
import { LoadError } from './loadError.ts';
import { loadSdk } from './sdkModule.ts';
import { sourcesOf } from './sources.ts';
import { translator } from './translator.ts';
import { ExitCalled } from './userError.ts';
import { userFrame } from './userFrame.ts';

type Exports = Readonly<Record<string, unknown>>;

/** Loads the user's modules: TypeScript, ES modules and CommonJS alike, with no build step and nothing written. */
export interface Loader {
  /** @throws LoadError naming the file and, where known, the line. */
  load(file: string): Promise<Exports>;
  /** SHA-256 (hex) of every file of the user's loaded so far, by absolute path, links resolved. */
  sources(): Readonly<Record<string, string>>;
}

export async function createLoader(workspace: string, programFile: string, sdkPath: string): Promise<Loader> {
  const virtualModules = await loadSdk(programFile, sdkPath);
  const jiti = newJiti(programFile, virtualModules);
  /** Files loaded as ES modules: what they import may be in no cache. */
  const asModules: string[] = [];
  return {
    async load(file) {
      try {
        return await loadWith(jiti, file, () => asModules.push(file));
      } catch (error) {
        throw toLoadError(error, file, workspace);
      }
    },
    sources: () => sourcesOf(asModules, Object.keys(jiti.cache), workspace, usedFiles()),
  };
}

function newJiti(programFile: string, virtualModules: Record<string, unknown>): Jiti {
  // No cache on disk: what runs is what the user sees, and nothing is left in the workspace.
  const options = { fsCache: false, moduleCache: true, virtualModules, transform: translator() };
  try {
    return createJiti(programFile, { ...options, tsconfigPaths: true });
  } catch {
    return createJiti(programFile, options); // A tsconfig.json that cannot be read has no path aliases for us.
  }
}

/**
 * Modules are loaded as CommonJS, so that each passes through the loader: the SDK resolves for all of them and the
 * list of loaded files is complete. Only where a module awaits at its top level are they loaded as ES modules.
 */
async function loadWith(jiti: Jiti, file: string, onModule: () => void): Promise<Exports> {
  try {
    return jiti(file) as Exports;
  } catch (error) {
    if (!awaitsAtTopLevel(error)) throw error;
    onModule();
    return jiti.import<Exports>(file);
  }
}

function awaitsAtTopLevel(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  return code === 'ERR_REQUIRE_ASYNC_MODULE' || (error.name === 'SyntaxError' && /\bawait\b/.test(error.message));
}

function toLoadError(error: unknown, file: string, workspace: string): LoadError {
  const syntax = syntaxErrorPlace(error);
  if (syntax !== undefined) {
    const noCode = languages.typescript.endings.includes(extname(syntax.file)) ? '' : ofNoCode(syntax.file);
    return new LoadError(`${syntax.file}:${syntax.line}: ${syntax.message}${noCode}`, syntax.file, syntax.line);
  }
  const frame = userFrame(error, workspace) ?? { file, line: undefined };
  const at = frame.line === undefined ? frame.file : `${frame.file}:${frame.line}`;
  return new LoadError(`${at}: ${describeError(error)}${besideCode(error, frame.file)}`, frame.file, frame.line);
}

/** Bundlers make texts of such imports; Node does not. */
function ofNoCode(file: string): string {
  const read = `readFileSync(new URL('./${basename(file)}', import.meta.url), 'utf8')`;
  return `. Only code and JSON can be imported: where a text is wanted, read it with \`${read}\`.`;
}

const ofAScript =
  ' What is only for the command line belongs in a file of its own, or under ' +
  '`if (process.argv[1] === fileURLToPath(import.meta.url))`, where it is left alone when the file is imported.';

function describeError(error: unknown): string {
  if (error instanceof ExitCalled) return error.message + ofAScript;
  const text = oneLine(withoutWayThere(messageOf(error)).replaceAll(/\s+/g, ' ').trim());
  return error instanceof Error && error.name !== 'Error' ? `${error.name}: ${text}` : text;
}

/** Node lists the modules that led to one that is missing; whose it is says the place. */
function withoutWayThere(message: string): string {
  return message.split('\nRequire stack:', 1)[0]!;
}

/** jiti writes syntax errors as `ParseError: message \n file:line:column`, V8 as a stack that begins `file:line`. */
function syntaxErrorPlace(error: unknown): { file: string; line: number; message: string } | undefined {
  if (!(error instanceof Error)) return undefined;
  const parsed = /^\w*Error: ([^]*?) \n (.+):(\d+):\d+$/.exec(error.message);
  if (parsed !== null) {
    return { file: parsed[2]!, line: Number(parsed[3]), message: `Syntax error: ${parsed[1]!.trim()}` };
  }
  const stack = /^((?:\/|[A-Za-z]:\\).+):(\d+)\n/.exec(error.stack ?? '');
  if (error.name !== 'SyntaxError' || stack === null) return undefined;
  return { file: stack[1]!, line: Number(stack[2]), message: `Syntax error: ${error.message}` };
}
