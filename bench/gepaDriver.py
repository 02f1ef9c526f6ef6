"""One search of bench/searchWork.ts with DSPy's GEPA alone, as its users would, and prints what it took as JSON.

    python bench/gepaDriver.py '{…as dspyAsked.py has it, "metric", "train", "validation", "rollouts", "minibatch", "seed", "cache"}'

`train` and `validation` are numbers of rows. Besides seconds and score it gives what the search did, in order: what was
scored (the instructions of all predictors and the rows' numbers), where a proposal was asked for, where an iteration began.
The program is scored on dev before the clock starts, as BetterTogether scores it first.
"""

import time

from dspyAsked import answer, asked, evaluate, exported, lm, read, threads

import dspy
from dspy.teleprompt.gepa.gepa_utils import DspyAdapter

steps = []


class Noting:
    """Callbacks of gepa."""

    def on_iteration_start(self, event):
        steps.append({"kind": "iteration"})

    def on_proposal_start(self, event):
        steps.append({"kind": "proposal"})


def note_evaluations():
    run = DspyAdapter.evaluate

    def noted(self, batch, candidate, *rest, **more):
        rows = [example.number for example in batch]
        steps.append({"kind": "evaluation", "instructions": list(candidate.values()), "rows": rows})
        return run(self, batch, candidate, *rest, **more)

    DspyAdapter.evaluate = noted


def numbered(numbers, rows):
    by_number = {row.number: row for row in rows}
    return [by_number[number] for number in numbers]


def main():
    base = lm(cache=asked["cache"])
    dspy.configure(lm=base)
    student, rows, dev = exported(asked["program"])(), read("train"), read("dev")
    metric = exported(asked["metric"])
    note_evaluations()
    optimizer = dspy.GEPA(
        metric=metric,
        reflection_lm=base,
        max_metric_calls=asked["rollouts"],
        reflection_minibatch_size=asked["minibatch"],
        use_merge=False,
        num_threads=threads,
        seed=asked["seed"],
        gepa_kwargs={"callbacks": [Noting()]},
    )
    train, validation = numbered(asked["train"], rows), numbered(asked["validation"], rows)
    evaluate(student, dev, metric)
    began = time.perf_counter()
    found = optimizer.compile(student, trainset=train, valset=validation)
    seconds = time.perf_counter() - began
    answer(seconds=seconds, score=evaluate(found, dev, metric), steps=steps)


main()
