"""Does one work of bench/dspyWork.ts with DSPy alone, as its users would, and prints what it took as JSON.

    python bench/dspyDriver.py '{"what", "folder", "program", "inputs", "baseURL", "inFlight", "t", "v", "search", "sampling"}'

As many threads as calls may be in flight; DSPy's cache is on and empty at the start, as BetterTogether's memo is. Imports
and a first call, which load much of DSPy, are over before the clock starts.
"""

import random
import resource
import sys
import time

from dspyAsked import answer, asked, evaluate, exported, lm, read, threads

import dspy
from dspy.clients.provider import Provider
from dspy.teleprompt import BootstrapFewShotWithRandomSearch, BootstrapFinetune


class Trainer(Provider):
    """Trains nothing: the endpoint serves `tuned` from the start."""

    def __init__(self):
        super().__init__()
        self.finetunable = True

    @staticmethod
    def finetune(job, model, train_data, train_data_format, train_kwargs=None):
        return "openai/tuned"


def metric(example, prediction, trace=None):
    return example.answer == prediction.answer


def search(student, rows):
    limits = asked["search"]
    optimizer = BootstrapFewShotWithRandomSearch(
        metric=metric,
        max_bootstrapped_demos=limits["maxBootstrappedDemos"],
        max_labeled_demos=limits["maxLabeledDemos"],
        num_candidate_programs=limits["candidates"],
        num_threads=threads,
    )
    return optimizer.compile(student, trainset=rows[: asked["t"]], valset=rows[asked["t"] : asked["t"] + asked["v"]])


def shuffled(rng, rows):
    rng.shuffle(rows)
    return rows


def together(student, base, train, dev):
    """p, w and p with BetterTogether's steps and order, and the last p on the tuned LM as the paper has it.

    BetterTogether itself searches there on the LM that was configured (see docs/differences-from-dspy.md, F1), whose
    answers are in the cache already.
    """
    rng = random.Random(0)
    scores = [evaluate(student, dev, metric)]
    searched = search(student, shuffled(rng, train))
    searched.set_lm(base)
    scores.append(evaluate(searched, dev, metric))
    searched._compiled = False
    finetune = BootstrapFinetune(metric=metric, num_threads=threads, exclude_demos=True)
    tuned = finetune.compile(searched, trainset=shuffled(rng, train))
    scores.append(evaluate(tuned, dev, metric))
    tuned_lm = tuned.predictors()[0].lm
    tuned._compiled = False
    with dspy.context(lm=tuned_lm):
        final = search(tuned.reset_copy(), shuffled(rng, train))
        scores.append(evaluate(final, dev, metric))
    return scores[-1]


def main():
    base = lm(provider=Trainer())
    dspy.configure(lm=base)
    student, train, dev = exported(asked["program"])(), read("train"), read("dev")
    base("warm up")
    wall, cpu = time.perf_counter(), time.process_time()
    if asked["what"] == "evaluate":
        score = evaluate(student, dev, metric)
    elif asked["what"] == "search":
        best = search(student, shuffled(random.Random(0), train))
        score = best.candidate_programs[0]["score"]
    else:
        student.set_lm(base)
        score = together(student, base, train, dev)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    answer(seconds=wall, cpu=cpu, peak=round(peak), score=score)


main()
