import * as l10n from '../../../base/l10n.ts';
import * as z from 'zod';
import type { ProgramState } from '../../../data/program.ts';
import type { CandidateFacts, Score } from '../../../protocol.ts';
import type { Checkpoint } from '../../interfaces.ts';
import type { CandidateText, StepContext } from '../../optimizer.ts';
import type { Scope } from '../../scope.ts';
import { scoreOnDev } from '../../scoreCandidate.ts';

export interface CheckpointRequest {
  /** The job's own model, and what it kept besides. */
  readonly model: string;
  readonly checkpoints: readonly Checkpoint[];
  /** The program with a model's name in it. */
  readonly answering: (model: string) => ProgramState;
}

export interface CheckpointChoice {
  readonly state: ProgramState;
  /** `null`: there was nothing to choose from. Otherwise 0 is the job's own model. */
  readonly candidate: number | null;
}

/**
 * The best of a job's models on dev. The paper's weight step returns the last weights, so those win ties: a checkpoint
 * has to be better.
 */
export async function chooseCheckpoint(
  context: StepContext,
  { model, checkpoints, answering }: CheckpointRequest,
  scope: Scope,
): Promise<CheckpointChoice> {
  if (checkpoints.length === 0) return { state: answering(model), candidate: null };
  const models = [model, ...checkpoints.map((checkpoint) => checkpoint.model)];
  const scores = await Promise.all(
    models.map(async (name, candidate): Promise<Score> => {
      const about: About = { step: candidate === 0 ? null : checkpoints[candidate - 1]!.step };
      return (await scoreOnDev(context, { candidate, state: answering(name), about }, scope, () => null)).score;
    }),
  );
  const best = scores.reduce((winner, { score }, place) => (score > scores[winner]!.score ? place : winner), 0);
  return { state: answering(models[best]!), candidate: best };
}

/** What the log says of a candidate: the optimizer step that its weights were kept after; `null`: the last. */
const aboutSchema = z.object({ step: z.number().nullable() });
type About = z.infer<typeof aboutSchema>;
/** As versions before wrote it: -1 for the last. */
const aboutBefore = z
  .object({ source: z.literal('checkpoint'), seed: z.number() })
  .transform(({ seed }): About => ({ step: seed < 0 ? null : seed }));

export function tell(facts: CandidateFacts): CandidateText {
  const about = z.union([aboutSchema, aboutBefore]).safeParse(facts).data;
  if (about === undefined) return { name: '', brief: '', facts: [] };
  const name = about.step === null ? l10n.t('the last weights') : l10n.t('weights after step {0}', about.step);
  return {
    name,
    brief: name,
    facts: [
      {
        label: l10n.t('Weights'),
        text: about.step === null ? l10n.t('the last') : l10n.t('after step {0}', about.step),
      },
    ],
  };
}
