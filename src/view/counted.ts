/** How many there are of something, in words: both forms are strings of the language's bundle. */
import * as l10n from '../base/l10n.ts';
import { count, short } from './words.ts';

const forms = {
  row: () => [l10n.t('{0} row'), l10n.t('{0} rows')],
  devRow: () => [l10n.t('{0} dev row'), l10n.t('{0} dev rows')],
  testRow: () => [l10n.t('{0} test row'), l10n.t('{0} test rows')],
  run: () => [l10n.t('{0} run'), l10n.t('{0} runs')],
  programRun: () => [
    l10n.t({ message: '{0} program run', comment: ['Behind "of": "here of 3 of 1 program run"'] }),
    l10n.t({ message: '{0} program runs', comment: ['Behind "of": "here of 12 of 40 program runs"'] }),
  ],
  runOfTheProgram: () => [l10n.t('{0} run of the program'), l10n.t('{0} runs of the program')],
  callOfPredictors: () => [l10n.t('{0} call of predictors'), l10n.t('{0} calls of predictors')],
  lookUpOfPassages: () => [l10n.t('{0} look-up of passages'), l10n.t('{0} look-ups of passages')],
  passage: () => [l10n.t('{0} passage'), l10n.t('{0} passages')],
  warning: () => [l10n.t('{0} warning'), l10n.t('{0} warnings')],
  candidate: () => [l10n.t('{0} candidate'), l10n.t('{0} candidates')],
  point: () => [l10n.t('{0} point'), l10n.t('{0} points')],
  demo: () => [l10n.t('{0} demo'), l10n.t('{0} demos')],
  strategy: () => [l10n.t('{0} strategy'), l10n.t('{0} strategies')],
  seed: () => [l10n.t('{0} seed'), l10n.t('{0} seeds')],
  token: () => [l10n.t('{0} token'), l10n.t('{0} tokens')],
  moreCharacter: () => [l10n.t('{0} more character'), l10n.t('{0} more characters')],
  proposal: () => [l10n.t('{0} proposal'), l10n.t('{0} proposals')],
  faultlessMinibatch: () => [l10n.t('{0} minibatch without a mistake'), l10n.t('{0} minibatches without a mistake')],
  call: () => [l10n.t('{0} call'), l10n.t('{0} calls')],
  trainRow: () => [l10n.t('{0} train row'), l10n.t('{0} train rows')],
  job: () => [l10n.t('{0} job'), l10n.t('{0} jobs')],
  model: () => [l10n.t('{0} model'), l10n.t('{0} models')],
  earlierRun: () => [l10n.t('{0} earlier run'), l10n.t('{0} earlier runs')],
} satisfies Record<string, () => readonly [one: string, many: string]>;

export type Counted = keyof typeof forms;

/** `1 row`, `1,200 rows`. */
export function counted(value: number, what: Counted): string {
  const [one, many] = forms[what]();
  return (value === 1 ? one : many).replace('{0}', count(value));
}

const rowOf = { train: 'trainRow', dev: 'devRow', test: 'testRow' } as const;

/** `12 dev rows` */
export const rowsOf = (split: keyof typeof rowOf, value: number): string => counted(value, rowOf[split]);

/** `310.0k tokens`: estimates, and tokens, are shortened. */
export const shortTokens = (value: number): string => l10n.t('{0} tokens', short(value));
export const shortCalls = (value: number): string => l10n.t('{0} calls', short(value));
