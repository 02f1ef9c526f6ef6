/** Programs → predictors and runs. */
import * as vscode from 'vscode';
import { Disposables } from '../disposables.ts';
import { commandIds } from '../names.ts';
import { canRun, programId, programTitle } from '../programs/programItem.ts';
import type { ProgramItem } from '../programs/programItem.ts';
import type { Knowledge } from '../programs/knowledge.ts';
import type { ProgramIndex } from '../programs/programIndex.ts';
import { runsOf } from '../programs/scores.ts';
import type { RunItem } from '../runs/runItem.ts';
import type { RunStore } from '../runs/runStore.ts';
import { stepName } from '../../run/text/words.ts';
import { runTreeItem } from './runTreeItem.ts';

export type ProgramNode =
  | { readonly kind: 'program'; readonly program: ProgramItem }
  | {
      readonly kind: 'predictor';
      readonly program: ProgramItem;
      readonly name: string;
      readonly line: number;
      readonly file: string;
      readonly signature: string | null;
    }
  | { readonly kind: 'run'; readonly run: RunItem };

export class ProgramsView implements vscode.TreeDataProvider<ProgramNode>, vscode.Disposable {
  readonly #parts = new Disposables();
  readonly #changed = this.#parts.add(new vscode.EventEmitter<void>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #programs: ProgramIndex;
  readonly #knowledge: Knowledge;
  readonly #runs: RunStore;

  constructor(programs: ProgramIndex, knowledge: Knowledge, runs: RunStore) {
    this.#programs = programs;
    this.#knowledge = knowledge;
    this.#runs = runs;
    // Knowledge follows programs and runs.
    this.#parts.add(knowledge.onDidChange(() => this.#changed.fire()));
  }

  getChildren(node?: ProgramNode): ProgramNode[] {
    if (node === undefined) return this.#programs.all.map((program) => ({ kind: 'program', program }));
    if (node.kind !== 'program') return [];
    const { program } = node;
    const predictors = program.predictors.map(({ name, line, file, signature }) => ({
      kind: 'predictor' as const,
      program,
      name,
      line,
      file: file === undefined ? program.file : vscode.Uri.joinPath(vscode.Uri.file(program.root), file).fsPath,
      signature,
    }));
    const runs = runsOf(program, this.#runs.all).toReversed();
    return [...predictors, ...runs.map((run) => ({ kind: 'run' as const, run }))];
  }

  getTreeItem(node: ProgramNode): vscode.TreeItem {
    switch (node.kind) {
      case 'program':
        return this.#programItem(node.program);
      case 'predictor':
        return predictorItem(node);
      case 'run':
        return runTreeItem(node.run, 'underProgram');
    }
  }

  dispose(): void {
    this.#parts.dispose();
  }

  #programItem(program: ProgramItem): vscode.TreeItem {
    const { score, stale, running } = this.#knowledge.of(program);
    const item = new vscode.TreeItem(programTitle(program), vscode.TreeItemCollapsibleState.Collapsed);
    item.id = programId(program);
    item.iconPath = new vscode.ThemeIcon(running === null ? 'symbol-class' : 'sync~spin');
    const where = vscode.workspace.asRelativePath(program.file);
    const best = score === null ? 'not scored' : `${score.score.toFixed(1)} % ${stepName(score.strategy)}`;
    item.description = `${best}${stale ? ' (code changed)' : ''}`;
    item.tooltip = `${program.name}, ${where}${program.line === null ? '' : `:${program.line}`}\n${best}`;
    // Else screen readers would read the tooltip.
    item.accessibilityInformation = { label: `${programTitle(program)}, ${item.description}` };
    item.contextValue = canRun(program) ? 'program.runnable' : 'program';
    item.command = { title: 'Open program', command: commandIds.openProgram, arguments: [node(program)] };
    return item;
  }
}

function node(program: ProgramItem): ProgramNode {
  return { kind: 'program', program };
}

function predictorItem(predictor: Extract<ProgramNode, { kind: 'predictor' }>): vscode.TreeItem {
  const item = new vscode.TreeItem(predictor.name);
  item.iconPath = new vscode.ThemeIcon('symbol-method');
  if (predictor.signature !== null) item.description = predictor.signature;
  item.contextValue = 'predictor';
  item.command = { title: 'Open predictor', command: commandIds.openProgram, arguments: [predictor] };
  return item;
}
