import * as vscode from 'vscode';
import { Disposables } from '../disposables.ts';
import { readSettings } from '../settings.ts';
import type { Knowledge } from './knowledge.ts';
import { lensesOf } from './lensModel.ts';
import type { Lens } from './lensModel.ts';
import type { ProgramIndex } from './programIndex.ts';

export const lensSelector: vscode.DocumentSelector = ['python', 'typescript', 'javascript'].map((language) => ({
  language,
  scheme: 'file',
}));

/**
 * Answers at once from what is known, and asks VS Code to come again only when a lens of an open file is another:
 * lenses that come and go make the text jump (microsoft/vscode#90235).
 */
export class LensProvider implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #parts = new Disposables();
  readonly #changed = this.#parts.add(new vscode.EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #programs: ProgramIndex;
  readonly #knowledge: Knowledge;
  #shown = '';

  constructor(programs: ProgramIndex, knowledge: Knowledge) {
    this.#programs = programs;
    this.#knowledge = knowledge;
    const check = (): void => this.#check();
    this.#parts.add(programs.onDidChange(check));
    this.#parts.add(knowledge.onDidChange(check));
    this.#parts.add(vscode.workspace.onDidGrantWorkspaceTrust(check));
    this.#parts.add(vscode.workspace.onDidChangeConfiguration(check));
  }

  provideCodeLenses({ uri, lineCount }: vscode.TextDocument): vscode.CodeLens[] {
    return this.#lensesIn(uri.fsPath)
      .filter(({ line }) => line <= lineCount)
      .map(({ line, title, tooltip, command, args }) => {
        const range = new vscode.Range(line - 1, 0, line - 1, 0);
        return new vscode.CodeLens(range, { title, tooltip, command, arguments: [...args] });
      });
  }

  dispose(): void {
    this.#parts.dispose();
  }

  #lensesIn(file: string): readonly Lens[] {
    const shown = { setting: readSettings().lenses, trusted: vscode.workspace.isTrusted };
    return this.#programs.inFile(file).flatMap((program) => lensesOf(program, this.#knowledge.of(program), shown));
  }

  #check(): void {
    const files = vscode.window.visibleTextEditors.map(({ document }) => document.uri.fsPath);
    const shown = JSON.stringify(files.map((file) => this.#lensesIn(file).map(({ line, title }) => [line, title])));
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#changed.fire();
  }
}
