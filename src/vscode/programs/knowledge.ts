/** What runs and measurements say about each program, ready before anybody asks. */
import * as vscode from 'vscode';
import { coalesced } from '../../editor/coalesce.ts';
import { isNotebook } from '../../notebook/notebookText.ts';
import { Disposables } from '../base/disposables.ts';
import type { RunStore } from '../runs/runStore.ts';
import type { Evaluations } from './evaluations.ts';
import type { ProgramKnowledge } from '../../editor/items/lensModel.ts';
import { programId } from '../../editor/items/programItem.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import type { ProgramIndex } from './programIndex.ts';
import { bestScore, runsOf } from '../../editor/items/scores.ts';
import { SourceHashes } from '../../editor/sourceHashes.ts';

const nothing: ProgramKnowledge = { score: null, evaluation: null, stale: false, running: null, latest: null };

export class Knowledge implements vscode.Disposable {
  readonly #parts = new Disposables();
  readonly #changed = this.#parts.add(new vscode.EventEmitter<void>());
  readonly onDidChange = this.#changed.event;
  readonly #programs: ProgramIndex;
  readonly #runs: RunStore;
  readonly #evaluations: Evaluations;
  readonly #hashes = new SourceHashes();
  #known: ReadonlyMap<string, ProgramKnowledge> = new Map();

  constructor(programs: ProgramIndex, runs: RunStore, evaluations: Evaluations) {
    this.#programs = programs;
    this.#runs = runs;
    this.#evaluations = evaluations;
    for (const event of [programs.onDidChange, runs.onDidChange]) this.#parts.add(event(() => void this.refresh()));
    this.#parts.add(vscode.workspace.onDidSaveTextDocument(() => void this.refresh()));
  }

  /** At once, from what is known. */
  of(program: ProgramItem): ProgramKnowledge {
    return this.#known.get(programId(program)) ?? nothing;
  }

  readonly refresh = coalesced(async () => {
    const runs = this.#runs.all;
    const entries = await Promise.all(
      this.#programs.all.map(async (program) => {
        const own = runsOf(program, runs);
        const score = bestScore(own);
        const evaluation = this.#evaluations.of(programId(program));
        const running = own.findLast(({ status }) => status === 'running') ?? null;
        const loaded = score?.run?.manifest.program?.sources;
        const before =
          loaded === undefined ? evaluation && { [program.file]: evaluation.source } : hashed(loaded, program);
        const stale = before !== null && before !== undefined && (await this.#hashes.differ(before));
        return [programId(program), { score, evaluation, stale, running, latest: own.at(-1) ?? null }] as const;
      }),
    );
    this.#known = new Map(entries);
    this.#changed.fire();
  });

  dispose(): void {
    this.#parts.dispose();
  }
}

/** Of notebooks a run has the hash of what it gathered there, and not of the file: whether they changed is not known. */
function hashed(
  sources: Readonly<Record<string, string>>,
  { file, cell }: ProgramItem,
): Readonly<Record<string, string>> {
  const isGathered = (each: string) => isNotebook(each) || (cell !== undefined && each === file);
  return Object.fromEntries(Object.entries(sources).filter(([each]) => !isGathered(each)));
}
