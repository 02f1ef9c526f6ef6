import type { ProgramState } from '../data/program.ts';
import { moduleBrand } from './brands.ts';
import { withinModule } from './modulePath.ts';
import { loadOwnState, ownStateOf } from './programState.ts';

type ForwardOf<M> = M extends { forward: infer F extends (inputs: never) => unknown } ? F : never;

/**
 * An LM program, or a part of one: keeps predictors and other modules as attributes (also in lists and plain objects)
 * and calls them in `forward`.
 *
 * @example
 * class Answer extends Module {
 *   answer = new ChainOfThought('question -> answer');
 *   async forward({ question }: { question: string }) {
 *     return this.answer({ question });
 *   }
 * }
 * const { answer } = await new Answer().call({ question: 'Who wrote Dune?' });
 */
export abstract class Module {
  declare readonly [moduleBrand]: true;
  /** Set to true, optimizers leave every predictor in the module as it is. */
  declare frozen?: boolean;

  /** What the module does with its inputs. Run it with `call`, which also notes the module in traces. */
  abstract forward(inputs: never): unknown;

  /** Runs the module: takes what `forward` takes and answers what it answers. */
  call(...inputs: Parameters<ForwardOf<this>>): ReturnType<ForwardOf<this>> {
    return withinModule(this.constructor.name, () => this.forward(inputs[0])) as ReturnType<ForwardOf<this>>;
  }

  /** The same as `call`. */
  run(...inputs: Parameters<ForwardOf<this>>): ReturnType<ForwardOf<this>> {
    return this.call(...inputs);
  }

  /** Instructions, demos and model of every predictor when the program runs on its own. */
  state(): ProgramState {
    return ownStateOf(this);
  }

  /**
   * Takes a state that `bettertogether export --format json` wrote.
   * @throws UsageError when it is not a state, or is one of another program.
   */
  load(state: unknown): void {
    loadOwnState(this, state);
  }
}

Object.defineProperty(Module.prototype, moduleBrand, { value: true });
