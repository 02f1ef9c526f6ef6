import { ChainOfThought, Module, signature } from 'bettertogether';

/** Fisher's irises by their measurements: the smallest of the three programs of the BetterTogether paper. */
export class Iris extends Module {
  generate_answer = new ChainOfThought(
    signature('petal_length, petal_width, sepal_length, sepal_width -> answer', {
      instructions: 'Given the petal and sepal dimensions in cm, predict the iris species.',
      descriptions: { answer: 'setosa, versicolor, or virginica' },
    }),
  );

  async forward(inputs: { petal_length: string; petal_width: string; sepal_length: string; sepal_width: string }) {
    return this.generate_answer(inputs);
  }
}
