/**
 * Types of "bettertogether" for TypeScript programs in a workspace that has not installed the package. The run itself
 * needs nothing: its loader resolves the import to the extension's own copy. The editor's TypeScript cannot learn this
 * from outside, so a command copies the declarations to `.bettertogether/types`, which is never committed, and adds one
 * `paths` entry to the nearest tsconfig.json. Nothing is put into node_modules, which belongs to package managers and
 * would change what the run imports.
 */
import { existsSync } from 'node:fs';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { applyEdits, modify, parse } from 'jsonc-parser';
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { copyFolder } from '../../base/copyFiles.ts';
import { ensureStateFolder, stateFolder } from '../../run/record/runFolder.ts';
import type { Session } from '../session/session.ts';
import { notify } from '../base/messages.ts';
import { commandIds } from '../../editor/names.ts';
import { pick } from '../session/targets.ts';
import { choose } from '../base/picker.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';

const declinedKey = 'typesDeclined';
const entry = ['program', 'sdk.d.ts'] as const;

/** Where the import of a program leads TypeScript; `null`: nowhere. */
export function installedPackage(file: string): string | null {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', 'bettertogether', 'package.json');
    if (existsSync(found)) return found;
    if (dirname(folder) === folder) return null;
  }
}

/** The nearest tsconfig.json from the program up to its root. Where there is none, the root gets one. */
function tsconfigFor({ file, root }: Pick<ProgramItem, 'file' | 'root'>): string {
  for (let folder = dirname(file); folder.startsWith(root); folder = dirname(folder)) {
    const found = join(folder, 'tsconfig.json');
    if (existsSync(found)) return found;
  }
  return join(root, 'tsconfig.json');
}

/** The text of a tsconfig.json with the `paths` entry; its comments stay. `null`: there is no file yet. */
export function withPaths(text: string | null, target: string): string {
  const start =
    text ??
    '{\n  "compilerOptions": {\n    "target": "ES2022",\n    "module": "NodeNext",\n    "strict": true,\n    "noEmit": true\n  }\n}\n';
  const options = {
    formattingOptions: { insertSpaces: true, tabSize: 2, eol: start.includes('\r\n') ? '\r\n' : '\n' },
  };
  return applyEdits(start, modify(start, ['compilerOptions', 'paths', 'bettertogether'], [target], options));
}

/** Whether TypeScript finds the types already, by a `paths` entry of any kind. */
async function hasPaths(tsconfig: string): Promise<boolean> {
  const text = await readFile(tsconfig, 'utf8').catch(() => null);
  if (text === null) return false;
  const config = parse(text) as
    { readonly compilerOptions?: { readonly paths?: Readonly<Record<string, unknown>> } } | undefined;
  return config?.compilerOptions?.paths?.['bettertogether'] !== undefined;
}

export async function addTypes({ context, programs }: Session): Promise<void> {
  const all = programs.all.filter(({ language, file }) => language === 'typescript' && /\.[mc]?ts$/.test(file));
  const configs = [...new Map(all.map((program) => [tsconfigFor(program), program.root]))];
  const choices = configs.map(([tsconfig, root]) => ({
    label: vscode.workspace.asRelativePath(tsconfig),
    value: { tsconfig, root },
  }));
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  if (choices.length === 0 && folder !== undefined) {
    choices.push({ label: 'tsconfig.json', value: { tsconfig: join(folder, 'tsconfig.json'), root: folder } });
  }
  const title = l10n.t('Add Types of "bettertogether"');
  const chosen =
    choices.length === 1
      ? choices[0]!.value
      : pick(await choose({ title, placeholder: l10n.t('Which tsconfig.json'), choices }));
  await giveTypes(context, chosen);
  await vscode.window.showTextDocument(vscode.Uri.file(chosen.tsconfig), {
    preview: true,
    preserveFocus: true,
    viewColumn: vscode.ViewColumn.Beside,
  });
}

/** Copies the types into the root and names them in a tsconfig.json, which is made where there is none. */
export async function giveTypes(
  context: vscode.ExtensionContext,
  { root, tsconfig }: { readonly root: string; readonly tsconfig: string },
): Promise<void> {
  await copyTypes(context, root);
  const target = relative(dirname(tsconfig), join(stateFolder(root), 'types', ...entry))
    .split(sep)
    .join('/');
  const before = await readFile(tsconfig, 'utf8').catch(() => null);
  await vscode.workspace.fs.writeFile(
    vscode.Uri.file(tsconfig),
    Buffer.from(withPaths(before, target.startsWith('.') ? target : `./${target}`)),
  );
}

/** Fields may be zod schemas. A workspace without zod uses none, and is to see no error about it from our declarations. */
export function quietAboutZod(declarations: string): string {
  return /from 'zod'/.test(declarations) ? `// @ts-nocheck\n${declarations}` : declarations;
}

async function copyTypes({ extensionPath }: vscode.ExtensionContext, root: string): Promise<void> {
  const to = join(stateFolder(root), 'types');
  await ensureStateFolder(root);
  await rm(to, { recursive: true, force: true });
  await copyFolder(join(extensionPath, 'dist', 'types'), to);
  for (const name of await readdir(to, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const file = join(to, name);
    await writeFile(file, quietAboutZod(await readFile(file, 'utf8')));
  }
}

/**
 * Once, for a TypeScript program whose import leads nowhere: offers the types. Where the entry is there and the copy
 * is not (a fresh clone, a cleaned folder), the copy is made again without a question.
 */
export async function offerTypes({ context, programs }: Pick<Session, 'context' | 'programs'>): Promise<void> {
  // It writes into the workspace: in Restricted Mode nothing is changed unasked.
  if (!vscode.workspace.isTrusted) return;
  const program = programs.all.find(
    ({ file }) => /\.[mc]?ts$/.test(file) && existsSync(file) && installedPackage(file) === null,
  );
  if (program === undefined) return;
  if (await hasPaths(tsconfigFor(program))) {
    const text = await readFile(tsconfigFor(program), 'utf8');
    const copy = join(stateFolder(program.root), 'types', ...entry);
    if (text.includes('.bettertogether/types') && !existsSync(copy)) await copyTypes(context, program.root);
    return;
  }
  if (context.workspaceState.get(declinedKey, false)) return;
  const add = l10n.t('Add Types');
  const never = l10n.t("Don't Show Again");
  const text = l10n.t(
    'TypeScript does not know "bettertogether" here. One "paths" entry in tsconfig.json gives it the types.',
  );
  const chosen = await notify('info', text, add, never);
  if (chosen === add) await vscode.commands.executeCommand(commandIds.addTypes);
  if (chosen === never) await context.workspaceState.update(declinedKey, true);
}
