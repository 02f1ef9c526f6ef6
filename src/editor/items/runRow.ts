/** A run as a row of the table of all runs. Pure. */
import { formatStrategy } from '../../data/strategy.ts';
import type { RowGain, RunRow } from '../../view/runRow.ts';
import type { RunView, Split, StepView } from '../../view/runView.ts';
import { startName, stepName } from '../../view/words.ts';
import { secondsWorked } from '../../view/workTime.ts';
import { localTime, runName } from './runItem.ts';
import type { RunItem } from './runItem.ts';
import { whatRuns } from './runText.ts';
import { devScores } from './scores.ts';

/** @param folder the name of its folder, in a window of several. */
export function runRow(item: RunItem, folder: string | null): RunRow {
  const { run, root, manifest, madeHere, view, status, label } = item;
  const { key: program, strategy, model, endpoint, seed } = manifest.asked;
  const start = startName(view.started?.from);
  const best = bestStep(item);
  return {
    ...{ key: run.folder, id: run.id, root, folder, name: runName(item), program },
    ...{ strategy: stepName(formatStrategy(strategy), start), model, endpoint: endpoint.name, seed },
    ...{ status, atWork: status === 'running' ? whatRuns(item) : null, madeHere },
    best: best === null ? null : stepName(best.prefix, start),
    dev: best?.evaluations.dev?.score ?? null,
    test: best?.evaluations.test?.score ?? null,
    gain: best === null ? null : gainOver(view, best),
    ...{ calls: view.usage.calls, cached: view.usage.cached, usd: view.usage.usd },
    seconds: view.began === null ? null : secondsWorked(view.worked, view.updated),
    ...{ created: manifest.created, date: localTime(manifest.created), note: label.note ?? '' },
  };
}

/** The one with the best dev score, the earlier of equals; it need not be over for that. */
function bestStep(item: RunItem): StepView | null {
  const scores = devScores(item);
  const best = scores.reduce<(typeof scores)[number] | null>((a, b) => (a === null || b.score > a.score ? b : a), null);
  return item.view.steps.find(({ prefix }) => prefix === best?.prefix) ?? null;
}

function gainOver({ steps }: RunView, best: StepView): RowGain | null {
  const baseline = steps.find(({ prefix }) => prefix === '');
  if (baseline === undefined || best === baseline) return null;
  return gainOn('test', baseline, best) ?? gainOn('dev', baseline, best);
}

function gainOn(split: Exclude<Split, 'train'>, baseline: StepView, best: StepView): RowGain | null {
  const [before, after] = [baseline.evaluations[split], best.evaluations[split]];
  if (before === undefined || after === undefined) return null;
  const points = after.gain?.points ?? after.score.score - before.score.score;
  return { split, points, difference: after.gain ?? null };
}
