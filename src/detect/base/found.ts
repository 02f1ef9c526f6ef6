import type { Language } from './languages.ts';

/** Names of fields, in order. */
export interface SignatureFields {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Where something stands in its file. */
export interface FoundPlace {
  /** From 1: of the file; in a Jupyter notebook of the cell. */
  readonly line: number;
  /** In a notebook, marimo's too: from 1, of all cells, those of text too in a Jupyter notebook. */
  readonly cell?: number;
}

/** One predictor of a program: where it is made; in `file` where that is given, else in the program's own file. */
export interface FoundPredictor extends FoundPlace {
  /**
   * As DSPy names it (`Module.named_parameters`): `answer.predict`, `hops[0]`, `by_kind['yes']`; a bare predictor is
   * `self`. `[*]` stands for an index or key that only running the code would show.
   */
  readonly name: string;
  /** The signature string, or the name of the signature's class; `null` where the source does not say. */
  readonly signature: string | null;
  /** Only where they are known, and `signature` does not say them: of a class, or of a signature that was changed. */
  readonly fields?: SignatureFields;
  /** Only where the predictor is made in another file: by a base class or a part of the program. */
  readonly file?: string;
}

/** What `forward` of a program takes, by name. */
export interface FoundInputs {
  readonly required: readonly string[];
  /** These may be left out. */
  readonly optional: readonly string[];
  /** It takes any others too: `**kwargs`. */
  readonly others: boolean;
}

/** A program: a class of modules; what is in a file by itself, or only a function makes, where a class would not do. */
export interface FoundProgram extends FoundPlace {
  /** From the folder's root, with `/`. */
  readonly file: string;
  /** With `file` it makes `file#name`; nested classes have Python's qualified name. */
  readonly name: string;
  readonly language: Language;
  readonly kind: 'module' | 'predictor';
  readonly framework: Framework;
  /** Can be loaded as `file#name`: at the top of its file (exported), made without arguments, with a `forward`. */
  readonly runnable: boolean;
  /** Only where the source says. */
  readonly inputs?: FoundInputs;
  readonly predictors: readonly FoundPredictor[];
}

export type Framework = 'dspy' | 'bettertogether';

/** A file that could not be looked into, or not whole. What else it holds, and other files, are found all the same. */
export interface FoundProblem {
  readonly file: string;
  /** For people, a clause: `it is not UTF-8 text`. */
  readonly why: string;
}

export interface FoundName extends FoundPlace {
  readonly file: string;
  readonly name: string;
}

/** `bettertogether detect --json`. */
export interface Found {
  readonly programs: readonly FoundProgram[];
  readonly metrics: readonly FoundName[];
  /**
   * Lists of `dspy.Example`, exported arrays of objects in TypeScript, and functions that answer one when called without
   * arguments.
   */
  readonly datasets: readonly FoundName[];
  /** Classes derived from `dspy.Signature`. */
  readonly signatures: readonly FoundName[];
  /** Only where there are any. */
  readonly problems?: readonly FoundProblem[];
}

export const nothingFound: Found = { programs: [], metrics: [], datasets: [], signatures: [] };
