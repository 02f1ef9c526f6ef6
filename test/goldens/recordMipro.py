"""Records what MIPROv2 draws and does, and what optuna and numpy draw for it: `mipro.json`.

    pip install dspy==3.4.1 optuna==5.0.0
    LITELLM_LOCAL_MODEL_COST_MAP=True python test/goldens/recordMipro.py > test/goldens/mipro.json
"""
import json
import math
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
ORACLE = Path(__file__).parents[1] / "parity" / "mipro" / "oracle.py"
SIZES = {"train": 12, "predictors": 2, "maxBootstrappedDemos": 3, "maxLabeledDemos": 4, "levels": 5}
SETUPS = [
    {"seed": 3, "auto": "light", "candidates": None, "trials": None, "validation": 55, "minibatch": {"size": 9, "fullEvery": 5}},
    {"seed": 4, "auto": None, "candidates": 4, "trials": 15, "validation": 6, "minibatch": None, "maxLabeledDemos": 0},
]
# Choices of each parameter, seed, trials.
STUDIES = [([6], 0, 40), ([3, 6, 3, 6], 1, 60), ([4, 1, 5], 2, 60), ([3] * 11, 3, 40), ([5, 7], 2**32 - 1, 300)]


def numbers(count):
    """Some that have no short binary fraction: their order decides what they add up to."""
    return [1 / (place * place + 3) for place in range(count)]


def drawn(seed):
    random = numpy.random.RandomState()
    random.seed(seed)
    given = {"uniform": random.uniform(numpy.zeros(3), numpy.ones(3)).tolist()}
    given["choice"] = random.choice(5, p=[0.1, 0.2, 0.3, 0.15, 0.25], size=12).tolist()
    return given | {"rand": random.rand(3).tolist()}


def study(choices, seed, trials):
    made = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, multivariate=True))
    names = [f"{place}_predictor_instruction" for place in range(len(choices))]

    def objective(trial):
        values = [trial.suggest_categorical(name, range(count)) for name, count in zip(names, choices)]
        return round(50 + 40 * math.sin(sum((place + 2) * value for place, value in enumerate(values))), 1)

    made.optimize(objective, n_trials=trials)
    return [[[trial.params[name] for name in names], trial.value] for trial in made.trials]


def searches():
    setups = [SIZES | setup for setup in SETUPS]
    ran = subprocess.run([sys.executable, "-W", "ignore", ORACLE], input=json.dumps(setups), capture_output=True, text=True, check=True)
    return [{"setup": setup, "answer": answer} for setup, answer in zip(setups, json.loads(ran.stdout)["answers"])]


if __name__ == "__main__":
    versions = {name: version(name) for name in ("dspy", "optuna", "numpy")}
    random = {seed: drawn(seed) for seed in (0, 1, 2**32 - 1)}
    sums = {count: float(numpy.array(numbers(count)).sum()) for count in (1, 7, 8, 15, 24, 100, 128, 129, 200, 301)}
    studies = [{"choices": choices, "seed": seed, "trials": study(choices, seed, trials)} for choices, seed, trials in STUDIES]
    json.dump({"versions": versions, "random": random, "sums": sums, "studies": studies, "searches": searches()}, sys.stdout, separators=(",", ":"))
