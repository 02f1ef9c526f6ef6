import { describe, expect, it } from 'vitest';
import { policyUpdatesShownAtMost } from '../../../src/base/limits.ts';
import { policyUpdatedSchema } from '../../../src/protocol.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { foldEvents } from '../../../src/view/fold.ts';
import { klText, policyText } from '../../../src/view/policy.ts';
import { example, logged, started } from '../run/samples.ts';

type Updated = Extract<RunEvent, { type: 'policy.updated' }>;

const updated = (update: number, change: Partial<Updated> = {}): Updated => ({
  ...{ type: 'policy.updated', prefix: 'w', update, updates: 2000, reward: 41.5, groups: 6, withoutDifference: 2 },
  ...{ rows: 48, calls: 64, unreadable: 1, answerTokens: 30.6, file: `rows/w-update-${update}.jsonl`, model: 'm-2' },
  ...change,
});

const stepOf = (events: readonly RunEvent[]) =>
  foldEvents(logged([started, ...events])).steps.find(({ prefix }) => prefix === 'w')!;

const began = { type: 'step.started', prefix: 'w', kind: 'grpo', index: 0, examples: 9 } as const;

describe('updates of a policy', () => {
  it('are kept in order, without what the log says of every event', () => {
    const { policy } = stepOf([began, updated(1), updated(2, { rows: 0 })]);
    const told = {
      ...{ update: 1, updates: 2000, reward: 41.5, groups: 6, withoutDifference: 2, rows: 48, calls: 64 },
      ...{ unreadable: 1, answerTokens: 30.6, file: 'rows/w-update-1.jsonl', model: 'm-2' },
    };
    expect(policy).toEqual([told, { ...told, update: 2, rows: 0, file: 'rows/w-update-2.jsonl' }]);
  });

  it('are the latest where there are more than a view keeps', () => {
    const all = Array.from({ length: policyUpdatesShownAtMost + 5 }, (_, place) => updated(place + 1));
    const { policy } = stepOf([began, ...all]);
    expect([policy.length, policy[0]!.update]).toEqual([policyUpdatesShownAtMost, 6]);
  });

  it('are told again by a run that is resumed, and not counted twice', () => {
    expect(stepOf([began, updated(1), began, updated(1), updated(2)]).policy).toHaveLength(2);
  });

  it('are read as before where they do not tell their KL, or could not', () => {
    const kls = [undefined, null, 0, 0.01234, -0.05].map((kl) => (kl === undefined ? updated(1) : updated(1, { kl })));
    const { policy } = stepOf([began, ...kls]);
    expect(policy.map(({ kl }) => kl)).toEqual([undefined, null, 0, 0.01234, -0.05]);
    expect(policy.map((one) => / KL .*/.exec(policyText(one))?.[0])).toEqual([
      undefined,
      undefined,
      ' KL 0',
      ' KL 0.0123',
      ' KL -0.0500',
    ]);
    for (const event of kls) expect(policyUpdatedSchema.safeParse(event).success).toBe(true);
    expect(klText(0.00002)).toBe('< 0.0001');
  });

  it('end the count of their rollouts: the next update begins at none', () => {
    const rollout = example('w', 'rollout', null, 3, 1);
    expect(stepOf([began, rollout]).work.rollout).toMatchObject({ done: 1, sum: 1 });
    expect(stepOf([began, rollout, updated(1)])).toMatchObject({ work: {}, atWork: null });
  });

  it('are put in words, without what there is nothing of', () => {
    expect(policyText(updated(3))).toBe(
      'update 3/2,000: rollouts score 41.5 %, 6 groups, 2 without a difference, 48 rows, 1 of 64 answers unreadable, 31 tokens an answer',
    );
    const plain = { update: 4, updates: 2000, reward: 41.5, groups: 0, withoutDifference: 8, rows: 0 };
    expect(policyText({ ...plain, calls: 64, unreadable: 0, model: 'm' })).toBe(
      'update 4/2,000: rollouts score 41.5 %, 0 groups, 8 without a difference, nothing to learn from',
    );
  });
});
