/** The languages that programs are written in: what differs from one to another beside the host that runs it. */

/** How a state is written for a program to load. */
interface ExportFormatRow {
  /** What loads it, after "for". */
  readonly readBy: string;
  /** What it is to a program of a language that cannot load it, after "it is". */
  readonly otherwise: string;
}

const formats = {
  dspy: { readBy: "DSPy's Module.load", otherwise: "in DSPy's format" },
  json: { readBy: 'program.load of "bettertogether"', otherwise: 'for --state and --from' },
} as const satisfies Record<string, ExportFormatRow>;

export type ExportFormat = keyof typeof formats;
export const exportFormats: Readonly<Record<ExportFormat, ExportFormatRow>> = formats;
export const exportFormatNames = Object.keys(formats) as readonly ExportFormat[];

export interface LanguageRow {
  /** As people call it, in a sentence. */
  readonly title: string;
  /** Endings of the files that its host loads. */
  readonly endings: readonly string[];
  /** What VS Code calls it: its files get lenses. `package.json` names the same under "activationEvents". */
  readonly editorIds: readonly string[];
  /** The library whose programs these are, in a sentence. */
  readonly library: string;
  /** What a program of the language loads. */
  readonly exportFormat: ExportFormat;
  /** Whether its programs may name LMs of their own, at other endpoints than the run's. */
  readonly namesLms: boolean;
  /** Whether values of rows that its code makes are what they are, and not read as what a signature says of them. */
  readonly valuesAsMade: boolean;
  /** Whether optimizers of DSPy's can compile its programs. */
  readonly takesTeleprompters: boolean;
}

const rows = {
  typescript: {
    title: 'TypeScript or JavaScript',
    endings: ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs'],
    editorIds: ['typescript', 'javascript'],
    library: 'the SDK',
    exportFormat: 'json',
    namesLms: false,
    valuesAsMade: false,
    takesTeleprompters: false,
  },
  python: {
    title: 'Python',
    endings: ['.py', '.ipynb'],
    editorIds: ['python'],
    library: 'DSPy',
    exportFormat: 'dspy',
    namesLms: true,
    valuesAsMade: true,
    takesTeleprompters: true,
  },
} as const satisfies Record<string, LanguageRow>;

export type Language = keyof typeof rows;
export const languages: Readonly<Record<Language, LanguageRow>> = rows;
export const languageNames = Object.keys(rows) as readonly Language[];

/** Of a source file, by its ending; `null`: no host loads it. */
export function languageOf(file: string): Language | null {
  const ending = /\.[a-z]+$/.exec(file)?.[0] ?? '';
  return languageNames.find((name) => languages[name].endings.includes(ending)) ?? null;
}

/** `.py`; `.ts, .js or .mjs`. @param of one language. Default: of all. */
export function endingsText(of?: Language): string {
  const endings = of === undefined ? languageNames.flatMap((name) => languages[name].endings) : languages[of].endings;
  return endings.join(', ').replace(/, ([^,]+)$/, ' or $1');
}
