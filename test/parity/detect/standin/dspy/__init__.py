"""Stands in for DSPy when the corpus is imported: what decides names and lines of predictors, and nothing else.

The attributes that each predictor's constructor sets and the walk of `named_parameters` are those of DSPy 3.
"""

import copy
import sys


def _caller():
    frame = sys._getframe(1)
    while frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


class Module:
    def __init__(self, callbacks=None):
        pass

    def __call__(self, **kwargs):
        return Prediction(**kwargs)

    def named_parameters(self):
        seen, found = set(), []

        def add(name, value):
            if isinstance(value, Predict):
                if id(value) not in seen:
                    seen.add(id(value))
                    found.append((name, value))
            elif isinstance(value, Module):
                for inner, parameter in value.named_parameters():
                    add(f"{name}.{inner}", parameter)

        if isinstance(self, Predict):
            add("self", self)
        for name, value in self.__dict__.items():
            if isinstance(value, (Predict, Module)):
                add(name, value)
            elif isinstance(value, (list, tuple)):
                for i, item in enumerate(value):
                    add(f"{name}[{i}]", item)
            elif isinstance(value, dict):
                for key, item in value.items():
                    add(f"{name}['{key}']", item)
        return found


class Predict(Module):
    def __init__(self, signature, **config):
        self.signature = signature
        self.place = _caller()


class ChainOfThought(Module):
    def __init__(self, signature, **config):
        self.predict = Predict(signature)


class ReAct(Module):
    def __init__(self, signature, tools, max_iters=20):
        self.react = Predict(signature)
        self.extract = ChainOfThought(signature)


class ProgramOfThought(Module):
    def __init__(self, signature, max_iters=3):
        self.code_generate = ChainOfThought(signature)
        self.code_regenerate = ChainOfThought(signature)
        self.generate_output = ChainOfThought(signature)


class Refine(Module):
    def __init__(self, module, N, reward_fn, threshold):
        self.module = module


class _SignatureMeta(type):
    def __call__(cls, text="", instructions=""):
        return text


class Signature(metaclass=_SignatureMeta):
    pass


class Example:
    def __init__(self, **fields):
        self.fields = fields

    def with_inputs(self, *names):
        return copy.copy(self)


class Prediction:
    def __init__(self, **fields):
        self.fields = fields


def InputField(**kwargs):
    return None


OutputField = InputField
