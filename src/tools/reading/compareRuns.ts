import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import { pairedDifference } from '../../data/pairedDifference.ts';
import { formatStrategy } from '../../data/strategy.ts';
import { unlike } from '../../page/comparisonReader.ts';
import type { RunReader } from '../../page/runReader.ts';
import { gainText } from '../../view/gain.ts';
import { stepName } from '../../view/words.ts';
import { cut } from '../base/bounded.ts';
import { runNamed } from '../base/find.ts';
import { folderInput, runInput } from '../base/inputs.ts';
import { defineTool } from '../base/tool.ts';
import { compareTool } from '../base/names.ts';
import { nameIn, openReader } from './openReader.ts';

const scoreSchema = z.object({ score: z.number(), low: z.number(), high: z.number(), rows: z.number() }).nullable();

const comparedSchema = z.object({
  run: z.string(),
  made_here: z.boolean(),
  program: z.string(),
  strategy: z.string(),
  model: z.string(),
  status: z.string(),
  /** The state with the best dev score, which is compared. */
  best: z.string().nullable(),
  dev: scoreSchema,
  test: scoreSchema,
  /** Against the best state of the first run, row by row; why not, where they cannot be compared. */
  dev_against_first: z.string().nullable(),
  test_against_first: z.string().nullable(),
  calls: z.number(),
  usd: z.number().nullable(),
});
type Compared = z.infer<typeof comparedSchema>;

export const compareRuns = defineTool({
  name: compareTool,
  title: 'Compare runs',
  forPeople: 'Put runs side by side: scores, what they cost, and whether one is really better than another.',
  forModels:
    'Puts two to six runs side by side by the state of each that is best on dev: scores with 95 % intervals, what they paid, and the difference to the ' +
    'first run, paired row by row. "may be chance" means just that: do not report it as a gain. Scores on other rows or by another metric are not compared, which is said. ' +
    'Choose by dev; test is for the report. Reads only: to try another strategy, get its price first.',
  icon: '$(diff)',
  effect: 'reads',
  input: z.strictObject({
    runs: z.array(runInput).min(2).max(6).describe('Ids of runs; the others are compared with the first.'),
    folder: folderInput,
  }),
  output: z.object({ runs: z.array(comparedSchema) }),
  quotes: true,
  doing: () => l10n.t('Comparing runs'),
  run: async ({ runs: asked, folder }, host, { signal }) => {
    const readers: RunReader[] = [];
    for (const one of asked) readers.push(await openReader(await runNamed(host, one, folder), signal));
    const runs = readers.map((reader, i) => compared(reader, i === 0 ? null : readers[0]!));
    return {
      say: `${runs.length} runs; each after the first is set against ${runs[0]!.run}, row by row.`,
      data: { runs },
    };
  },
});

function compared(reader: RunReader, first: RunReader | null): Compared {
  const { asked, status, steps, best, usage } = reader.snapshot(true);
  const step = steps.find(({ prefix }) => prefix === best);
  const scoreOn = (split: 'dev' | 'test'): Compared['dev'] => {
    const score = step?.evaluations[split]?.score;
    return score === undefined ? null : { score: score.score, low: score.low, high: score.high, rows: score.n };
  };
  return {
    run: reader.run.id,
    made_here: reader.madeHere,
    program: cut(asked.program, 300),
    strategy: cut(stepName(formatStrategy(reader.manifest.asked.strategy)), 300),
    model: cut(asked.model, 200),
    status,
    best: best === null ? null : nameIn(reader, best),
    dev: scoreOn('dev'),
    test: scoreOn('test'),
    dev_against_first: first === null ? null : against(first, reader, 'dev'),
    test_against_first: first === null ? null : against(first, reader, 'test'),
    calls: usage.calls,
    usd: usage.usd,
  };
}

function against(first: RunReader, other: RunReader, split: 'dev' | 'test'): string | null {
  const why = unlike(first.manifest, other.manifest, split);
  if (why !== null) return `not comparable: ${why}`;
  const difference = pairedDifference(bestScores(first, split), bestScores(other, split));
  return difference === null ? null : gainText(difference);
}

/** By row, of the state that is best on dev. */
function bestScores(reader: RunReader, split: 'dev' | 'test'): readonly (number | null)[] {
  const { best } = reader.snapshot(true);
  if (best === null) return [];
  return Array.from({ length: reader.count(split) }, (_, example) => {
    const outcome = reader.details.outcome({ step: best, purpose: split, candidate: null, example, round: 0 });
    return outcome?.score ?? null;
  });
}
