import { Module, Predict, signature } from 'bettertogether';

/** Names the domain of what a user says to an assistant: one predictor, five labels. */
export class Intents extends Module {
  classify = new Predict(
    signature("utterance -> answer: 'banking' | 'food' | 'travel' | 'work' | 'home'", {
      instructions: "Classify the user's utterance into one domain.",
      prefixes: { answer: 'Domain:' },
    }),
  );

  async forward({ utterance }: { utterance: string }) {
    return this.classify({ utterance });
  }
}
