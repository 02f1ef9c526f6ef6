/** What a proposer is asked: the instruction as it is, and what happened under it, whole runs of the program. */
import { estimateTokenCount } from 'tokenx';
import type { Example } from '../../../../data/program.ts';
import type { ProgramOutcome, TraceCall } from '../../../../data/trace.ts';
import { fenced } from '../../../proposer/fenced.ts';
import { fieldsText } from '../../../proposer/fieldsText.ts';
import { shortened, shortenedTogether } from '../../../proposer/shorten.ts';

/** A row of the minibatch, and how the program did on it. */
type ReflectedOutcome = Pick<ProgramOutcome, 'prediction' | 'score' | 'error' | 'trace' | 'feedback'>;

export interface ReflectedRow {
  readonly example: Example;
  readonly outcome: ReflectedOutcome;
  /** How a larger LM did with the same prompts, where it did better. */
  readonly teacher?: ReflectedOutcome;
}

/** What of the room in a prompt may go to the instruction at most, and of what that leaves to the program. */
const shares = { instruction: 0.5, source: 0.3 } as const;

/** What the prompt says besides its parts. In tokens, and for each row's heading as many as `rowTokens`. */
export const frameTokens = 300;
const rowTokens = 10;

/** Most calls of a run that are shown, those of the component first. */
const callsAtMost = 24;

const separator = '\n\n';

export interface Reflection {
  /** The component whose instruction is rewritten. */
  readonly component: string;
  readonly instruction: string;
  readonly rows: readonly ReflectedRow[];
  /** The program, as its author wrote it; `null`: not known. */
  readonly source: string | null;
  /** In which the metric scores. */
  readonly metricRange: readonly [number, number];
  /** Of the new instruction. */
  readonly tokensAtMost: number;
}

/** The request to the proposer, of some `tokens` at most, however long runs and feedback are. */
export function reflectionPrompt(reflection: Reflection, tokens: number): string {
  const { component, rows, metricRange, tokensAtMost } = reflection;
  const room = Math.max(0, tokens - frameTokens - rowTokens * rows.length);
  const instruction = shortened(reflection.instruction, shares.instruction * room);
  const left = room - estimateTokenCount(instruction);
  const source = reflection.source === null ? '' : shortened(reflection.source, shares.source * left);
  const perRow = Math.floor((left - estimateTokenCount(source)) / Math.max(1, rows.length));
  return [
    'A program calls a language model with written instructions. Your task is to improve one of them.',
    ...(source === '' ? [] : ['# The program', fenced(source)]),
    `# The present instruction of the step "${component}"`,
    instruction.trim() === '' ? 'It has none yet.' : instruction,
    '# What happened with it',
    `Scores are from ${metricRange[0]} to ${metricRange[1]}.`,
    ...rows.map((row, i) => `## Example ${i + 1}${separator}${rowText(row, component, perRow)}`),
    '# What to do',
    'Find out what the step has to do, where it went wrong and why, and what facts of the subject the feedback gives. ' +
      'Then write a complete new instruction for this step. It has to serve other examples of the same kind as well: ' +
      'state rules, formats and facts, not the answers to these examples. Keep what worked.',
    `Give the new instruction, and nothing else, between two lines of three backticks; of some ${tokensAtMost} tokens at most.`,
  ].join(separator);
}

/** A run in at most `tokens`: its score and feedback, what it was given and gave, and its calls. */
function rowText({ example, outcome, teacher }: ReflectedRow, component: string, tokens: number): string {
  const { score, error, prediction, trace } = outcome;
  const pieces = [
    `Score: ${score}`,
    ...feedbackOf(example, outcome),
    ...(error === undefined ? [] : [`The program failed (${error.kind}): ${error.message}`]),
    `The program was given: ${fieldsText(example.inputs)}`,
    ...(prediction === null ? [] : [`The program gave: ${fieldsText(prediction)}`]),
    ...toldCalls(trace, component).map((call) => callText(call, component)),
    ...(teacher === undefined ? [] : teacherTexts(teacher, component)),
  ];
  return shortenedTogether(pieces, tokens - pieces.length).join(separator);
}

/** What this step did when a larger model ran the program. */
function teacherTexts({ score, trace }: ReflectedOutcome, component: string): readonly string[] {
  const own = toldCalls(trace, component).filter(({ predictor }) => predictor === component);
  return [
    `With the same instructions a larger model did better (score: ${score}):`,
    ...own.map((call) => callText(call, component)),
  ];
}

/** The metric's words; where it gives a number alone, what the row holds besides its inputs: what was expected. */
function feedbackOf({ inputs, fields }: Example, { feedback }: ReflectedOutcome): readonly string[] {
  if (feedback !== undefined) return [`Feedback: ${feedback}`];
  const labels = Object.entries(fields).filter(([name]) => !Object.hasOwn(inputs, name));
  return labels.length === 0 ? [] : [`Expected: ${fieldsText(Object.fromEntries(labels))}`];
}

/** In the order in which they were made. */
function toldCalls(trace: readonly TraceCall[], component: string): readonly TraceCall[] {
  const own = trace.filter(({ predictor }) => predictor === component);
  const others = trace.filter(({ predictor }) => predictor !== component);
  const told = new Set([...own, ...others].slice(0, callsAtMost));
  return trace.filter((call) => told.has(call));
}

function callText({ predictor, inputs, outputs, error }: TraceCall, component: string): string {
  const whose = predictor === component ? 'this step' : 'another step';
  const gave = outputs === null ? `It failed: ${error ?? 'no reason given'}` : `It gave: ${fieldsText(outputs)}`;
  return `Call of "${predictor}" (${whose})\nIt was given: ${fieldsText(inputs)}\n${gave}`;
}
