"""One search of bench/searchWork.ts with DSPy's MIPROv2 alone, as its users would, and prints what it took as JSON.

    python bench/miproDriver.py '{…as dspyAsked.py has it, "metric", "train", "validation", "seed", "cache"}'

`train` and `validation` are numbers of rows. The program is scored on dev before the clock starts, as BetterTogether scores
it first.
"""

import time

from dspyAsked import answer, asked, evaluate, exported, lm, read, threads

import dspy


def numbered(numbers, rows):
    by_number = {row.number: row for row in rows}
    return [by_number[number] for number in numbers]


def main():
    base = lm(cache=asked["cache"])
    dspy.configure(lm=base)
    student, rows, dev = exported(asked["program"])(), read("train"), read("dev")
    metric = exported(asked["metric"])
    optimizer = dspy.MIPROv2(metric=metric, auto="light", num_threads=threads, seed=asked["seed"])
    train, validation = numbered(asked["train"], rows), numbered(asked["validation"], rows)
    evaluate(student, dev, metric)
    began = time.perf_counter()
    found = optimizer.compile(student, trainset=train, valset=validation)
    seconds = time.perf_counter() - began
    answer(seconds=seconds, score=evaluate(found, dev, metric), steps=[])


main()
