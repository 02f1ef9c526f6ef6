import * as vscode from 'vscode';
import { languageNames, languages } from '../../data/language.ts';
import { Disposables } from '../base/disposables.ts';
import { readSettings } from '../base/settings.ts';
import type { Knowledge } from '../programs/knowledge.ts';
import { lensesOf } from '../../editor/items/lensModel.ts';
import type { Lens } from '../../editor/items/lensModel.ts';
import type { ProgramIndex } from '../programs/programIndex.ts';
import { hoverText, uiText } from '../../editor/uiText.ts';

export const lensSelector: vscode.DocumentSelector = languageNames
  .flatMap((name) => languages[name].editorIds)
  .map((language) => ({ language, scheme: 'file' }));

/**
 * Answers at once from what is known, and asks VS Code to come again only when a lens of a file that is shown is another
 * than the one it was given. Lenses that come and go make the text jump (microsoft/vscode#90235), and each time VS Code
 * asks, the commands of the lenses it had are put away (`CommandsConverter`) some hundred milliseconds before the new
 * ones are drawn: a click in between would do nothing.
 */
export class LensProvider implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #parts = new Disposables();
  readonly #changed = this.#parts.add(new vscode.EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #programs: ProgramIndex;
  readonly #knowledge: Knowledge;
  /** What VS Code was given last, by file. */
  readonly #given = new Map<string, string>();

  constructor(programs: ProgramIndex, knowledge: Knowledge) {
    this.#programs = programs;
    this.#knowledge = knowledge;
    const check = (): void => this.#check();
    this.#parts.add(programs.onDidChange(check));
    this.#parts.add(knowledge.onDidChange(check));
    this.#parts.add(vscode.workspace.onDidGrantWorkspaceTrust(check));
    this.#parts.add(vscode.workspace.onDidChangeConfiguration(check));
    this.#parts.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => void this.#given.delete(uri.fsPath)));
  }

  provideCodeLenses({ uri, lineCount }: vscode.TextDocument): vscode.CodeLens[] {
    const lenses = this.#lensesIn(uri.fsPath);
    this.#given.set(uri.fsPath, JSON.stringify(lenses));
    return lenses
      .filter(({ line }) => line <= lineCount)
      .map(({ line, icon, title, tooltip, command, args }) => {
        const range = new vscode.Range(line - 1, 0, line - 1, 0);
        const shown = `${icon === undefined ? '' : `$(${icon}) `}${uiText(title)}`;
        return new vscode.CodeLens(range, {
          title: shown,
          tooltip: hoverText(tooltip),
          command,
          arguments: [...args],
        });
      });
  }

  dispose(): void {
    this.#parts.dispose();
  }

  #lensesIn(file: string): readonly Lens[] {
    const shown = { setting: readSettings().lenses, trusted: vscode.workspace.isTrusted };
    return this.#programs.inFile(file).flatMap((program) => lensesOf(program, this.#knowledge.of(program), shown));
  }

  /** A file that VS Code never asked about is not of ours to ask for: it will come when it shows it. */
  #check(): void {
    const files = vscode.window.visibleTextEditors.map(({ document }) => document.uri.fsPath);
    const stale = files.filter((file) => {
      const given = this.#given.get(file);
      return given !== undefined && given !== JSON.stringify(this.#lensesIn(file));
    });
    if (stale.length === 0) return;
    // Until VS Code has come for them: what changes meanwhile it will be given anyway.
    for (const file of stale) this.#given.delete(file);
    this.#changed.fire();
  }
}
