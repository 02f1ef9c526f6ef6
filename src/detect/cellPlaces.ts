/** What was found in the text that a notebook's cells add up to, with its places in the cells. */
import type { Found, FoundPlace, FoundPredictor } from './base/found.ts';
import type { CellPlaces } from './base/scope.ts';

export function inCells({ programs, metrics, datasets, signatures }: Found, places: CellPlaces): Found {
  const placed = <T extends FoundPlace>(one: T): T => ({ ...one, ...places[one.line - 1] });
  // What is made in another file has its line there.
  const predictor = (one: FoundPredictor): FoundPredictor => (one.file === undefined ? placed(one) : one);
  return {
    programs: programs.map((one) => ({ ...placed(one), predictors: one.predictors.map(predictor) })),
    metrics: metrics.map(placed),
    datasets: datasets.map(placed),
    signatures: signatures.map(placed),
  };
}
