import type { ProgramState } from '../data/program.ts';
import type { moduleBrand } from './brands.ts';
import { callableObject } from './callable.ts';
import { Module } from './module.ts';
import { Predict } from './predict.ts';
import type { PredictConfig, SignatureSource } from './predict.ts';
import { ensureSignature, withReasoning } from './signature.ts';
import type { InputsOf, OutputsOf } from './signatureTypes.ts';

/** The outputs of a chain of thought: the reasoning besides the signature's own. */
export type ReasonedOutputsOf<S> = { readonly reasoning: string } & OutputsOf<S>;

/** A module with one predictor, `predict`, that reasons before it answers. Made by `new ChainOfThought(signature)`. */
export interface ChainOfThought<S extends SignatureSource = SignatureSource> {
  /** @throws ParseError when the answer is not in the format; HumanError when there is no LM to ask. */
  (inputs: InputsOf<S>): Promise<ReasonedOutputsOf<S>>;
  /** The same as calling it. */
  call(inputs: InputsOf<S>): Promise<ReasonedOutputsOf<S>>;
  run(inputs: InputsOf<S>): Promise<ReasonedOutputsOf<S>>;
  forward(inputs: InputsOf<S>): Promise<ReasonedOutputsOf<S>>;
  readonly [moduleBrand]: true;
  readonly predict: Predict;
  frozen?: boolean;
  state(): ProgramState;
  load(state: unknown): void;
}

export interface ChainOfThoughtConstructor {
  new <const S extends SignatureSource>(signature: S, config?: PredictConfig): ChainOfThought<S>;
}

class ChainOfThoughtObject extends Module {
  declare readonly predict: Predict;

  constructor(source: SignatureSource, config: PredictConfig = {}) {
    super();
    const self = callableObject<ChainOfThoughtObject>(new.target.prototype);
    const predict = new Predict(withReasoning(ensureSignature(source)), config);
    Object.defineProperty(self, 'predict', { value: predict, enumerable: true, writable: true, configurable: true });
    return self;
  }

  override forward(inputs: never): Promise<unknown> {
    return this.predict(inputs);
  }
}

Object.defineProperty(ChainOfThoughtObject, 'name', { value: 'ChainOfThought' });

/**
 * Reasons step by step before it answers: an output `reasoning` comes before the signature's own. In DSPy's way it is
 * a module whose one predictor is named `<attribute>.predict`. What it makes can be called directly.
 *
 * @example
 * const solve = new ChainOfThought('question -> answer: number');
 * const { reasoning, answer } = await solve({ question: 'What is 6 times 7?' });
 */
export const ChainOfThought = ChainOfThoughtObject as unknown as ChainOfThoughtConstructor;
