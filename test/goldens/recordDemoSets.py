"""Records the demo sets that DSPy's MIPROv2 chooses from: `demoSets.json`.

    pip install dspy==3.4.1
    python test/goldens/recordDemoSets.py > test/goldens/demoSets.json

A program with two predictors on the rows q0 to q9, by a metric that all traces pass, and by one that those of odd rows
pass. Of each case the sets, and in each by predictor its demos: the question, and whether it was bootstrapped.
"""
import json
import os
import random
import sys

os.environ["TQDM_DISABLE"] = "1"
_out, sys.stdout = sys.stdout, sys.stderr

import dspy  # noqa: E402
from dspy.teleprompt.utils import create_n_fewshot_demo_sets  # noqa: E402


class _Predictor(dspy.Predict):
    def forward(self, **inputs):
        answer = dspy.Prediction(answer="said")
        if dspy.settings.trace is not None:
            dspy.settings.trace.append((self, inputs, answer))
        return answer


class _Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.a = _Predictor("question -> answer")
        self.b = _Predictor("question -> answer")

    def forward(self, question):
        self.a(question=question)
        return self.b(question=question)


ROWS = [dspy.Example(question=f"q{i}", answer=f"a{i}").with_inputs("question") for i in range(10)]
METRICS = {"all": lambda row, _, trace=None: True, "odd": lambda row, _, trace=None: int(row.question[1:]) % 2 == 1}


def record(seed, sets, bootstrapped, labeled, metric):
    rng = random.Random(seed)
    made = create_n_fewshot_demo_sets(
        student=_Program(), num_candidate_sets=sets, trainset=ROWS, max_labeled_demos=labeled,
        max_bootstrapped_demos=bootstrapped, metric=METRICS[metric], teacher_settings={}, seed=seed, rng=rng,
    )
    demos = [
        {name: [[demo.question, bool(demo.get("augmented", False))] for demo in made[i][place]] for i, name in enumerate("ab")}
        for place in range(sets)
    ]
    return {
        "seed": seed, "sets": sets, "maxBootstrappedDemos": bootstrapped, "maxLabeledDemos": labeled, "metric": metric,
        "demos": demos,
    }


CASES = [(9, 6, 4, 4, "all"), (3, 8, 2, 5, "odd"), (1, 6, 3, 0, "odd"), (7, 5, 3, 0, "all"), (2, 12, 4, 4, "odd")]
json.dump([record(*case) for case in CASES], _out, separators=(",", ":"))
_out.write("\n")
