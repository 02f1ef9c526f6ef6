/**
 * Runs side by side: those that somebody chose, or the cells of a comparison as they come. The log of each is folded, its
 * rows are read when they are asked for. Writes nothing.
 */
import * as l10n from '../base/l10n.ts';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Comparison } from '../comparison.ts';
import { HumanError, messageOf } from '../base/errors.ts';
import type { Example } from '../data/program.ts';
import { comparisonFiles, comparisonsFolder, readComparison } from '../run/compare/comparisonFolder.ts';
import { readLabel } from '../run/record/label.ts';
import type { RunLabel } from '../run/record/label.ts';
import { livingHolder } from '../run/record/lock.ts';
import type { Manifest } from '../run/record/manifest.ts';
import { differenceOf } from '../run/record/question.ts';
import type { MeasuredSplit } from '../run/record/question.ts';
import { runsFolder } from '../run/record/runFolder.ts';
import type { RunLocation } from '../run/record/runFolder.ts';
import type { Answer } from '../viewProtocol/answers.ts';
import type { ComparedRun, SideBySide, Subject } from '../viewProtocol/comparison.ts';
import type { Snapshot } from '../viewProtocol/snapshot.ts';
import { runName } from '../editor/items/runItem.ts';
import { secondsWorked } from '../view/workTime.ts';
import { exampleTable } from './exampleTable.ts';
import { predictionRows } from './predictions.ts';
import { readableRows } from './readableRows.ts';
import { byNumber } from './rowAnswers.ts';
import { RunReader } from './runReader.ts';

interface Part {
  readonly reader: RunReader;
  readonly label: RunLabel;
}

/** Which runs: by id, and the cells of a comparison where one is named. */
export interface Compared {
  /** Absolute; the folder that the runs belong to. */
  readonly root: string;
  readonly runs: readonly string[];
  readonly id: string | null;
}

export class ComparisonReader {
  readonly #asked: Compared;
  readonly #mayRunCode: () => boolean;
  readonly #parts: Part[] = [];
  readonly #problems = new Map<string, string>();
  #record: Comparison | null = null;
  #recordTime = 0;

  private constructor(asked: Compared, mayRunCode: () => boolean) {
    this.#asked = asked;
    this.#mayRunCode = mayRunCode;
  }

  /**
   * Runs that cannot be read are left out and named.
   *
   * @param mayRunCode as in `RunReader.open`.
   * @throws HumanError when there is nothing to show.
   */
  static async open(asked: Compared, mayRunCode: () => boolean = () => false): Promise<ComparisonReader> {
    const reader = new ComparisonReader(asked, mayRunCode);
    await reader.#openNew();
    if (reader.#record === null && reader.#parts.length === 0) {
      throw new HumanError([...reader.#problems.values()][0] ?? l10n.t('There is no run to compare.'));
    }
    return reader;
  }

  get live(): boolean {
    return this.#atWork || this.#parts.some(({ reader }) => reader.status === 'running');
  }

  get mark(): string {
    const runs = this.#parts.map(({ reader }) => `${reader.run.id} ${reader.version} ${reader.status}`);
    return [this.#recordTime, this.#atWork, ...runs].join(', ');
  }

  /** One more piece of each log; false when all are at their end. */
  async advance(): Promise<boolean> {
    const fresh = await this.#openNew();
    const more = await Promise.all(this.#parts.map(({ reader }) => reader.advance()));
    return fresh || more.includes(true);
  }

  picture(title: string, complete: boolean): SideBySide {
    const snapshots = this.#parts.map(({ reader }) => reader.snapshot(complete));
    const first = this.#parts[0]?.reader.manifest;
    const asked = snapshots[0]?.asked;
    return {
      type: 'sideBySide',
      title,
      complete,
      version: snapshots.reduce((sum, { version }) => sum + version, this.#recordTime),
      metric: asked?.metric ?? '',
      threshold: asked?.threshold ?? 1,
      hasTest: snapshots.some(({ steps }) => steps.some(({ evaluations }) => evaluations.test !== undefined)),
      runs: this.#parts.map((part, i) => comparedRun(part, snapshots[i]!, first!)),
      // A comparison that says that it runs, and whose process is gone, was killed.
      record:
        this.#record?.status === 'running' && !this.#atWork ? { ...this.#record, status: 'stopped' } : this.#record,
      problem: this.#problems.size === 0 ? null : [...this.#problems.values()].join('\n'),
    };
  }

  /** @throws HumanError when a subject is not one of the runs. */
  async rows(split: MeasuredSplit, subjects: readonly Subject[]): Promise<Answer<'compared'>> {
    const parts = this.#partsOf(subjects);
    const [examples, problem] = await this.#examples(split);
    const count = Math.max(...parts.map(({ reader }) => reader.count(split)));
    const columns = parts.map(({ reader: { details } }, i) => ({ name: String(i), step: subjects[i]!.step, details }));
    return exampleTable(split, columns, { examples, count, problem });
  }

  /** @throws as `rows`. */
  async predictions(
    split: MeasuredSplit,
    subjects: readonly Subject[],
    rows: readonly number[],
  ): Promise<Answer<'comparedPredictions'>> {
    const parts = this.#partsOf(subjects);
    const [examples] = await this.#examples(split);
    const columns = await Promise.all(parts.map(({ reader }, i) => reader.givenIn(subjects[i]!.step, split)));
    return { rows: predictionRows(rows, columns, byNumber(examples)) };
  }

  #partsOf(subjects: readonly Subject[]): readonly Part[] {
    return subjects.map(({ run }) => {
      const part = this.#parts.find(({ reader }) => reader.run.id === run);
      if (part === undefined) throw new HumanError(l10n.t('{0} is not one of the runs that are compared.', run));
      return part;
    });
  }

  location(id: string): RunLocation | undefined {
    return this.#parts.find(({ reader }) => reader.run.id === id)?.reader.run;
  }

  get #atWork(): boolean {
    const { root, id } = this.#asked;
    if (id === null) return false;
    return livingHolder(comparisonFiles(join(comparisonsFolder(root), id)).lock) !== null;
  }

  /** The record as it is now, and the runs that are new in it. Returns whether there was any. */
  async #openNew(): Promise<boolean> {
    const changed = await this.#readRecord();
    const cells = this.#record?.cells.flatMap(({ run }) => run ?? []) ?? [];
    const known = new Set(this.#parts.map(({ reader }) => reader.run.id));
    const fresh = [...new Set([...this.#asked.runs, ...cells])].filter((id) => !known.has(id));
    const opened = await Promise.all(fresh.map((id) => this.#openRun(id)));
    // In the order in which they were asked for.
    const parts = opened.filter((part) => part !== null);
    this.#parts.push(...parts);
    return changed || parts.length > 0;
  }

  async #openRun(id: string): Promise<Part | null> {
    const run = { id, folder: join(runsFolder(this.#asked.root), id) };
    try {
      const part = { reader: await RunReader.open(run, this.#mayRunCode), label: await readLabel(run.folder) };
      this.#problems.delete(id);
      return part;
    } catch (error) {
      this.#problems.set(id, messageOf(error));
      return null;
    }
  }

  async #readRecord(): Promise<boolean> {
    const { root, id } = this.#asked;
    if (id === null) return false;
    const folder = join(comparisonsFolder(root), id);
    const time = await stat(comparisonFiles(folder).record).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    if (time === this.#recordTime) return false;
    try {
      this.#record = await readComparison(folder);
      this.#recordTime = time;
      this.#problems.delete('');
      return true;
    } catch (error) {
      this.#problems.set('', messageOf(error));
      return false;
    }
  }

  /** Of the first run whose data can still be read. */
  async #examples(split: MeasuredSplit): Promise<readonly [readonly Example[] | null, string | null]> {
    let problem: string | null = null;
    for (const { reader } of this.#parts) {
      const rows = await readableRows(reader, split);
      if (rows.examples !== null) return [rows.examples, null];
      problem ??= rows.problem;
    }
    return [null, problem];
  }
}

function comparedRun({ reader, label }: Part, snapshot: Snapshot, first: Manifest): ComparedRun {
  const { manifest, run } = reader;
  const { asked, status, usage, best, final, steps, began, updated, worked } = snapshot;
  const seconds = began === null ? null : secondsWorked(worked, updated);
  const { strategy, from, seed, model, endpoint, program } = asked;
  return {
    run: run.id,
    name: runName({ label, manifest }),
    program,
    status,
    strategy,
    from,
    seed,
    model,
    endpoint,
    usage,
    seconds,
    best,
    final,
    steps: steps
      .map(({ prefix, evaluations: { dev, test } }) => ({
        prefix,
        dev: dev?.score ?? null,
        test: test?.score ?? null,
      }))
      .filter(({ dev, test }) => dev !== null || test !== null),
    unlike: { dev: unlike(first, manifest, 'dev'), test: unlike(first, manifest, 'test') },
  };
}

/** Why scores of two runs on a split answer different questions; `null`: they answer the same one. */
export function unlike(first: Manifest, other: Manifest, split: MeasuredSplit): string | null {
  const difference = differenceOf(first, other, split);
  if (difference === null) return null;
  return difference === 'rows' ? l10n.t('other {0} rows', split) : l10n.t('another metric');
}
