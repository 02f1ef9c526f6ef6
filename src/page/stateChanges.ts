/** What is other in one state of a program than in another, predictor by predictor. Pure. */
import type { StateRow, Change } from '../viewProtocol/states.ts';

type State = StateRow['state'];

/** Of the predictors that are not the same, in the order of the later state. */
export function stateChanges(before: State, after: State): readonly Change[] {
  const names = new Set([...Object.keys(after.predictors), ...Object.keys(before.predictors)]);
  return [...names].flatMap((predictor) => {
    const [was, is] = [before.predictors[predictor], after.predictors[predictor]];
    const change: Change = {
      predictor,
      before: was?.instructions ?? null,
      after: is?.instructions ?? null,
      demos: JSON.stringify(was?.demos) !== JSON.stringify(is?.demos),
      model: was?.model !== is?.model,
    };
    return change.before !== change.after || change.demos || change.model ? [change] : [];
  });
}
