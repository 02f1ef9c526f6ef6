"""Runs the installed gepa on a scripted task with a scripted proposer: a list of setups on stdin, what it did on stdout.

test/fakes/scriptedGepa.ts is the same script: a score is a hash of the candidate's texts and the row, a proposal one of the text and the rows.
"""

import hashlib
import importlib.metadata
import json
import os
import sys

_out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what gepa prints is no answer

import gepa  # noqa: E402
from gepa import EvaluationBatch  # noqa: E402


def _hash(*parts):
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).digest()[0]


class _Name(str):
    """A component's name, "part 2", that a set puts in the place it names: gepa merges components in the order of a set."""

    def __hash__(self):
        return int(self.rpartition(" ")[2])


class _Silent:
    def log(self, message):
        pass


class _Adapter:
    def __init__(self, setup):
        self.levels = setup["levels"]
        self.refuses = setup["refuses"]

    def evaluate(self, batch, candidate, capture_traces=False):
        scores = [_hash(list(candidate.values()), *row) % self.levels / (self.levels - 1) for row in batch]
        return EvaluationBatch(outputs=scores, scores=scores, trajectories=[row for _, row in batch])

    def make_reflective_dataset(self, candidate, evaluated, components):
        return {name: [{"row": row} for row in evaluated.trajectories] for name in components}

    def propose_new_texts(self, candidate, dataset, components):
        (name,) = components
        drawn = _hash(name, candidate[name], [example["row"] for example in dataset[name]])
        return {} if drawn < self.refuses else {name: f"{candidate[name]} {drawn}"}


class _Notes:
    """What each iteration did, in the words of Iteration of src/engine/optimizers/gepa/search/terms.ts."""

    def __init__(self):
        self.iterations = []
        self.state = None

    def on_iteration_start(self, event):
        self.iterations.append({"kind": "rewrite", "end": "refused"})
        self.trace = event["state"].full_program_trace

    def on_candidate_selected(self, event):
        self.iterations[-1]["parent"] = event["candidate_idx"]

    def on_minibatch_sampled(self, event):
        self.iterations[-1]["rows"] = event["minibatch_ids"]

    def on_evaluation_end(self, event):
        whose = "childScores" if event["candidate_idx"] is None else "parentScores"
        self.iterations[-1][whose] = event["scores"]

    def on_evaluation_skipped(self, event):
        self.iterations[-1]["end"] = "perfect"

    def on_proposal_start(self, event):
        (self.iterations[-1]["component"],) = event["components"]

    def on_merge_attempted(self, event):
        trace = self.trace[-1]
        *parents, ancestor = trace["merged_entities"]
        parent_scores = [trace["id1_subsample_scores"], trace["id2_subsample_scores"]]
        facts = {"parents": parents, "ancestor": ancestor, "rows": trace["subsample_ids"], "parentScores": parent_scores}
        self.iterations[-1] |= {"kind": "merge", **facts}

    def on_merge_rejected(self, event):
        self.iterations[-1]["end"] = "rejected"

    def on_candidate_rejected(self, event):
        self.iterations[-1]["end"] = "rejected"

    def on_candidate_accepted(self, event):
        self.iterations[-1]["end"] = "accepted"

    def on_optimization_end(self, event):
        for iteration in self.iterations:
            if iteration["end"] == "refused":
                iteration["reason"] = "empty"
        self.state = event["final_state"]


def _run(setup):
    notes = _Notes()
    adapter = _Adapter(setup)
    adapter_rows = {of: [[of, row] for row in range(count)] for of, count in setup["rows"].items()}
    result = gepa.optimize(
        seed_candidate={_Name(name): text for name, text in setup["texts"].items()},
        trainset=adapter_rows["train"],
        valset=adapter_rows["validation"] if setup["sharedRows"] is None else None,
        adapter=adapter,
        reflection_minibatch_size=setup["minibatch"],
        skip_perfect_score=setup["perfectScore"] is not None,
        perfect_score=setup["perfectScore"],
        max_metric_calls=setup["metricCalls"],
        use_merge=setup["merge"] is not None,
        max_merge_invocations=(setup["merge"] or {"atMost": 0})["atMost"],
        seed=setup["seed"],
        logger=_Silent(),
        callbacks=[notes],
    )
    state = notes.state
    parents = [[parent for parent in of if parent is not None] for of in state.parent_program_for_candidate]
    turns = state.named_predictor_id_to_update_next_for_program_candidate
    scores = [list(of.values()) for of in state.prog_candidate_val_subscores]
    keys = ("texts", "parents", "scores", "nextComponent")
    pool = [dict(zip(keys, of)) for of in zip(state.program_candidates, parents, scores, turns)]
    return {
        "iterations": notes.iterations,
        "pool": pool,
        "metricCalls": state.total_num_evals,
        "winner": result.best_idx,
    }


if __name__ == "__main__":
    answers = [_run(setup) for setup in json.load(sys.stdin)]
    json.dump({"version": importlib.metadata.version("gepa"), "answers": answers}, _out)
