import dspy


class PredictSpecies(dspy.Signature):
    """Given the petal and sepal dimensions in cm, predict the iris species."""

    petal_length = dspy.InputField()
    petal_width = dspy.InputField()
    sepal_length = dspy.InputField()
    sepal_width = dspy.InputField()
    answer = dspy.OutputField(desc='setosa, versicolor, or virginica')


class Iris(dspy.Module):
    """Fisher's irises by their measurements: the smallest of the three programs of the BetterTogether paper."""

    def __init__(self):
        super().__init__()
        self.generate_answer = dspy.ChainOfThought(PredictSpecies)

    def forward(self, petal_length, petal_width, sepal_length, sepal_width):
        return self.generate_answer(
            petal_length=petal_length,
            petal_width=petal_width,
            sepal_length=sepal_length,
            sepal_width=sepal_width,
        )
