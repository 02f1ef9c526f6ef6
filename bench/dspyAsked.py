"""What a driver of native DSPy in this folder is asked, and what its user would write first.

    python bench/<driver>.py '{"folder", "program", "inputs", "baseURL", "inFlight", "sampling", …}'

As many threads as calls may be in flight. Imports are over before a driver starts its clock. What it prints goes nowhere;
`answer` writes one JSON object to standard output.
"""

import importlib.util
import json
import os
import sys

asked = json.loads(sys.argv[1])
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["DSPY_CACHEDIR"] = os.path.join(asked["folder"], "cache")
_out = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

import dspy  # noqa: E402
from dspy.evaluate import Evaluate  # noqa: E402

threads = asked["inFlight"]


def lm(**more):
    sampling = asked["sampling"]
    return dspy.LM(
        "openai/base",
        api_base=asked["baseURL"],
        api_key="none",
        temperature=sampling["temperature"],
        top_p=sampling["topP"],
        max_tokens=sampling["maxTokens"],
        **more,
    )


def read(split):
    with open(os.path.join(asked["folder"], "data", f"{split}.jsonl")) as lines:
        return [dspy.Example(**json.loads(line)).with_inputs(*asked["inputs"]) for line in lines]


def exported(place):
    """What a file of the folder exports: `file#name`."""
    file, name = place.split("#")
    spec = importlib.util.spec_from_file_location(file.removesuffix(".py"), os.path.join(asked["folder"], file))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def evaluate(student, rows, metric):
    return Evaluate(devset=rows, metric=metric, num_threads=threads)(student).score


def answer(**facts):
    _out.write(json.dumps(facts))
    _out.flush()
