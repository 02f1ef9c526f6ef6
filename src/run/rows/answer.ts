/** One run of a program as traces tell it, and the rows that many make. */
import { answeredField } from '../../config/answeredRows.ts';
import { shownFields } from '../../base/exact.ts';
import type { Fields } from '../../base/json.ts';
import { canonicalJson } from '../../base/json.ts';
import { withoutKeys } from '../../base/keys.ts';

export interface Answer {
  readonly inputs: Fields;
  /** `null`: there was none. */
  readonly outputs: Fields | null;
  readonly failed: boolean;
}

export interface RowsOptions {
  /** Fields the program is called with; `null`: all that were given. */
  readonly inputs: readonly string[] | null;
  /** Fields for a person to label; `null`: all that were answered, but thoughts. */
  readonly labels: readonly string[] | null;
  /** What is for a label where nothing was answered; empty where it is not known. */
  readonly expected: readonly string[];
  /** Only what failed, by the answer that is kept. */
  readonly failed: boolean;
  /** Rows at most. */
  readonly limit: number;
}

export interface MadeRows {
  /** A JSON object a line. */
  readonly text: string;
  readonly rows: number;
  /** Answers to the same inputs as another: the latest is kept. */
  readonly merged: number;
  /** Beyond the limit. */
  readonly leftOut: number;
  readonly inputs: readonly string[];
  readonly labels: readonly string[];
}

/** What a program says on its way to an answer: no metric compares it. */
const thoughts: ReadonlySet<string> = new Set(['reasoning', 'rationale', 'trajectory', 'completions', answeredField]);

export function makeRows(answers: Iterable<Answer>, options: RowsOptions): MadeRows {
  const byInputs = new Map<string, Answer>();
  let merged = 0;
  for (const answer of answers) {
    const inputs = given(answer.inputs, options.inputs);
    if (Object.keys(inputs).length === 0) continue;
    const key = canonicalJson(inputs);
    if (byInputs.has(key)) merged++;
    byInputs.set(key, { ...answer, inputs });
  }
  const wanted = [...byInputs.values()].filter(({ failed }) => failed || !options.failed);
  const kept = wanted.slice(0, options.limit);
  const inputs = namesOf(kept.map((answer) => answer.inputs));
  const isLabel = (name: string): boolean => !inputs.includes(name) && !thoughts.has(name);
  // Also of what did not fail: where all that failed ended in an error, it says what an answer has.
  const answered = namesOf([...byInputs.values()].map(({ outputs }) => outputs ?? {})).filter(isLabel);
  const labels = options.labels?.filter(isLabel) ?? (answered.length > 0 ? answered : options.expected.filter(isLabel));
  const lines = kept.map((answer) => `${withoutKeys(JSON.stringify(rowOf(answer, labels)))}\n`);
  return { text: lines.join(''), rows: kept.length, merged, leftOut: wanted.length - kept.length, inputs, labels };
}

function given(inputs: Fields, names: readonly string[] | null): Fields {
  const wanted = names ?? Object.keys(inputs).filter((name) => name !== answeredField);
  return Object.fromEntries(wanted.flatMap((name) => (Object.hasOwn(inputs, name) ? [[name, inputs[name]!]] : [])));
}

const namesOf = (all: readonly Fields[]): readonly string[] => [
  ...new Set(all.flatMap((fields) => Object.keys(fields))),
];

/** Labels are there and empty: whoever loads the row before they are written is told so. */
function rowOf({ inputs, outputs }: Answer, labels: readonly string[]): Fields {
  const answered = outputs ?? {};
  return {
    ...shownFields(inputs),
    ...Object.fromEntries(labels.map((name) => [name, null])),
    [answeredField]: {
      ...Object.fromEntries(labels.map((name) => [name, null])),
      ...shownFields(answered),
    },
  };
}
