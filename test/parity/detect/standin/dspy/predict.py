from dspy import ChainOfThought, Predict, ReAct

__all__ = ["ChainOfThought", "Predict", "ReAct"]
