/** Programs → predictors and runs. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { folderNameOf } from '../base/folders.ts';
import { Disposables } from '../base/disposables.ts';
import { commandIds } from '../../editor/names.ts';
import { canRun, programId, programTitle } from '../../editor/items/programItem.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import type { Knowledge } from '../programs/knowledge.ts';
import type { ProgramIndex } from '../programs/programIndex.ts';
import { runsOf } from '../../editor/items/scores.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import type { RunStore } from '../runs/runStore.ts';
import { percent, stepName } from '../../view/words.ts';
import { runTreeItem } from './runTreeItem.ts';
import { TreeChanges } from './treeChanges.ts';
import { placeText } from '../../base/placeText.ts';
import { treeItem } from './treeItem.ts';

export type ProgramNode =
  | { readonly kind: 'program'; readonly program: ProgramItem }
  | {
      readonly kind: 'predictor';
      readonly program: ProgramItem;
      /** Among the predictors of the program: names that differ only when the code runs are the same in the source. */
      readonly place: number;
      readonly name: string;
      readonly line: number;
      /** In a notebook. */
      readonly cell?: number;
      readonly file: string;
      readonly signature: string | null;
    }
  | { readonly kind: 'run'; readonly program: ProgramItem; readonly run: RunItem };

function idOf(node: ProgramNode): string {
  const program = programId(node.program);
  if (node.kind === 'program') return program;
  return `${program} ${node.kind} ${node.kind === 'run' ? node.run.run.folder : `${node.place} ${node.name}`}`;
}

export class ProgramsView implements vscode.TreeDataProvider<ProgramNode>, vscode.Disposable {
  readonly #parts = new Disposables();
  readonly #changed = this.#parts.add(new vscode.EventEmitter<ProgramNode | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #changes = new TreeChanges<ProgramNode>(this.#changed);
  readonly #programs: ProgramIndex;
  readonly #knowledge: Knowledge;
  readonly #runs: RunStore;

  constructor(programs: ProgramIndex, knowledge: Knowledge, runs: RunStore) {
    this.#programs = programs;
    this.#knowledge = knowledge;
    this.#runs = runs;
    // Knowledge follows programs and runs.
    this.#parts.add(knowledge.onDidChange(() => this.#update()));
  }

  getChildren(node?: ProgramNode): ProgramNode[] {
    if (node === undefined) return this.#programs.all.map((program) => this.#known({ kind: 'program', program }));
    if (node.kind !== 'program') return [];
    const { program } = node;
    const predictors = program.predictors.map(({ name, line, cell, file, signature }, place) =>
      this.#known({
        kind: 'predictor',
        program,
        place,
        name,
        line,
        ...(cell !== undefined && { cell }),
        file: file ?? program.file,
        signature,
      }),
    );
    const runs = runsOf(program, this.#runs.all).toReversed();
    return [...predictors, ...runs.map((run) => this.#known({ kind: 'run', program, run }))];
  }

  getTreeItem(node: ProgramNode): vscode.TreeItem {
    switch (node.kind) {
      case 'program':
        return this.#programItem(node.program);
      case 'predictor':
        return Object.assign(predictorItem(node), { id: idOf(node) });
      case 'run':
        return Object.assign(runTreeItem(node.run, 'underProgram'), { id: idOf(node) });
    }
  }

  dispose(): void {
    this.#parts.dispose();
  }

  #known(node: ProgramNode): ProgramNode {
    return this.#changes.node(idOf(node), node);
  }

  #update(): void {
    const nodes = this.getChildren().flatMap((program) => [program, ...this.getChildren(program)]);
    const items = new Map(nodes.map((node) => [idOf(node), this.getTreeItem(node)]));
    this.#changes.update([...items.keys()], items);
  }

  #programItem(program: ProgramItem): vscode.TreeItem {
    const { score, stale, running } = this.#knowledge.of(program);
    const where = vscode.workspace.asRelativePath(program.file);
    const best = score === null ? l10n.t('not scored') : `${percent(score.score)} % ${stepName(score.strategy)}`;
    const item = treeItem({
      label: programTitle(program),
      icon: running === null ? 'symbol-class' : 'sync~spin',
      description: [`${best}${stale ? ` (${l10n.t('code changed')})` : ''}`, folderNameOf(program.root)]
        .filter(Boolean)
        .join(' · '),
      tooltip: [
        `${program.name}, ${program.line === null ? where : placeText({ ...program, file: where, line: program.line })}`,
        best,
      ],
      contextValue: canRun(program) ? 'program.runnable' : 'program',
      command: { title: l10n.t('Open program'), command: commandIds.openProgram, arguments: [node(program)] },
      isParent: true,
    });
    return Object.assign(item, { id: idOf(node(program)) });
  }
}

function node(program: ProgramItem): ProgramNode {
  return { kind: 'program', program };
}

function predictorItem(predictor: Extract<ProgramNode, { kind: 'predictor' }>): vscode.TreeItem {
  return treeItem({
    label: predictor.name,
    icon: 'symbol-method',
    ...(predictor.signature !== null && { description: predictor.signature }),
    contextValue: 'predictor',
    command: { title: l10n.t('Open predictor'), command: commandIds.openProgram, arguments: [predictor] },
  });
}
