import { Language as TreeLanguage, Parser } from 'web-tree-sitter';
import type { Tree } from 'web-tree-sitter';
import type { Grammar } from './base/languages.ts';
import { parserReports } from './base/limits.ts';
import type { Slices } from './slices.ts';

/** Reads a `.wasm` file of the parser by its name: `tree-sitter.wasm`, `tree-sitter-python.wasm`. */
export type ReadWasm = (name: string) => Promise<Uint8Array>;

let runtime: Promise<void> | undefined;

/** The parser's WebAssembly runtime is one a process; the first file that needs it loads it. */
function startRuntime(readWasm: ReadWasm): Promise<void> {
  const start = async (): Promise<void> => {
    const wasmBinary = await readWasm('tree-sitter.wasm');
    await Parser.init({ wasmBinary });
  };
  runtime ??= start().catch((error: unknown) => {
    runtime = undefined;
    throw error;
  });
  return runtime;
}

/** Parsers by grammar, each loaded when the first file needs it. */
export class Parsers {
  private readonly readWasm: ReadWasm;
  private readonly loaded = new Map<Grammar, Promise<Parser>>();

  private readonly ready = new Map<Grammar, Parser>();

  constructor(readWasm: ReadWasm) {
    this.readWasm = readWasm;
  }

  /**
   * Parses in slices. The caller deletes the tree.
   *
   * @throws Error for what the grammar can read in so many ways that it would take for ever.
   */
  async parse(text: string, grammar: Grammar, slices: Slices): Promise<Tree> {
    const parser = await this.parserOf(grammar);
    let reports = 0;
    for (;;) {
      // Cancelled half-way, the parser keeps its place until the next call.
      const progressCallback = (): boolean => ++reports > parserReports || slices.due;
      const tree = parser.parse(text, null, { progressCallback });
      if (tree !== null) return tree;
      if (reports > parserReports) {
        parser.reset();
        throw new Error('it takes too long to parse');
      }
      await slices.yield();
    }
  }

  /** Parses a part of a file that was parsed before, at once. The caller deletes the tree. */
  parsePart(text: string, grammar: Grammar): Tree | null {
    const parser = this.ready.get(grammar);
    let reports = 0;
    const tree = parser?.parse(text, null, { progressCallback: () => ++reports > parserReports }) ?? null;
    if (tree === null) parser?.reset();
    return tree;
  }

  private parserOf(grammar: Grammar): Promise<Parser> {
    const known = this.loaded.get(grammar);
    if (known !== undefined) return known;
    const load = async (): Promise<Parser> => {
      await startRuntime(this.readWasm);
      const language = await TreeLanguage.load(await this.readWasm(`tree-sitter-${grammar}.wasm`));
      const parser = new Parser().setLanguage(language);
      this.ready.set(grammar, parser);
      return parser;
    };
    const loading = load();
    this.loaded.set(grammar, loading);
    loading.catch(() => this.loaded.delete(grammar));
    return loading;
  }
}
