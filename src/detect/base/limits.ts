/**
 * How much of a source detection looks into. Counted in steps and never in seconds, so that the same source gives the
 * same findings everywhere; whatever is beyond a limit is as good as not written. How deep the syntax is looked into
 * says `lowering/nodes.ts`.
 */

/** Larger files are generated or bundled; no one writes a program of a megabyte. */
export const largestFile = 1_000_000;
/** What is written in a notebook, text cells too; what its cells put out is as large as it likes. */
export const largestNotebook = 16_000_000;

/** Reports of progress that a parser gives on one file, one in some hundred of its operations. */
export const parserReports = 100_000;

/** Bodies of functions that are kept parsed while the files of a workspace are looked at. */
export const mostBodies = 2000;

/** How much one program may take, so that no source, however strange, holds up the editor. */
export const maxSteps = 20_000;
/** The same for all that is looked for in one file. */
export const maxFileSteps = 2_000_000;
/** Calls within each other. */
export const maxDepth = 12;
/** Names, members and expressions that lead to each other, with calls or without. */
export const maxNesting = 150;
/** Rounds of a loop that are gone through one by one. */
export const maxRounds = 64;

/** Items of a list, and characters of a text, that are kept. */
export const longestList = 1000;
export const longestText = 100_000;

/** Ancestors of a class. */
export const mostAncestors = 5000;

/** Predictors of a program, and parts that are looked through for them. */
export const mostPredictors = 1000;
export const mostParts = 20_000;

/** Brackets that a half-typed file may leave open, and characters of its lines: others are not fixed. */
export const mostOpen = 500;
export const longestLine = 2000;

/** Bytes of a `.gitignore`, and stars in one of its lines: each may take time with another power of a path's length. */
export const largestIgnoreFile = 1_000_000;
export const mostStars = 4;
