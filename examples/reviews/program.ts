import { Module, Predict, signature } from 'bettertogether';

/** Says whether a short review is positive or negative: one predictor, nothing that holds the LM to the two words. */
export class Reviews extends Module {
  classify = new Predict(
    signature('review -> sentiment', {
      instructions: 'Classify the sentiment of the review.',
      descriptions: { sentiment: 'positive or negative' },
    }),
  );

  async forward({ review }: { review: string }) {
    return this.classify({ review });
  }
}
