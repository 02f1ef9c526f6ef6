"""Does one work of bench/dspyWork.ts with DSPy alone, as its users would, and prints what it took as JSON.

    python bench/dspyDriver.py '{"what", "folder", "program", "inputs", "baseURL", "inFlight", "t", "v", "search", "sampling"}'

As many threads as calls may be in flight; DSPy's cache is on and empty at the start, as BetterTogether's memo is. Imports
and a first call, which load much of DSPy, are over before the clock starts.
"""

import importlib.util
import json
import os
import random
import resource
import sys
import time

asked = json.loads(sys.argv[1])
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["DSPY_CACHEDIR"] = os.path.join(asked["folder"], "cache")
out = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

import dspy  # noqa: E402
from dspy.clients.provider import Provider  # noqa: E402
from dspy.evaluate import Evaluate  # noqa: E402
from dspy.teleprompt import BootstrapFewShotWithRandomSearch, BootstrapFinetune  # noqa: E402

threads = asked["inFlight"]


class Trainer(Provider):
    """Trains nothing: the endpoint serves `tuned` from the start."""

    def __init__(self):
        super().__init__()
        self.finetunable = True

    @staticmethod
    def finetune(job, model, train_data, train_data_format, train_kwargs=None):
        return "openai/tuned"


def read(split):
    with open(os.path.join(asked["folder"], "data", f"{split}.jsonl")) as lines:
        return [dspy.Example(**json.loads(line)).with_inputs(*asked["inputs"]) for line in lines]


def program():
    file, name = asked["program"].split("#")
    spec = importlib.util.spec_from_file_location("program", os.path.join(asked["folder"], file))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)()


def metric(example, prediction, trace=None):
    return example.answer == prediction.answer


def evaluate(student, rows):
    return Evaluate(devset=rows, metric=metric, num_threads=threads)(student).score


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


def together(student, lm, train, dev):
    """p, w and p with BetterTogether's steps and order, and the last p on the tuned LM as the paper has it.

    BetterTogether itself searches there on the LM that was configured (see docs/differences-from-dspy.md, F1), whose
    answers are in the cache already.
    """
    rng = random.Random(0)
    scores = [evaluate(student, dev)]
    searched = search(student, shuffled(rng, train))
    searched.set_lm(lm)
    scores.append(evaluate(searched, dev))
    searched._compiled = False
    finetune = BootstrapFinetune(metric=metric, num_threads=threads, exclude_demos=True)
    tuned = finetune.compile(searched, trainset=shuffled(rng, train))
    scores.append(evaluate(tuned, dev))
    tuned_lm = tuned.predictors()[0].lm
    tuned._compiled = False
    with dspy.context(lm=tuned_lm):
        final = search(tuned.reset_copy(), shuffled(rng, train))
        scores.append(evaluate(final, dev))
    return scores[-1]


def main():
    sampling = asked["sampling"]
    lm = dspy.LM(
        "openai/base",
        api_base=asked["baseURL"],
        api_key="none",
        provider=Trainer(),
        temperature=sampling["temperature"],
        top_p=sampling["topP"],
        max_tokens=sampling["maxTokens"],
    )
    dspy.configure(lm=lm)
    student, train, dev = program(), read("train"), read("dev")
    lm("warm up")
    wall, cpu = time.perf_counter(), time.process_time()
    if asked["what"] == "evaluate":
        score = evaluate(student, dev)
    elif asked["what"] == "search":
        best = search(student, shuffled(random.Random(0), train))
        score = best.candidate_programs[0]["score"]
    else:
        student.set_lm(lm)
        score = together(student, lm, train, dev)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    out.write(json.dumps({"seconds": wall, "cpu": cpu, "peak": round(peak), "score": score}))
    out.flush()


main()
