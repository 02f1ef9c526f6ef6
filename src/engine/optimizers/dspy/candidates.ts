/** What is said of the states that an optimizer of DSPy's evaluates. */
import * as z from 'zod';
import { contentHash } from '../../../base/contentHash.ts';
import type { ProgramState } from '../../../data/program.ts';
import type { CandidateFacts } from '../../../protocol.ts';
import type { CandidateText } from '../../optimizer.ts';

/** What the log says of a candidate. */
const aboutSchema = z.object({
  /** The rows that it was evaluated on; `null`: not known. */
  on: z.enum(['train', 'validation']).nullable(),
  /** Demos in all predictors together. */
  demos: z.number(),
  /** Predictors whose instructions are other ones than at the start of the step. */
  rewritten: z.number(),
  /** Nothing differs from the start of the step. */
  start: z.boolean(),
});
export type About = z.infer<typeof aboutSchema>;

export function aboutOf(state: ProgramState, start: ProgramState, on: About['on']): About {
  const predictors = Object.entries(state.predictors);
  return {
    on,
    demos: predictors.reduce((sum, [, { demos }]) => sum + demos.length, 0),
    rewritten: predictors.filter(([name, { instructions }]) => instructions !== start.predictors[name]?.instructions)
      .length,
    start: contentHash(state) === contentHash(start),
  };
}

const rows = { train: 'training rows', validation: 'validation rows' } as const;

export function tell(facts: CandidateFacts): CandidateText {
  const about = aboutSchema.safeParse(facts).data;
  if (about === undefined) return { name: '', brief: '', facts: [] };
  const { on, demos, rewritten, start } = about;
  const parts = [
    ...(rewritten === 0 ? [] : [counted(rewritten, 'new instruction')]),
    ...(demos === 0 ? [] : [counted(demos, 'demo')]),
  ];
  const holds = start ? 'as the step found it' : parts.length === 0 ? 'no demos' : parts.join(', ');
  return {
    name: 'evaluation',
    brief: on === null ? holds : `${holds}, on ${rows[on]}`,
    facts: [
      { label: 'Evaluated on', text: on === null ? '' : rows[on] },
      { label: 'Demos', text: demos === 0 ? 'none' : String(demos) },
      { label: 'New instructions', text: rewritten === 0 ? 'none' : String(rewritten) },
    ],
  };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
