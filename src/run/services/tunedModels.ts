import type { ProgramDescription, ProgramState } from '../../data/program.ts';
import type { ProgramHost } from '../../host/hostClient.ts';

/**
 * Which of the models that are asked were tuned from the run's base: those that states put in the place of the
 * program's own LM, whether a weight step of this session trained them, an earlier one did, or they are of a state that was
 * given. An LM that the program's author named (a judge) is not among them, and has nothing of the base's.
 */
export class TunedModels {
  readonly #base: string;
  /** Predictors that answer with the program's LM. */
  readonly #predictors: readonly string[];
  readonly #authors: ReadonlySet<string>;
  readonly #tuned = new Set<string>();

  constructor({ predictors }: ProgramDescription, base: string) {
    this.#base = base;
    this.#predictors = predictors.filter(({ model }) => model === undefined).map(({ name }) => name);
    this.#authors = new Set(predictors.flatMap(({ model }) => (model === undefined ? [] : [model])));
  }

  /** The same program; what its runs are given is taken note of before they ask. */
  watch(program: ProgramHost): ProgramHost {
    return {
      describe: () => program.describe(),
      run: (request, lm, signal) => {
        this.#note(request.state);
        return program.run(request, lm, signal);
      },
      renderRows: (requests) => program.renderRows(requests),
      renderPrompt: (request) => program.renderPrompt(request),
      close: () => program.close(),
    };
  }

  /** The base of a tuned model; `null` for any other. */
  readonly baseOf = (model: string): string | null => (this.#tuned.has(model) ? this.#base : null);

  #note({ predictors }: ProgramState): void {
    for (const name of this.#predictors) {
      const model = predictors[name]?.model;
      if (model !== undefined && model !== this.#base && !this.#authors.has(model)) this.#tuned.add(model);
    }
  }
}
