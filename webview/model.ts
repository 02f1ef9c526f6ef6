/** Everything the page shows, in one immutable value. Data is asked for again after a reload; only `kept` is kept. */
import * as z from 'zod';
import { scales } from './scales.ts';
import { listedTracesSchema, traceSortSchema } from '../src/viewProtocol/traces.ts';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { Remembered } from '../src/viewProtocol/chats.ts';
import type { PredictionRow } from '../src/viewProtocol/examples.ts';
import type { Snapshot } from '../src/viewProtocol/snapshot.ts';
import type { TraceListing } from './tracePages.ts';

export const tabs = ['run', 'program', 'examples', 'traces'] as const;
export type Tab = (typeof tabs)[number];
export const exampleFilters = ['all', 'fixed', 'broken', 'failed', 'stillWrong'] as const;
export type ExampleFilter = (typeof exampleFilters)[number];

const cellSchema = z.object({
  field: z.string(),
  /** Places of the values in the answer; of a prediction −1: another value, `null`: none. */
  label: z.number(),
  predicted: z.number().nullable(),
});
/** A cell of the table of labels and predictions. */
export type ConfusionCell = z.infer<typeof cellSchema>;

/** Where the user is: survives hiding the page and reloading the window. Unknown or broken parts fall back. */
export const keptSchema = z.object({
  tab: z.enum(tabs).catch('run'),
  /** The step whose details the Run view shows; `null`: the one at work. */
  step: z.string().nullable().catch(null),
  left: z.string().nullable().catch(null),
  right: z.string().nullable().catch(null),
  split: z.enum(['dev', 'test']).catch('dev'),
  filter: z.enum(exampleFilters).catch('all'),
  search: z.string().catch(''),
  /** Whether what each step took is shown. */
  costs: z.boolean().catch(false),
  /** Whether the numbers of the chart are shown. */
  numbers: z.boolean().catch(false),
  /** What the chart of the scores counts along. */
  scale: z.enum(scales).catch('calls'),
  /** Whether the candidates of the shown step are listed row by row. */
  front: z.boolean().catch(false),
  /** Steps that are compared; `null`: the first and the last that are scored. */
  from: z.string().nullable().catch(null),
  to: z.string().nullable().catch(null),
  /** `row`, or the name of a step. */
  sort: z.object({ by: z.string(), descending: z.boolean() }).catch({ by: 'row', descending: false }),
  /** The row whose trace stands beside the table; `null`: none does. */
  chosen: z
    .object({ step: z.string(), split: z.enum(['dev', 'test']), example: z.number() })
    .nullable()
    .catch(null),
  /** Whether labels are set against predictions, and of which field; `null`: of the first. */
  confusion: z.boolean().catch(false),
  confusedField: z.string().nullable().catch(null),
  /** Only rows with this label and this prediction are shown. */
  cell: cellSchema.nullable().catch(null),
  trace: z.number().nullable().catch(null),
  traceFilter: listedTracesSchema.catch({}),
  traceSort: traceSortSchema.catch({ by: 'made', descending: false }),
});
export type Kept = z.infer<typeof keptSchema>;

const firstKept: Kept = keptSchema.parse({});

/** Data that was asked for. */
export type Loaded<T> =
  | { readonly state: 'none' }
  | { readonly state: 'loading'; readonly value?: T }
  | { readonly state: 'here'; readonly value: T }
  | { readonly state: 'failed'; readonly message: string };

/** A trace with its place in the store. */
export type OpenTrace = Answer<'trace'> & { readonly trace: number };

export const nothing = { state: 'none' } as const;

export function valueOf<T>(loaded: Loaded<T>): T | undefined {
  return 'value' in loaded ? loaded.value : undefined;
}

/** @param before names of states, as `after`. */
export const changesKey = (before: string, after: string): string => JSON.stringify([before, after]);

export interface Model {
  readonly snapshot: Snapshot | null;
  readonly kept: Kept;
  readonly examples: Loaded<Answer<'examples'>>;
  /** What the program gave on the rows that are, or were, in sight, by the number of the row. */
  readonly predictions: ReadonlyMap<number, PredictionRow>;
  readonly confusion: Loaded<Answer<'confusion'>>;
  readonly states: Loaded<Answer<'states'>>;
  /** Of the step that is shown, or was a moment ago. */
  readonly standing: Loaded<Answer<'standing'>>;
  readonly front: Loaded<Answer<'front'>>;
  readonly costs: Loaded<Answer<'costs'>>;
  readonly trainedBy: Loaded<Answer<'trainedBy'>>;
  /** Between two states: see `changesKey`. */
  readonly changes: ReadonlyMap<string, Loaded<Answer<'changes'>>>;
  /** By the name of the state. */
  readonly sentPrompts: ReadonlyMap<string, Loaded<Answer<'sentPrompts'>>>;
  readonly trace: Loaded<OpenTrace>;
  /** The row that the open trace is about, with its labels. */
  readonly example: Loaded<Answer<'example'>>;
  readonly remembered: ReadonlyMap<string, Remembered>;
  /** Which calls of the trace are unfolded. */
  readonly unfolded: ReadonlySet<number>;
  readonly callsShown: number;
  /** `null`: not here yet. */
  readonly traces: TraceListing | null;
  readonly trainingRows: Loaded<Answer<'trainingRows'> & { readonly step: string }>;
  /** The last thing that was refused or done, for the status line. */
  readonly notice: string | null;
}

export const firstModel: Model = {
  snapshot: null,
  kept: firstKept,
  examples: nothing,
  predictions: new Map(),
  confusion: nothing,
  states: nothing,
  standing: nothing,
  front: nothing,
  costs: nothing,
  trainedBy: nothing,
  changes: new Map(),
  sentPrompts: new Map(),
  trace: nothing,
  example: nothing,
  remembered: new Map(),
  unfolded: new Set([0]),
  callsShown: 100,
  traces: null,
  trainingRows: nothing,
  notice: null,
};
