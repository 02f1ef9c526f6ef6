"""One search of bench/searchWork.ts with DSPy's GEPA alone, as its users would, and prints what it took as JSON.

    python bench/gepaDriver.py '{…as dspyAsked.py has it, "metric", "train", "validation", "rollouts", "minibatch", "seed", "cache"}'

`train` and `validation` are numbers of rows; where `validation` is null DSPy validates on those of `train`. Besides
seconds and score it gives what the search did, in order: what was scored (the instructions of all predictors and the
rows' numbers), where a proposal was asked for, where an iteration began.
The program is scored on dev before the clock starts, as BetterTogether scores it first.
"""

from dspyAsked import asked, threads
from searchDriver import search

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


def gepa(metric, lm):
    note_evaluations()
    return dspy.GEPA(
        metric=metric,
        reflection_lm=lm,
        max_metric_calls=asked["rollouts"],
        reflection_minibatch_size=asked["minibatch"],
        use_merge=False,
        num_threads=threads,
        seed=asked["seed"],
        gepa_kwargs={"callbacks": [Noting()]},
    )


search(gepa, steps)
