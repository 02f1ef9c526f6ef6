"""Does with the installed DSPy what a line of JSON on stdin asks for, and answers with a line of JSON.

A line is {"scenario", "baseURL", ...}: LM calls go to the endpoint at baseURL, as a DSPy user's would. Scenarios are
the functions of this file whose names do not begin with an underscore.
"""

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
_out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what DSPy prints is no answer

import logging  # noqa: E402

import dspy  # noqa: E402
import pydantic  # noqa: E402
from dspy.clients.provider import Provider  # noqa: E402
from dspy.evaluate import Evaluate  # noqa: E402
from dspy.teleprompt import BetterTogether, BootstrapFewShot, BootstrapFewShotWithRandomSearch, LabeledFewShot  # noqa: E402
from dspy.teleprompt import BootstrapFinetune  # noqa: E402
from dspy.teleprompt.teleprompt import Teleprompter  # noqa: E402

sys.path.append(str(Path(__file__).parents[2] / "fixtures" / "programs"))
from two import Two, metric as _exact  # noqa: E402

logging.disable(logging.CRITICAL)


class Twice(Two):
    """Asks for a hint twice, so that the second call of a trace is not the second predictor's."""

    def forward(self, question):
        self.hint(question=question)
        return self.answer(question=question, hint=self.hint(question="again " + question).hint)


_PROGRAMS = {"two": Two, "twice": Twice}


class _Trainer(Provider):
    """Trains nothing; remembers what it was asked to."""

    jobs = []

    def __init__(self):
        super().__init__()
        self.finetunable = True

    @staticmethod
    def finetune(job, model, train_data, train_data_format, train_kwargs=None):
        _Trainer.jobs.append({"model": model.removeprefix("openai/"), "rows": train_data, "kwargs": train_kwargs or {}})
        return f"openai/tuned-{len(_Trainer.jobs)}"


def _lm(asked, model="base", **more):
    settings = {"api_base": asked["baseURL"], "api_key": "none", "cache": False, "temperature": 0.1}
    return dspy.LM(f"openai/{model}", provider=_Trainer(), **{**settings, **more})


def _examples(rows):
    return [dspy.Example(**row).with_inputs("question") for row in rows]


def _odd(example, prediction, trace=None):
    return int(example.question.split()[-1]) % 2 == 1


_METRICS = {"exact": _exact, "odd": _odd, "never": lambda *_: False, "always": lambda *_: True}


def _throwing(*_):
    raise RuntimeError("the metric is broken")


_METRICS["throws"] = _throwing


def _student(asked, lm=None, **_):
    program = _PROGRAMS[asked.get("program", "two")]()
    if lm is not None:
        program.set_lm(lm)
    return program


def _demos(program):
    return {name: [_demo(demo) for demo in predictor.demos] for name, predictor in program.named_predictors()}


def _demo(demo):
    fields = dict(demo)
    return {"augmented": bool(fields.pop("augmented", False)), "fields": fields}


def _models(program):
    return [predictor.lm and predictor.lm.model.removeprefix("openai/") for predictor in program.predictors()]


def _search(asked, **more):
    p = asked["p"]
    return BootstrapFewShotWithRandomSearch(
        metric=_METRICS[asked.get("metric", "exact")],
        max_bootstrapped_demos=p["maxBootstrappedDemos"],
        max_labeled_demos=p["maxLabeledDemos"],
        num_candidate_programs=p["candidates"],
        max_rounds=p.get("rounds", 1),
        num_threads=4,
        **more,
    )


def ready(asked):
    return dspy.__version__


# --- what is the same


def labeled(asked):
    return _demos(LabeledFewShot(k=asked["k"]).compile(_student(asked), trainset=_examples(asked["train"])))


def bootstrap(asked):
    optimizer = BootstrapFewShot(
        metric=_METRICS[asked.get("metric", "exact")],
        max_bootstrapped_demos=asked["maxBootstrapped"],
        max_labeled_demos=asked["maxLabeled"],
    )
    with dspy.context(lm=_lm(asked)):
        return _demos(optimizer.compile(_student(asked), trainset=_examples(asked["train"])))


def search(asked):
    with dspy.context(lm=_lm(asked)):
        found = _search(asked).compile(
            _student(asked), trainset=_examples(asked["train"]), valset=_examples(asked["validation"])
        )
    candidates = {
        each["seed"]: {"score": each["score"], "demos": _demos(each["program"])} for each in found.candidate_programs
    }
    return {"candidates": candidates, "best": _demos(found)}


def finetune_rows(asked):
    """The rows of BootstrapFinetune as in the paper: without demos."""
    _Trainer.jobs = []
    optimizer = BootstrapFinetune(metric=_METRICS[asked.get("metric", "exact")], exclude_demos=True, num_threads=4)
    optimizer.compile(_student(asked, _lm(asked)), trainset=_examples(asked["train"]))
    return [row["messages"] for row in _Trainer.jobs[0]["rows"]]


def scores(asked):
    """What Evaluate makes of metric values, one list after the other."""

    class Nothing(dspy.Module):
        def forward(self, value):
            return dspy.Prediction(value=value)

    results = []
    for values in asked["values"]:
        rows = [dspy.Example(value=value).with_inputs("value") for value in values]
        evaluate = Evaluate(devset=rows, metric=lambda example, prediction, trace=None: prediction.value, num_threads=1)
        results.append(evaluate(Nothing()).score)
    return results


class _Recorder(Teleprompter):
    """An optimizer that only looks at what it is given."""

    def __init__(self):
        self.seen = []

    def compile(self, student, *, trainset, valset=None):
        self.seen.append({"train": [e.question for e in trainset], "validation": [e.question for e in valset or []]})
        return student


class _Taker(Teleprompter):
    def __init__(self):
        self.seen = []

    def compile(self, student, **kwargs):
        self.seen.append(sorted(kwargs))
        return student


def shuffles(asked):
    recorder = _Recorder()
    together = BetterTogether(metric=_METRICS["always"], p=recorder, w=recorder)
    together.compile(
        _student(asked, _lm(asked)),
        trainset=_examples(asked["train"]),
        valset=_examples(asked["validation"]) if asked.get("validation") else None,
        strategy=asked["strategy"],
        seed=asked["seed"],
        valset_ratio=asked.get("ratio", 0.1),
    )
    return recorder.seen


def ties(asked):
    """Which of several programs with equal scores BetterTogether returns."""
    together = BetterTogether(metric=_METRICS["always"], p=_Recorder(), w=_Recorder())
    best = together.compile(
        _student(asked, _lm(asked)), trainset=_examples(asked["train"]), valset=_examples(asked["train"]),
        strategy="p -> w -> p", seed=0,
    )
    return [{"strategy": each["strategy"], "score": each["score"]} for each in best.candidate_programs]


class Person(pydantic.BaseModel):
    name: str
    age: int


def predict(asked):
    """One call of a Predict; the outputs, or the error where no answer could be read."""
    signature = dspy.Signature(asked["signature"], custom_types={"Person": Person})
    with dspy.context(lm=_lm(asked, max_tokens=64)):
        try:
            made = dict(dspy.Predict(signature)(**asked["inputs"]))
        except dspy.utils.exceptions.AdapterParseError as error:
            return {"error": str(error)}
    return {"outputs": {name: v.model_dump() if isinstance(v, Person) else v for name, v in made.items()}}


# --- what is not: findings F1 to F16 of docs/differences-from-dspy.md


def _together(asked, student, lm, **w):
    _Trainer.jobs = []
    finetune = BootstrapFinetune(**{"metric": _METRICS[asked.get("metric", "exact")], "num_threads": 4, **w})
    optimizer = BetterTogether(metric=_METRICS[asked.get("metric", "exact")], p=_search(asked), w=finetune)
    with dspy.context(lm=lm):
        made = optimizer.compile(
            student, trainset=_examples(asked["train"]), valset=_examples(asked["validation"]),
            strategy=asked["strategy"], seed=0, num_threads=4,
        )
    return {
        "scores": {each["strategy"]: each["score"] for each in made.candidate_programs},
        "errorFlag": made.flag_compilation_error_occurred,
        "models": _models(made),
        "jobs": [{"model": job["model"], "rows": len(job["rows"])} for job in _Trainer.jobs],
    }


def together(asked):
    """p, w and p with an LM on the student and the same one configured, as DSPy's tutorials do."""
    lm = _lm(asked, **asked.get("lm", {}))
    return _together(asked, _student(asked, lm), lm, **asked.get("w", {}))


def together_keyed(asked):
    """Training settings for each LM, in the dictionary that BootstrapFinetune takes for it."""
    lm = _lm(asked)
    return _together(asked, _student(asked, lm), lm, train_kwargs={lm: {"n_epochs": 3}})


def finetune(asked):
    """One w step on its own; the error where it fails."""
    _Trainer.jobs = []
    student = _student(asked, _lm(asked))
    before = _models(student)
    for predictor in student.predictors() if asked.get("demo") else []:
        predictor.demos = [dspy.Example(**asked["demo"])]
    optimizer = BootstrapFinetune(
        metric=_METRICS[asked.get("metric", "exact")], num_threads=4, **asked.get("w", {})
    )
    error = None
    try:
        optimizer.compile(student, trainset=_examples(asked["train"]))
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"
    jobs = [{"model": job["model"], "rows": [row["messages"] for row in job["rows"]]} for job in _Trainer.jobs]
    demos = [len(predictor.demos) for predictor in student.predictors()]
    return {"error": error, "jobs": jobs, "before": before, "after": _models(student), "demos": demos}


def metric_traces(asked):
    """Whether the metric is given a trace, optimizer by optimizer."""
    seen = {"finetune": [], "bootstrap": []}

    def looking(name):
        def metric(example, prediction, trace=None):
            seen[name].append(trace is not None)
            return True

        return metric

    lm = _lm(asked)
    rows = _examples(asked["train"])
    BootstrapFinetune(metric=looking("finetune"), num_threads=1).compile(_student(asked, lm), trainset=rows)
    with dspy.context(lm=lm):
        BootstrapFewShot(metric=looking("bootstrap"), max_bootstrapped_demos=1, max_labeled_demos=0).compile(
            _student(asked), trainset=rows
        )
    return {name: sorted(set(values)) for name, values in seen.items()}


def rounds(asked):
    """Two rounds, with a teacher LM, for a student whose predictors have an LM of their own."""
    optimizer = BootstrapFewShot(
        metric=_METRICS["never"], max_bootstrapped_demos=1, max_labeled_demos=0, max_rounds=2,
        teacher_settings={"lm": _lm(asked, "teacher")},
    )
    lm = _lm(asked)
    with dspy.context(lm=lm):
        optimizer.compile(_student(asked), teacher=_student(asked, lm), trainset=_examples(asked["train"]))
    return None


def reload(asked):
    """Saves a program with a tuned LM and loads it again."""
    program = _student(asked, _lm(asked, "tuned-1"))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "state.json")
        program.save(path)
        loaded = _student(asked)
        loaded.load(path)
    lm = loaded.predictors()[0].lm
    return {
        "model": lm.model, "apiBase": lm.kwargs.get("api_base"), "provider": type(lm.provider).__name__,
        "before": program.predictors()[0].lm.kwargs.get("api_base"),
    }


def load_state(asked):
    """Loads a state we exported, on the LM that serves it, and answers a question."""
    program = _student(asked)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "state.json")
        with open(path, "w") as file:
            json.dump(asked["state"], file)
        program.load(path)
    program.set_lm(_lm(asked, asked["model"]))
    return {"demos": _demos(program), "answer": program(question=asked["question"]).answer}


def keyword_arguments(asked):
    taker = _Taker()
    BetterTogether(metric=_METRICS["always"], p=taker).compile(
        _student(asked, _lm(asked)), trainset=_examples(asked["train"]), strategy="p", seed=0
    )
    return taker.seen


def _main():
    scenarios = {name: f for name, f in globals().items() if callable(f) and getattr(f, "__module__", "") == "__main__"}
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"result": scenarios[asked["scenario"]](asked)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        _out.write(json.dumps(answer) + "\n")
        _out.flush()


_main()
