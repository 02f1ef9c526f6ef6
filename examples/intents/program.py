from typing import Literal

import dspy


class ClassifyUtterance(dspy.Signature):
    """Classify the user's utterance into one domain."""

    utterance: str = dspy.InputField()
    answer: Literal['banking', 'food', 'travel', 'work', 'home'] = dspy.OutputField()


class Intents(dspy.Module):
    """Names the domain of what a user says to an assistant: one predictor, five labels."""

    def __init__(self):
        super().__init__()
        self.classify = dspy.Predict(ClassifyUtterance)

    def forward(self, utterance):
        return self.classify(utterance=utterance)


def right_domain(example, prediction, trace=None):
    return example.answer == prediction.answer
