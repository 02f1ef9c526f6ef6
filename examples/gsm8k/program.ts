import { ChainOfThought, Module } from 'bettertogether';

/** Grade-school maths word problems: one chain of thought, the second program of the BetterTogether paper. */
export class GSM8K extends Module {
  generate_answer = new ChainOfThought('question -> answer');

  async forward({ question }: { question: string }) {
    return this.generate_answer({ question });
  }
}
