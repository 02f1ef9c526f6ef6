/** Somebody who has no program yet gets one, with rows and what else it takes to optimize it. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { copyFolder } from '../../base/copyFiles.ts';
import { UsageError } from '../../base/errors.ts';
import { commandIds } from '../../editor/names.ts';
import { Dismissed } from '../base/errors.ts';
import { notify } from '../base/messages.ts';
import { choose } from '../base/picker.ts';
import type { Session } from '../session/session.ts';
import { pick } from '../session/targets.ts';
import { giveTypes } from './sdkTypes.ts';

const title = l10n.t('Create Sample Project');

const samples = {
  typescript: {
    program: 'program.ts',
    label: 'TypeScript',
    description: l10n.t('on the model that runs here, without a key'),
  },
  python: {
    program: 'program.py',
    label: 'DSPy',
    description: l10n.t('on an endpoint of yours, with a Python that has DSPy'),
  },
} as const;
type Language = keyof typeof samples;

export async function createSampleProject(session: Session): Promise<void> {
  const language = await askLanguage();
  const open = await emptyFolder();
  const folder = open ?? (await askFolder());
  await copySample(join(session.context.extensionPath, 'dist', 'sample', language), folder);
  if (language === 'typescript') {
    await giveTypes(session.context, { root: folder, tsconfig: join(folder, 'tsconfig.json') });
  }
  if (open === null) {
    const inNewWindow = (vscode.workspace.workspaceFolders ?? []).length > 0;
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(folder), inNewWindow);
    return;
  }
  await session.roots.refresh();
  await session.programs.refresh();
  await vscode.window.showTextDocument(vscode.Uri.file(join(folder, samples[language].program)));
  const optimize = l10n.t('Optimize');
  const said = l10n.t('The sample project is there: README.md says what to do with it.');
  const chosen = await notify('info', said, optimize);
  if (chosen === optimize) await vscode.commands.executeCommand(commandIds.optimize);
}

async function askLanguage(): Promise<Language> {
  const languages: readonly Language[] = ['typescript', 'python'];
  const choices = languages.map((value) => {
    const { label, description } = samples[value];
    return { label, description, value };
  });
  return pick(await choose({ title, placeholder: l10n.t('What the program is written in'), choices }));
}

/** The folder that is open, where nothing is in it that a person would see. */
async function emptyFolder(): Promise<string | null> {
  const [only, ...more] = vscode.workspace.workspaceFolders ?? [];
  if (only === undefined || more.length > 0 || only.uri.scheme !== 'file') return null;
  const names = await readdir(only.uri.fsPath);
  return names.every((name) => name.startsWith('.')) ? only.uri.fsPath : null;
}

/** A new folder in the one that is chosen. */
async function askFolder(): Promise<string> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: l10n.t('Where the sample project is made'),
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: l10n.t('Create Here'),
    })) ?? [];
  if (chosen === undefined) throw new Dismissed();
  const named = (number: number): string =>
    join(chosen.fsPath, number === 1 ? 'bettertogether-sample' : `bettertogether-sample-${number}`);
  let number = 1;
  while (existsSync(named(number))) number++;
  return named(number);
}

/** @throws UsageError where it would replace a file. */
export async function copySample(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    if (existsSync(join(to, name)))
      throw new UsageError(l10n.t`${join(to, name)} is there already: nothing was changed.`);
  }
  await copyFolder(from, to);
}
