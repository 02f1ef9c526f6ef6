import { describe, expect, it } from 'vitest';
import { foldProposals, proposalText } from '../../../src/view/proposals.ts';
import type { ProposalCounts } from '../../../src/view/proposals.ts';
import { logged } from '../run/samples.ts';
import type { EventOf } from '../../../src/protocol.ts';

type Proposal = EventOf<'proposal'>;

const proposal = (end: Proposal['end'], reason?: string): Proposal => {
  const about = { proposal: 0, parents: [0], predictor: 'a', before: 0.5, ...(reason === undefined ? {} : { reason }) };
  return logged([{ type: 'proposal', prefix: 'gepa', end, ...about }])[0] as Proposal;
};

const folded = (all: readonly Proposal[]): ProposalCounts =>
  all.reduce<ProposalCounts | null>((counts, one) => foldProposals(counts, one), null)!;

describe('the proposals of a step', () => {
  it('are counted by how they ended, and why they could not be used', () => {
    const ends = ['accepted', 'stopped', 'rejected', 'rejected', 'perfect', 'proposed'] as const;
    const refused = ['JSON', 'empty', 'JSON'].map((reason) => proposal('refused', reason));
    expect(folded([...ends.map((end) => proposal(end)), ...refused])).toEqual({
      ...{ accepted: 2, rejected: 2, perfect: 1, proposed: 1 },
      refused: { JSON: 2, empty: 1 },
    });
  });

  it('are told in a line, the commonest reason first', () => {
    const counts = { accepted: 2, rejected: 3, perfect: 1, proposed: 0, refused: { empty: 1, JSON: 2 } };
    expect(proposalText(counts)).toBe(
      '8 proposals: 2 better, 3 no better, 3 unusable (2 JSON, 1 empty); 1 minibatch without a mistake',
    );
    expect(proposalText({ accepted: 1, rejected: 0, perfect: 0, proposed: 0, refused: {} })).toBe(
      '1 proposal: 1 better, 0 no better',
    );
    expect(proposalText({ accepted: 0, rejected: 0, perfect: 0, proposed: 3, refused: { JSON: 1 } })).toBe(
      '4 proposals: 3 to choose from, 1 unusable (1 JSON)',
    );
  });
});
