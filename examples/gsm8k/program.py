import dspy


class GSM8K(dspy.Module):
    """Grade-school maths word problems: one chain of thought, the second program of the BetterTogether paper."""

    def __init__(self):
        super().__init__()
        self.generate_answer = dspy.ChainOfThought('question -> answer')

    def forward(self, question):
        return self.generate_answer(question=question)
