import type { CandidateText } from '../optimizer.ts';
import { optimizers } from './all.ts';
import type { CandidateFacts } from '../../protocol.ts';

/** A candidate in the words of its optimizer; of one that this version does not have, what the log says. */
export function candidateText(kind: string | undefined, about: CandidateFacts): CandidateText {
  const optimizer = kind === undefined ? undefined : optimizers.find(kind);
  if (optimizer !== undefined) return optimizer.tell(about);
  const facts = Object.entries(about).map(([label, value]) => ({ label, text: String(value) }));
  return { name: '', brief: facts.map(({ label, text }) => `${label} ${text}`).join(', '), facts };
}
