/** Where to find the prompts that a state was asked with: in the traces of the program runs that were made in it. */
import type { Purpose } from '../protocol.ts';
import type { Answer } from '../viewProtocol/answers.ts';
import type { TraceView } from '../viewProtocol/traces.ts';
import type { RunReader } from './runReader.ts';

type Sent = NonNullable<Answer<'sentPrompts'>['sent']>;

/** Program runs that are looked at for one whose calls asked an LM. */
const tracesRead = 5;

/** From the run on the first row: two states are then most often seen with the same one. */
export async function sentPrompts(reader: RunReader, state: string): Promise<Answer<'sentPrompts'>> {
  for (const wanted of await scoringRuns(reader, state)) {
    const heads = await reader.traceHeads({ step: wanted.step, purpose: wanted.purpose });
    const own = heads.filter(({ candidate }) => candidate === wanted.candidate);
    for (const { trace, purpose, example } of own.toSorted((a, b) => a.example - b.example).slice(0, tracesRead)) {
      const calls = firstCalls(reader.trace(trace).record);
      if (calls.length > 0) return { sent: { trace, purpose, example, calls } };
    }
  }
  return { sent: null };
}

interface ScoringRuns {
  readonly step: string;
  /** `null`: of the step's own result. */
  readonly candidate: number | null;
  readonly purpose: Purpose;
}

/** Program runs that score the state: others (a bootstrap) may have been made in another one. */
async function scoringRuns(reader: RunReader, name: string): Promise<ScoringRuns[]> {
  const tried = (await reader.candidates()).find((one) => one.name === name);
  const { step, candidate } = tried ?? { step: name, candidate: null };
  const purposes: readonly Purpose[] = tried === undefined ? ['dev', 'test'] : ['validate', 'dev'];
  return purposes.map((purpose) => ({ step, candidate, purpose }));
}

function firstCalls({ outcome }: TraceView): Sent['calls'] {
  const calls = new Map<string, Sent['calls'][number]>();
  for (const [call, { predictor, lm }] of outcome.trace.entries()) {
    const key = lm[0]?.key;
    if (key !== undefined && !calls.has(predictor)) calls.set(predictor, { predictor, call, key });
  }
  return [...calls.values()];
}
