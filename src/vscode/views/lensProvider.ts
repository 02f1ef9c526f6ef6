import * as vscode from 'vscode';
import { languageNames, languages } from '../../data/language.ts';
import { Disposables } from '../base/disposables.ts';
import { readSettings } from '../base/settings.ts';
import type { Knowledge } from '../programs/knowledge.ts';
import { lensesOf } from '../../editor/items/lensModel.ts';
import type { Lens } from '../../editor/items/lensModel.ts';
import type { ProgramIndex } from '../programs/programIndex.ts';
import { hoverText, uiText } from '../../editor/uiText.ts';
import { jupyterType, placeOf } from '../base/openNotebooks.ts';

export const lensSelector: vscode.DocumentSelector = [
  ...languageNames.flatMap((name) => languages[name].editorIds).map((language) => ({ language, scheme: 'file' })),
  // Without a scheme: where a notebook is asked for, VS Code compares the notebook's with it, and not the cell's.
  { language: 'python', notebookType: jupyterType },
];

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
  /** What VS Code was given last, by document: a file, or a cell of a notebook. */
  readonly #given = new Map<string, string>();

  constructor(programs: ProgramIndex, knowledge: Knowledge) {
    this.#programs = programs;
    this.#knowledge = knowledge;
    const check = (): void => this.#check();
    this.#parts.add(programs.onDidChange(check));
    this.#parts.add(knowledge.onDidChange(check));
    this.#parts.add(vscode.workspace.onDidGrantWorkspaceTrust(check));
    this.#parts.add(vscode.workspace.onDidChangeConfiguration(check));
    this.#parts.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => void this.#given.delete(uri.toString())));
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const lenses = this.#lensesIn(document);
    this.#given.set(document.uri.toString(), JSON.stringify(lenses));
    return lenses
      .filter(({ line }) => line <= document.lineCount)
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

  #lensesIn(document: Pick<vscode.TextDocument, 'uri'>): readonly Lens[] {
    const place = placeOf(document);
    if (place === null) return [];
    const shown = { setting: readSettings().lenses, trusted: vscode.workspace.isTrusted };
    const lenses = this.#programs
      .inFile(place.file)
      .flatMap((program) => lensesOf(program, this.#knowledge.of(program), shown));
    return place.cell === null ? lenses : lenses.filter(({ cell }) => cell === place.cell);
  }

  /** A document that VS Code never asked about is not of ours to ask for: it will come when it shows it. */
  #check(): void {
    const stale = shownDocuments().filter((document) => {
      const given = this.#given.get(document.uri.toString());
      return given !== undefined && given !== JSON.stringify(this.#lensesIn(document));
    });
    if (stale.length === 0) return;
    // Until VS Code has come for them: what changes meanwhile it will be given anyway.
    for (const { uri } of stale) this.#given.delete(uri.toString());
    this.#changed.fire();
  }
}

/** Of a notebook all cells: those out of sight have no editor, and keep the lenses that they were given. */
function shownDocuments(): readonly vscode.TextDocument[] {
  const cells = vscode.window.visibleNotebookEditors.flatMap(({ notebook }) => notebook.getCells());
  const documents = [...vscode.window.visibleTextEditors, ...cells].map(({ document }) => document);
  return [...new Set(documents)];
}
