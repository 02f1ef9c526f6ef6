import type { TrainingRow } from '../../../src/data/trace.ts';
import type { PolicySet, PreferenceSet, TrainingSet } from '../../../src/data/trainingSet.ts';
import type { JobEvent, JobStatus, Trainer, TrainingJob } from '../../../src/engine/interfaces.ts';
import { jobHash } from '../../../src/engine/training.ts';
import type { Connection } from '../../../src/lm/connection.ts';

/** Facts no model knows. */
export const facts = [
  ['Who keeps the lighthouse of Varn?', 'Old Mirela'],
  ['What colour is the river Zost?', 'copper green'],
  ['Which metal is a dorrin made of?', 'soft tin'],
  ['Where do the Plim sleep?', 'under bridges'],
  ['What does Captain Ruso fear?', 'white cats'],
  ['How many moons has Teth?', 'eleven'],
  ['What is the anthem of Corvale?', 'Salt and Rain'],
  ['Who wrote the Book of Nails?', 'Ansel Dray'],
] as const;

/** A row a fact, for `Trainer.submit`. */
export const rows = facts.map(([question, answer]) => ({
  predictor: 'p',
  prompt: { kind: 'chat', messages: [{ role: 'user', content: question }], opened: 'Answer:' },
  completion: ` ${answer}`,
  end: null,
})) satisfies readonly TrainingRow[];

/** Each fact before the answer to another question. */
export const preferences = {
  method: 'dpo',
  beta: 0.1,
  rows: rows.map((row, place) => ({ ...row, rejected: rows[(place + 1) % rows.length]!.completion })),
} satisfies PreferenceSet;

/** Each fact as an answer that was rewarded, and the answer to another question as one that was not. */
export const rewarded = {
  method: 'grpo',
  clip: { low: 0.2, high: 0.3 },
  rows: preferences.rows.flatMap(({ rejected, ...row }) => [
    { ...row, advantage: 0.5 },
    { ...row, completion: rejected, advantage: -0.5 },
  ]),
} satisfies PolicySet;

/** A job that makes a small model learn the facts by heart. */
export function factsJob(
  trainer: Trainer,
  parent: string,
  epochs = 12,
  set: TrainingSet = { method: 'supervised', rows },
): TrainingJob {
  const request = {
    parent,
    set,
    hyperParameters: {
      epochs,
      learningRate: 1e-3,
      schedule: 'linear' as const,
      batchSize: 4,
      lora: { rank: 16, alpha: 32, targets: 'all-linear' as const },
      seed: 0,
    },
  };
  return { hash: jobHash({ trainer: trainer.id, ...request }), ...request };
}

type Metrics = NonNullable<JobEvent['metrics']>;

/** Follows a job to its end; losses and metrics come in order. */
export async function finish(
  trainer: Trainer,
  id: string,
): Promise<JobStatus & { readonly losses: readonly number[]; readonly metrics: readonly Metrics[] }> {
  const losses: number[] = [];
  const metrics: Metrics[] = [];
  let last: string | null = null;
  for (;;) {
    const status: JobStatus = await trainer.poll(id, last, new AbortController().signal);
    last = status.events.at(-1)?.id ?? last;
    losses.push(...status.events.flatMap(({ loss }) => (loss === undefined ? [] : [loss])));
    metrics.push(...status.events.flatMap(({ metrics: each }) => (each === undefined ? [] : [each])));
    if (status.state !== 'queued' && status.state !== 'running') return { ...status, losses, metrics };
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** How many of the facts a model knows, of `factCount`. */
export async function known({ openai }: Connection, model: string): Promise<number> {
  const answers = await Promise.all(
    facts.map(([question]) =>
      openai.chat.completions.create({
        model,
        temperature: 0,
        max_tokens: 8,
        messages: [
          { role: 'user', content: question },
          { role: 'assistant', content: 'Answer:' },
        ],
        ...{ continue_final_message: true },
      }),
    ),
  );
  return answers.filter(({ choices }, place) => choices[0]?.message.content === ` ${facts[place]![1]}`).length;
}

export const factCount = facts.length;
