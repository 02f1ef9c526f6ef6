"""Runs the installed DSPy's MIPROv2 on scripted programs with a scripted proposer: setups on stdin, what it did on stdout.

test/fakes/scriptedMipro.ts is the same script: a score is a hash of the combination and the row. No LM is asked: predictors
answer by themselves, and every question of the proposer gets a valid answer.
"""

import hashlib
import importlib.metadata
import json
import os
import re
import sys
from types import SimpleNamespace
from unittest import mock

os.environ["TQDM_DISABLE"] = "1"
_out = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what DSPy prints is no answer

import logging  # noqa: E402

import dspy  # noqa: E402
from dspy.propose import grounded_proposer  # noqa: E402
from dspy.teleprompt import mipro_optimizer_v2 as mipro  # noqa: E402
from dspy.teleprompt import utils  # noqa: E402

logging.disable(logging.CRITICAL)


def _score(places, row, levels):
    parts = json.dumps([places, *row], separators=(",", ":"))
    return hashlib.sha256(parts.encode()).digest()[0] % levels / (levels - 1)


class _Predictor(dspy.Predict):
    def forward(self, **inputs):
        answer = dspy.Prediction(answer="none")
        if dspy.settings.trace is not None:
            dspy.settings.trace.append((self, inputs, answer))
        return answer


class _Program(dspy.Module):
    """Its score on a row is that of the combination that it is told it has; null for the program as it was given."""

    def __init__(self, setup):
        super().__init__()
        self.levels = setup["levels"]
        self.places = None
        self.steps = [
            _Predictor(dspy.Signature("row -> answer", f"Step {step}.")) for step in range(setup["predictors"])
        ]

    def forward(self, row):
        if self.places is None:  # nothing is learned from the traces of others
            for step in self.steps:
                step(row=row)
        return dspy.Prediction(score=_score(self.places, row, self.levels))


class _Proposer(dspy.BaseLM):
    """Answers with the field that it is asked for, no two answers alike, and notes what its copies are made with."""

    def __init__(self, notes):
        super().__init__("scripted")
        self.notes = notes

    def copy(self, **more):
        if "rollout_id" in more:
            self.notes["rollouts"].append(more["rollout_id"])
        return super().copy(**more)

    def forward(self, prompt=None, messages=None, **kwargs):
        self.notes["answers"] += 1
        *_, field, _ = re.findall(r"\[\[ ## (\w+) ## \]\]", messages[-1]["content"])
        text = f"[[ ## {field} ## ]]\nAnswer {self.notes['answers']}\n\n[[ ## completed ## ]]"
        choice = SimpleNamespace(message=SimpleNamespace(content=text), finish_reason="stop")
        return SimpleNamespace(choices=[choice], usage={}, model=self.model)


class _Optimizer(mipro.MIPROv2):
    """Notes what each step of MIPROv2 is called with and gives, and changes none."""

    def __init__(self, notes, **more):
        super().__init__(**more)
        self.notes = notes
        self.is_full = False

    def _bootstrap_fewshot_examples(self, program, trainset, *args, **more):
        sets = super()._bootstrap_fewshot_examples(program, trainset, *args, **more)
        self.notes["demos"] = [[[demo.row[1] for demo in demos] for demos in of] for of in sets.values()]
        return sets

    def _propose_instructions(self, *args, **more):
        instructions = super()._propose_instructions(*args, **more)
        self.notes["instructions"] = list(instructions.values())
        return instructions

    def _select_and_insert_instructions_and_demos(self, candidate, *args):
        chosen, raw = super()._select_and_insert_instructions_and_demos(candidate, *args)
        candidate.places = list(raw.values())
        return chosen, raw

    def _perform_full_evaluation(self, *args):
        self.is_full = True
        found = super()._perform_full_evaluation(*args)
        self.is_full = False
        return found


def _evaluate(notes, optimizer):
    class Evaluate(dspy.Evaluate):
        def __call__(self, program, **more):
            result = super().__call__(program, **more)
            kind = "start" if not notes["trials"] else "full" if optimizer().is_full else "trial"
            rows = [example.row[1] for example in more["devset"]]
            notes["trials"].append({"kind": kind, "places": program.places, "rows": rows, "score": result.score})
            return result

    return Evaluate


def _demo_makers(notes):
    class Labels(utils.LabeledFewShot):
        def compile(self, student, **more):
            notes["plans"].append({"source": "labels"})
            return super().compile(student, **more)

    class Bootstrap(utils.BootstrapFewShot):
        def compile(self, student, *, teacher=None, trainset):
            rows = [example.row[1] for example in trainset]
            notes["plans"].append({"source": "bootstrap", "rows": rows, "size": self.max_bootstrapped_demos})
            return super().compile(student, teacher=teacher, trainset=trainset)

    return {"LabeledFewShot": Labels, "BootstrapFewShot": Bootstrap}


def _grounded_proposer(notes):
    class Proposer(grounded_proposer.GroundedProposer):
        def propose_instruction_for_predictor(self, *, pred_i, tip, **more):
            place = list(grounded_proposer.TIPS.values()).index(tip)
            notes["tips"].append([pred_i, place])
            return super().propose_instruction_for_predictor(pred_i=pred_i, tip=tip, **more)

    return Proposer


def _rows(of, count):
    return [dspy.Example(row=[of, row], answer="none").with_inputs("row") for row in range(count)]


def _run(setup):
    notes = {"trials": [], "plans": [{"source": "zeroShot"}], "tips": [], "rollouts": [], "answers": 0, "error": None}
    levels = setup["levels"]
    lm = _Proposer(notes)
    optimizer = _Optimizer(
        notes,
        metric=lambda example, answer, trace=None: answer.score if trace is None else answer.score > 0,
        prompt_model=lm,
        task_model=lm,
        auto=setup["auto"],
        num_candidates=setup["candidates"],
        max_bootstrapped_demos=setup["maxBootstrappedDemos"],
        max_labeled_demos=setup["maxLabeledDemos"],
        num_threads=1,
        seed=setup["seed"],
    )
    patches = [mock.patch.object(utils, name, maker) for name, maker in _demo_makers(notes).items()]
    patches += [mock.patch.object(mipro, "Evaluate", _evaluate(notes, lambda: optimizer))]
    patches += [mock.patch.object(mipro, "GroundedProposer", _grounded_proposer(notes))]
    minibatch = setup["minibatch"]
    best = None
    for patch in patches:
        patch.start()
    try:
        best = optimizer.compile(
            _Program(setup),
            trainset=_rows("train", setup["train"]),
            valset=_rows("validation", setup["validation"]),
            num_trials=setup["trials"],
            minibatch=minibatch is not None,
            **({} if minibatch is None else {"minibatch_size": minibatch["size"]}),
            **({} if minibatch is None else {"minibatch_full_eval_steps": minibatch["fullEvery"]}),
        )
    except ValueError as error:  # every combination that was tried has had its full evaluation
        notes["error"] = str(error)
    finally:
        mock.patch.stopall()
    facts = ("demos", "plans", "trials", "instructions", "error")
    return {
        **{fact: notes[fact] for fact in facts},
        "proposals": [_proposals(notes, step) for step in range(setup["predictors"])],
        "winner": None if best is None else {"places": best.places, "score": best.score},
    }


def _proposals(notes, step):
    draws = zip(notes["tips"], notes["rollouts"], strict=True)
    return [{"tip": tip, "rolloutId": rollout} for (of, tip), rollout in draws if of == step]


if __name__ == "__main__":
    answers = [_run(setup) for setup in json.load(sys.stdin)]
    versions = {name: importlib.metadata.version(name) for name in ("dspy", "optuna")}
    with _out:
        json.dump({"versions": versions, "answers": answers}, _out)
