import { messageOf } from '../base/errors.ts';
import { mostBodies } from './base/limits.ts';
import type { Workspace } from './evaluation/parts.ts';
import { findIn } from './findings.ts';
import type { Findings } from './findings.ts';
import { nothingFound } from './base/found.ts';
import type { Found, FoundProblem } from './base/found.ts';
import { Parsers } from './grammars.ts';
import type { ReadWasm } from './grammars.ts';
import { KnownFiles } from './knownFiles.ts';
import { grammarOf, languageOf } from './base/languages.ts';
import type { Grammar } from './base/languages.ts';
import { parseBody, parseCells, parseSource } from './parseSource.ts';
import { fileWords, namesFramework } from './prefilter.ts';
import type { BodyText, Statement } from './lowering/syntax.ts';
import { moduleScope } from './base/scope.ts';
import type { ModuleScope } from './base/scope.ts';
import { Slices } from './slices.ts';
import { codeOf, lookInto } from './sourceCode.ts';
import type { SourceCode } from './sourceCode.ts';
import type { Reading } from './sourceReader.ts';

/** Where sources come from. Files are named from the folder's root, with `/`. */
export interface DetectorOptions {
  /** Every file that counts; others than sources are passed over. */
  list(): Promise<readonly string[]>;
  /** Whether `list` would list a file that is new since. Without it, every one. */
  includes?(file: string): Promise<boolean>;
  /** @param stamp of the last reading: a file that has it still need not be read again. */
  read(file: string, stamp: string | null): Reading | Promise<Reading>;
  readonly readWasm: ReadWasm;
}

/** What is known of a file: its names, or, when it has nothing of ours in it, what it imports. */
type Source =
  | { readonly kind: 'parsed'; readonly scope: ModuleScope; readonly related: boolean }
  | { readonly kind: 'other'; readonly grammar: Grammar; readonly words: readonly string[] };

interface Kept extends Pick<Findings, 'found' | 'leads'> {
  /** Why it could not be followed, or not to the end. */
  readonly problem: string | null;
  /** Paths that were asked for. When one comes, goes or changes, the findings are old. */
  readonly asked: ReadonlySet<string>;
}

/** How many files are read at a time. */
const readers = 32;

/**
 * Finds programs, metrics, data sets and signatures by reading source; runs nothing. Keeps an index, so that a
 * changed file costs the parsing of that file and another look at those that build on it.
 */
export class Detector {
  private readonly options: DetectorOptions;
  private readonly parsers: Parsers;
  private readonly known = new KnownFiles();
  private readonly sources = new Map<string, Source>();
  /** Of the files that were read from the disk last, and not from an editor. */
  private readonly stamps = new Map<string, string>();
  private readonly kept = new Map<string, Kept>();
  /** Why a file could not be read, or not as it is. */
  private readonly problems = new Map<string, string>();
  private readonly slices = new Slices();
  /** What functions' bodies consist of, while files are looked at: several may call the same function. */
  private readonly bodies = new Map<BodyText, readonly Statement[]>();
  private queue: Promise<unknown> = Promise.resolve();

  constructor(options: DetectorOptions) {
    this.options = options;
    this.parsers = new Parsers(options.readWasm);
  }

  /** Looks at everything; reads what it does not know as it is on the disk. */
  scan(): Promise<void> {
    return this.enqueue(async () => {
      const files = (await this.options.list()).filter((file) => grammarOf(file) !== null);
      const listed = new Set(files);
      const lost = [...this.known.all].filter((file) => !listed.has(file));
      this.outdate([...lost.flatMap((file) => this.drop(file)), ...files.flatMap((file) => this.known.add(file))]);
      await this.slices.yield();
      for (const [file, code] of await this.readAll(files)) await this.parse(file, code);
      await this.settle();
    });
  }

  /**
   * A file was made or changed. With `text` as it is in the editor, else it is read.
   * @returns the files whose findings are others now.
   */
  update(file: string, text?: string): Promise<readonly string[]> {
    return this.enqueue(async () => {
      if (grammarOf(file) === null) return [];
      const isNew = !this.sources.has(file);
      if (isNew && (await this.options.includes?.(file)) === false) return [];
      const reading = text === undefined ? await this.options.read(file, null) : written(text);
      return this.changing(async () => {
        if (reading.kind !== 'read') {
          this.forget(file);
          if (reading.kind === 'unreadable') this.problems.set(file, reading.why);
          return;
        }
        this.outdate([file, ...this.known.add(file)]);
        const hit = this.take(file, reading);
        if (hit !== null) await this.parse(file, hit);
      });
    });
  }

  /** A file is gone. @returns the files whose findings are others now. */
  remove(file: string): Promise<readonly string[]> {
    return this.enqueue(() => this.changing(() => Promise.resolve(this.forget(file))));
  }

  /** What a file holds, as of the last scan or update; answers at once. */
  inFile(file: string): Found {
    return this.kept.get(file)?.found ?? nothingFound;
  }

  /** Everything, by file and line. */
  found(): Found {
    const all = [...this.kept].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { found }]) => found);
    const problems = this.problemsFound();
    return {
      programs: all.flatMap((each) => each.programs),
      metrics: all.flatMap((each) => each.metrics),
      datasets: all.flatMap((each) => each.datasets),
      signatures: all.flatMap((each) => each.signatures),
      ...(problems.length > 0 && { problems }),
    };
  }

  private problemsFound(): readonly FoundProblem[] {
    const followed = [...this.kept].flatMap(([file, { problem }]) =>
      problem === null ? [] : [[file, problem] as const],
    );
    return [...this.problems, ...followed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, why]) => ({ file, why }));
  }

  /** One thing at a time: a parser that pauses keeps its place. */
  private enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.queue.then(work);
    this.queue = done.catch(() => undefined);
    return done;
  }

  private async changing(work: () => Promise<void>): Promise<readonly string[]> {
    const before = new Map([...this.kept].map(([file, { found }]) => [file, found]));
    await work();
    await this.settle();
    const files = new Set([...before.keys(), ...this.kept.keys()]);
    return [...files].filter((file) => {
      const was = before.get(file) ?? nothingFound;
      const is = this.inFile(file);
      return was !== is && JSON.stringify(was) !== JSON.stringify(is);
    });
  }

  /** Reads what is new or changed; answers the files to parse, with their code. */
  private async readAll(files: readonly string[]): Promise<readonly (readonly [string, SourceCode])[]> {
    const hits: [string, SourceCode][] = [];
    const changed: string[] = [];
    const rest = files.values();
    const reader = async (): Promise<void> => {
      for (const file of rest) {
        const asked = this.options.read(file, this.stamps.get(file) ?? null);
        const reading = asked instanceof Promise ? await asked : asked;
        if (reading.kind !== 'same') {
          changed.push(file);
          const hit = reading.kind === 'read' ? this.take(file, reading) : this.forgetText(file);
          if (reading.kind === 'unreadable') this.problems.set(file, reading.why);
          if (hit !== null) hits.push([file, hit]);
        }
        if (this.slices.due) await this.slices.yield();
      }
    };
    await Promise.all(Array.from({ length: readers }, reader));
    this.outdate(changed);
    return hits;
  }

  /** Takes in what was read: the code, if it is to be parsed; of other files only what they import. */
  private take(file: string, { bytes, stamp }: Extract<Reading, { kind: 'read' }>): SourceCode | null {
    if (stamp === null) this.stamps.delete(file);
    else this.stamps.set(file, stamp);
    this.problems.delete(file);
    const grammar = grammarOf(file)!;
    const looked = lookInto(file, bufferOf(bytes), grammar);
    if (looked.kind === 'code') return looked.code;
    if (looked.problem !== null) this.problems.set(file, looked.problem);
    this.sources.set(file, { kind: 'other', grammar, words: looked.words });
    return null;
  }

  private async parse(file: string, code: SourceCode): Promise<void> {
    if (code.problem !== null) this.problems.set(file, code.problem);
    try {
      await this.parseNow(file, code);
    } catch (error) {
      this.forgetText(file);
      this.problems.set(file, messageOf(error));
    }
  }

  private async parseNow(file: string, { text, places, isUnordered }: SourceCode): Promise<void> {
    const grammar = grammarOf(file)!;
    const statements = await (places === null
      ? parseSource(text, grammar, this.parsers, this.slices)
      : parseCells(text, places, this.parsers, this.slices));
    const related = namesFramework(text, languageOf(grammar));
    const scope = moduleScope({ file, grammar, statements, places, isUnordered });
    this.sources.set(file, { kind: 'parsed', scope, related });
    this.outdate([file]);
  }

  private forget(file: string): void {
    this.outdate(this.drop(file));
  }

  /** Answers the paths that are no longer there. */
  private drop(file: string): readonly string[] {
    this.forgetText(file);
    return this.known.delete(file);
  }

  /** A file without content: it cannot be read. */
  private forgetText(file: string): null {
    this.sources.delete(file);
    this.stamps.delete(file);
    this.kept.delete(file);
    this.problems.delete(file);
    return null;
  }

  private outdate(paths: readonly string[]): void {
    if (paths.length === 0 || this.kept.size === 0) return;
    const old = new Set(paths);
    for (const [file, { asked }] of this.kept) {
      if (old.has(file) || meet(old, asked)) this.kept.delete(file);
    }
  }

  /** Looks again at what is new or old, and parses the files that reach a framework by what they import. */
  private async settle(): Promise<void> {
    for (;;) {
      for (const [file, source] of this.sources) {
        if (source.kind === 'other' || this.kept.has(file)) continue;
        this.kept.set(file, this.look(source.scope, source.related));
        await this.slices.rest();
      }
      const importers = this.importers();
      if (importers.length === 0) return this.bodies.clear();
      for (const file of importers) {
        const reading = await this.options.read(file, null);
        if (reading.kind === 'read') await this.parse(file, codeOf(file, bufferOf(reading.bytes)));
        else this.forget(file);
      }
    }
  }

  private importers(): readonly string[] {
    const words = { python: new Set<string>(), typescript: new Set<string>() };
    for (const [file, { leads }] of this.kept) {
      if (leads.length === 0) continue;
      const language = words[languageOf(grammarOf(file)!)];
      for (const word of [...fileWords(file), ...leads]) language.add(word);
    }
    const importers: string[] = [];
    for (const [file, source] of this.sources) {
      if (source.kind !== 'other' || source.words.length === 0) continue;
      const language = words[languageOf(source.grammar)];
      if (source.words.some((word) => language.has(word))) importers.push(file);
    }
    return importers;
  }

  private look(scope: ModuleScope, related: boolean): Kept {
    const asked = new Set<string>();
    try {
      const { found, leads, isSpent } = findIn(scope, this.workspaceOf(asked), related);
      return { found, leads, asked, problem: isSpent ? 'there is more in it than is looked into' : null };
    } catch (error) {
      // One file that cannot be followed hides no other.
      return { found: nothingFound, leads: [], asked, problem: messageOf(error) };
    }
  }

  /** @param asked paths that an evaluation asks for. */
  private workspaceOf(asked: Set<string>): Workspace {
    return {
      moduleScope: (file) => {
        asked.add(file);
        const source = this.sources.get(file);
        return source?.kind === 'parsed' ? source.scope : null;
      },
      exists: (path) => {
        asked.add(path);
        return this.known.has(path);
      },
      statements: (body, grammar) => this.statements(body, grammar),
    };
  }

  private statements(body: BodyText, grammar: Grammar): readonly Statement[] {
    const known = this.bodies.get(body);
    if (known !== undefined) return known;
    const statements = parseBody(body, grammar, this.parsers);
    if (this.bodies.size >= mostBodies) this.bodies.clear();
    this.bodies.set(body, statements);
    return statements;
  }
}

function meet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  for (const each of few) if (many.has(each)) return true;
  return false;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A file as an editor shows it, which says nothing of the disk. */
function written(text: string): Extract<Reading, { kind: 'read' }> {
  return { kind: 'read', bytes: Buffer.from(text), stamp: null };
}
