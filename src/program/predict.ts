import type { Fields } from '../base/json.ts';
import type { Sampling } from '../data/lm.ts';
import type { Demo, PredictorState, ProgramState, SignatureDescription } from '../data/program.ts';
import { predictorBrand } from './brands.ts';
import type { Predictor } from './brands.ts';
import { callPredictor } from './call.ts';
import { callableObject } from './callable.ts';
import { loadOwnState, ownStateOf } from './programState.ts';
import { descriptionOf, ensureSignature } from './signature.ts';
import type { Signature } from './signature.ts';
import { toJson } from './values/toJson.ts';
import type { InputsOf, OutputsOf } from './signatureTypes.ts';

/** What a predictor is made of: a signature, or a string that is one. */
export type SignatureSource = string | Signature;

export interface PredictConfig extends Partial<Sampling> {
  /** Examples to show from the start: records of input and output fields. Optimizers replace them. */
  readonly demos?: readonly Fields[];
  /** Optimizers leave the predictor's prompt as it is. */
  readonly frozen?: boolean;
}

/** One call of an LM: inputs by name in, outputs by name out. Made by `new Predict(signature, config?)`. */
export interface Predict<S extends SignatureSource = SignatureSource> extends Predictor {
  /** @throws ParseError when the answer is not in the format; HumanError when there is no LM to ask. */
  (inputs: InputsOf<S>): Promise<OutputsOf<S>>;
  /** The same as calling it. */
  call(inputs: InputsOf<S>): Promise<OutputsOf<S>>;
  readonly signature: Signature;
  readonly config: PredictConfig;
  /** Its instructions, demos and model when it runs on its own. */
  state(): ProgramState;
  /** Takes a state that `bettertogether export --format json` wrote of a program that is this predictor. */
  load(state: unknown): void;
}

export interface PredictConstructor {
  new <const S extends SignatureSource>(signature: S, config?: PredictConfig): Predict<S>;
}

class PredictObject implements Predictor {
  declare readonly [predictorBrand]: true;
  declare readonly signature: Signature;
  declare readonly config: PredictConfig;
  declare private own: PredictorState;
  /** Warnings given before: each is said once a predictor. */
  declare private readonly said: Set<string>;

  constructor(source: SignatureSource, config: PredictConfig = {}) {
    const self = callableObject<PredictObject>(new.target.prototype);
    const signature = ensureSignature(source);
    const demos = (config.demos ?? []).map((fields): Demo => ({ fields: demoFields(fields), augmented: false }));
    Object.defineProperties(self, {
      signature: { value: signature, enumerable: true },
      config: { value: Object.freeze({ ...config }), enumerable: true },
      own: { value: { instructions: signature.instructions, demos, model: '' }, writable: true },
      said: { value: new Set<string>() },
    });
    return self;
  }

  get demos(): readonly Demo[] {
    return this.own.demos;
  }

  get frozen(): boolean {
    return this.config.frozen === true;
  }

  describeSignature(): SignatureDescription {
    return { ...descriptionOf(this.signature), instructions: this.own.instructions };
  }

  ownState(): PredictorState {
    return this.own;
  }

  setOwnState(state: PredictorState): void {
    this.own = state;
  }

  state(): ProgramState {
    return ownStateOf(this);
  }

  load(state: unknown): void {
    loadOwnState(this, state);
  }

  call(inputs: unknown): Promise<Readonly<Record<string, unknown>>> {
    const { signature, config } = this;
    const warn = (message: string): void => {
      if (!this.said.has(message)) console.warn(message);
      this.said.add(message);
    };
    return callPredictor({ predictor: this, signature, sampling: samplingOf(config), warn }, inputs);
  }
}

Object.defineProperty(PredictObject.prototype, predictorBrand, { value: true });
Object.defineProperty(PredictObject, 'name', { value: 'Predict' });

/** Values that JSON does not know are tagged, as in the demos that optimizers find. */
function demoFields(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, toJson(value, name, { functions: 'left out' }) ?? null]),
  );
}

function samplingOf({ temperature, topP, maxTokens }: PredictConfig): Partial<Sampling> {
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  };
}

/**
 * The basic predictor: asks an LM for the outputs of a signature. What it makes can be called directly.
 *
 * @example
 * const classify = new Predict("review -> sentiment: 'positive' | 'negative'");
 * const { sentiment } = await classify({ review: 'Loved it.' }); // 'positive' | 'negative'
 */
export const Predict = PredictObject as unknown as PredictConstructor;
