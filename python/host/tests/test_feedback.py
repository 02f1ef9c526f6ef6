"""GEPA's metrics: in plain evaluation, and asked for feedback about one predictor."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Start
from .harness import asked_fields, chat, input_of

PROGRAM = """
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.hint = dspy.Predict('question -> hint')
        self.answer = dspy.ChainOfThought('question, hint -> answer')
        self.unused = dspy.Predict('question -> remark')

    def forward(self, question):
        hint = self.hint(question=question).hint
        self.hint(question=hint)
        return self.answer(question=question, hint=hint)

def told(trace, pred_name, pred_trace):
    if pred_name is None:
        return f'plain {trace} {pred_trace}'
    [(predictor, inputs, outputs)] = pred_trace
    assert any(outputs is each[2] for each in trace)
    return f'{pred_name} of {len(trace)}: {inputs["question"]} -> {next(iter(outputs.values()))}'

def gepa(gold, pred, trace=None, pred_name=None, pred_trace=None):
    return dspy.Prediction(score=gold.answer == pred.answer, feedback=told(trace, pred_name, pred_trace))

async def waits(gold, pred, trace=None, pred_name=None, pred_trace=None):
    return gepa(gold, pred, trace, pred_name, pred_trace)

class ScoreWithFeedback(dspy.Prediction):
    score: float
    feedback: str

def objectives(gold, pred, trace=None, pred_name=None, pred_trace=None):
    return ScoreWithFeedback(
        score=float(gold.answer == pred.answer),
        feedback=told(trace, pred_name, pred_trace),
        objective_scores={'exact': 1.0, 'short': 0.5},
    )

def words_about_predictors_alone(gold, pred, trace=None, pred_name=None, pred_trace=None):
    return 1.0 if pred_name is None else gepa(gold, pred, trace, pred_name, pred_trace)

def three(gold, pred, trace=None):
    return dspy.Prediction(score=trace is None, feedback='of three')

def other_score(gold, pred, trace=None, pred_name=None, pred_trace=None):
    return 1.0 if pred_name is None else dspy.Prediction(score=0.25, feedback='a quarter')

def number_alone(gold, pred, trace=None, pred_name=None, pred_trace=None):
    return dspy.Prediction(score=1.0, feedback='of the whole') if pred_name is None else 1.0

def fails(gold, pred, trace=None, pred_name=None, pred_trace=None):
    if pred_name is None:
        return dspy.Prediction(score=1.0, feedback='of the whole')
    return {'hint': 0}[pred_name]

def no_score(gold, pred, trace=None, pred_name=None, pred_trace=None):
    return 1.0 if pred_name is None else 'words without a score'

def leaves(gold, pred, trace=None, pred_name=None, pred_trace=None):
    if pred_name is not None:
        raise SystemExit(3)
    return 1.0
"""


def outcome_of(start: Start, metric: str, **more: Any) -> dict[str, Any]:
    host, _ = start(PROGRAM, metric=f'program.py#{metric}')
    return host.run({'question': 'x'}, labels={'answer': 'answer of x'}, **more)


@pytest.mark.parametrize('metric', ['gepa', 'waits', 'objectives', 'words_about_predictors_alone'])
def test_a_metric_is_asked_plainly_for_the_score_and_about_the_predictor_for_feedback(
    start: Start, metric: str
) -> None:
    host, description = start(PROGRAM, metric=f'program.py#{metric}')
    assert description['metricTakesPredictor'] is True
    run = {'labels': {'answer': 'answer of x'}}
    plain = host.run({'question': 'x'}, **run)
    assert (plain['score'], 'error' in plain) == (1, False)
    assert plain.get('feedback') == (None if 'alone' in metric else 'plain None None')
    about = host.run({'question': 'x'}, **run, feedbackFor='answer.predict')
    assert (about['score'], about['feedback']) == (1, 'answer.predict of 3: x -> reasoning of x')
    assert 'aboutPredictor' not in about


def test_a_metric_that_takes_no_predictor_is_asked_as_ever(start: Start) -> None:
    host, description = start(PROGRAM, metric='program.py#three')
    assert 'metricTakesPredictor' not in description
    outcome = host.run({'question': 'x'}, feedbackFor='hint')
    assert (outcome['score'], outcome['feedback']) == (1, 'of three')
    assert host.run({'question': 'x'}, collecting=True)['score'] == 0


def test_the_first_of_several_calls_is_asked_about_and_none_of_a_predictor_without_calls(start: Start) -> None:
    host, _ = start(PROGRAM, metric='program.py#gepa')
    run = {'inputs': {'question': 'x'}, 'labels': {'answer': 'answer of x'}}
    asked = [host.run(**run, feedbackFor=name)['feedback'] for name in ('hint', 'unused')]
    assert asked == ['hint of 3: x -> hint of x', 'plain None None']


def test_a_score_about_a_predictor_is_not_used(start: Start) -> None:
    outcome = outcome_of(start, 'other_score', feedbackFor='hint')
    assert (outcome['score'], outcome['feedback']) == (1, 'a quarter')
    assert outcome['aboutPredictor'] == {'score': 0.25}


def test_feedback_of_the_whole_stays_where_there_is_none_about_the_predictor(start: Start) -> None:
    outcome = outcome_of(start, 'number_alone', feedbackFor='hint')
    assert (outcome['score'], outcome['feedback']) == (1, 'of the whole')


@pytest.mark.parametrize(
    ('metric', 'kind', 'message'),
    [
        ('fails', 'metric', "KeyError: 'answer.predict'"),
        ('no_score', 'metric', "returned the text 'words without a score' for row 1"),
        ('leaves', 'crash', 'called exit(3)'),
    ],
)
def test_an_error_about_a_predictor_is_told_and_leaves_the_score(
    start: Start, metric: str, kind: str, message: str
) -> None:
    outcome = outcome_of(start, metric, feedbackFor='answer.predict')
    assert outcome['score'] == 1 and 'error' not in outcome
    error = outcome['aboutPredictor']['error']
    assert error['kind'] == kind and message in error['message']
    words, *whole = outcome['feedback'].split('\n')
    assert words == f'Asked about answer.predict, the metric failed: {error["message"]}'
    assert whole == (['of the whole'] if metric == 'fails' else [])


def test_a_call_that_failed_is_told_before_all_others(start: Start) -> None:
    again = 'self.hint(question=hint)'
    survives = f'try:\n            {again}\n        except dspy.utils.exceptions.AdapterParseError:\n            pass'

    def unreadable_the_second_time(call: dict[str, Any]) -> str:
        asked, question = asked_fields(call), input_of(call, 'question')
        return 'no fields' if question == 'hint of x' else chat(**{name: f'{name} of {question}' for name in asked})

    host, _ = start(PROGRAM.replace(again, survives), metric='program.py#gepa', lm=unreadable_the_second_time)
    outcome = host.run({'question': 'x'}, labels={'answer': 'answer of x'}, feedbackFor='hint')
    assert outcome['score'] == 1
    failed = next(call for call in outcome['trace'] if call['outputs'] is None)
    assert outcome['feedback'] == f'A call of hint failed: {failed["error"]}\nplain None None'


def test_a_program_that_failed_has_no_feedback(start: Start) -> None:
    source = PROGRAM.replace('hint = self.hint', "raise ValueError('gone')\n        hint = self.hint")
    host, _ = start(source, metric='program.py#gepa')
    outcome = host.run({'question': 'x'}, feedbackFor='hint')
    assert outcome['error']['kind'] == 'program' and 'feedback' not in outcome
