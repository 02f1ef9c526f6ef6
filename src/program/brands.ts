import type { Demo, PredictorState, SignatureDescription } from '../data/program.ts';

/**
 * The user's program may have loaded another copy of this package than the host (an installed `bettertogether`), so
 * predictors and modules are known by process-wide marks rather than by `instanceof`.
 */
export const predictorBrand = Symbol.for('bettertogether.predictor.1');
export const moduleBrand = Symbol.for('bettertogether.module.1');

/** What hosts and optimizers need of a predictor, whichever copy of the package made it. */
export interface Predictor {
  readonly [predictorBrand]: true;
  /** The signature as plain data, with the author's own instructions. */
  describeSignature(): SignatureDescription;
  /** Demos the author, or `load`, gave it. */
  readonly demos: readonly Demo[];
  readonly frozen: boolean;
  /** The state it answers in where no runtime gives it one; `model` is '' unless a loaded state named it. */
  ownState(): PredictorState;
  setOwnState(state: PredictorState): void;
}

export function isPredictor(value: unknown): value is Predictor {
  return hasBrand(value, predictorBrand);
}

export function isModule(value: unknown): value is object {
  return hasBrand(value, moduleBrand);
}

function hasBrand(value: unknown, brand: symbol): boolean {
  const kind = typeof value;
  return (
    value !== null && (kind === 'object' || kind === 'function') && (value as Record<symbol, unknown>)[brand] === true
  );
}
