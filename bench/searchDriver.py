"""What bench/gepaDriver.py and bench/miproDriver.py share: a search with an optimizer of DSPy's alone, as its users would."""

import time

from dspyAsked import answer, asked, evaluate, exported, lm, read

import dspy


def search(made, steps):
    """Prints what it took. `made(metric, lm)` is the optimizer; `steps` is filled while it searches."""
    base = lm(cache=asked["cache"])
    dspy.configure(lm=base)
    student, rows, dev = exported(asked["program"])(), read("train"), read("dev")
    metric = exported(asked["metric"])
    optimizer = made(metric, base)
    train = _numbered(asked["train"], rows)
    validation = None if asked["validation"] is None else _numbered(asked["validation"], rows)
    evaluate(student, dev, metric)
    began = time.perf_counter()
    found = optimizer.compile(student, trainset=train, valset=validation)
    seconds = time.perf_counter() - began
    answer(seconds=seconds, score=evaluate(found, dev, metric), steps=steps)


def _numbered(numbers, rows):
    by_number = {row.number: row for row in rows}
    return [by_number[number] for number in numbers]
