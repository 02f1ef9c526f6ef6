/**
 * How much is taken of what others send or write: answers, files, logs and sources of any size come in here. What goes
 * beyond a limit is refused or left out, and said so. Each is far above what honest use needs and low enough that a
 * machine with a few gigabytes of memory goes on working.
 */

const kibibyte = 2 ** 10;
const mebibyte = 2 ** 20;

/** `64 MiB`, for messages. */
export function inMebibytes(bytes: number): string {
  return `${Number((bytes / mebibyte).toPrecision(3))} MiB`;
}

/**
 * Levels of arrays and objects within each other in one value: a row, an answer, a demo. Reading and writing JSON
 * goes as deep as the value does, and Python's stack ends at a thousand.
 */
export const nestingAtMost = 100;

/** Levels of what is hashed or written as a whole: values within states within requests. */
export const hashedNestingAtMost = 2 * nestingAtMost;

/** Bytes of one answer of an endpoint or a service, unpacked: completions, lists of models, jobs and passages. */
export const responseBytesAtMost = 16 * mebibyte;

/** The same of a Ray cluster, which gives the log of a job as a whole, however much was printed. */
export const clusterResponseBytesAtMost = 64 * mebibyte;

/**
 * Characters of an answer that is not JSON as it stands and is mended: mending takes time with the square of the
 * length where quotes are missing.
 */
export const mendedCharactersAtMost = 64 * kibibyte;

/** Tokens that one call can be billed for. No model reads a hundredth of it. */
export const callTokensAtMost = 1e9;

/** Tokens that one training job can be billed for: more than any model was trained on. */
export const trainingTokensAtMost = 1e15;

/** US dollars for a million tokens; whatever is dearer is a mistake or an attack. */
export const priceAtMost = 1e6;

/** Steps, epochs, rows, calls and other things that are counted one by one. */
export const countAtMost = 1e12;

/** Seconds that an endpoint can make others wait: a day. */
export const retryAfterSecondsAtMost = 24 * 3600;

/** News of one training job that are taken in. */
export const jobEventsAtMost = 100_000;

/** Pages of a list that are asked for, one after the other. */
export const listPagesAtMost = 1000;

/** Bytes of one line of a trainer's output, or of a log that a cluster keeps. Longer ones are no events. */
export const outputLineBytesAtMost = 64 * kibibyte;

/** Characters of the words that a metric gives with a score; what is longer is cut. */
export const feedbackCharactersAtMost = 20_000;

/** Characters of a program's code that an LM is shown; what is longer is cut. */
export const sourceCharactersAtMost = 20_000;

/** Bytes of one message between us and a program host. */
export const hostMessageBytesAtMost = 256 * mebibyte;

/** Bytes of `bettertogether.json`. */
export const configBytesAtMost = 4 * mebibyte;

/** Bytes of one row of a data set. */
export const rowBytesAtMost = 16 * mebibyte;

/** Columns of a data set's `.csv`. */
export const columnsAtMost = 10_000;

/** Bytes of a `.json` or `.parquet` data set, which is read whole. Larger ones are written as `.jsonl`. */
export const wholeDataBytesAtMost = 256 * mebibyte;

/** Values in a record or an event: each that is wrong is an issue of its own, which takes memory. */
export const recordValuesAtMost = 200_000;

/** Bytes of a file of a run that is read whole: its manifest, a state, a comparison's record, a ledger's entry. */
export const recordBytesAtMost = 64 * mebibyte;

/** Bytes of one line of a run's files: an event, a trace, a state, a line of the memo. */
export const lineBytesAtMost = 64 * mebibyte;

/** Events of one run's log that are read. A run of a week makes a tenth of it. */
export const eventsAtMost = 5_000_000;

/** The same in the editor, which keeps what each row scored. */
export const eventsShownAtMost = 1_000_000;

/** Steps of a strategy. The paper's have three. */
export const strategyStepsAtMost = 100;

/** Candidates of one step, warnings of one run, curves' points: what a view keeps of each. */
export const candidatesShownAtMost = 1000;
export const warningsShownAtMost = 500;
/** Of a step, the latest. */
export const policyUpdatesShownAtMost = 1000;
/** Bytes of a trace that is looked into for the list of them, hundreds at once. A longer one is read when it is opened. */
export const listedTraceBytesAtMost = 256 * kibibyte;
/** Rows, and candidates, of the table in which the candidates of a step stand beside each other. */
export const frontRowsShownAtMost = 10_000;
export const frontColumnsShownAtMost = 12;
/** Different labels of a field that are set against the predictions in a table, and characters of each. */
export const categoriesAtMost = 12;
export const categoryCharactersAtMost = 40;
/** Steps and lattice points of one run that a view keeps. */
export const stepsShownAtMost = 1000;

/** Rows of a split, and so the number of a row. */
export const rowsAtMost = 1_000_000_000;

/** Rows that are listed where only their number is known. */
export const rowsShownAtMost = 100_000;

/** Strategies, and seeds, of one comparison: its cells are their product. */
export const comparedAtMost = 100;

/** States of candidates that one run keeps and a view reads. */
export const statesKeptAtMost = 10_000;

/** Characters of a text in a view: a warning, a message of a job. */
export const shownCharactersAtMost = 10_000;

/** Characters of two texts together that are compared word by word, and words that differ where that is still shown. */
export const comparedCharactersAtMost = 200_000;
export const changedWordsAtMost = 4000;
