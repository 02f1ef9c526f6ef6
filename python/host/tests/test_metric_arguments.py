"""The forms of metrics that people write for DSPy and `dspy.GEPA`, each called as it takes it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import dspy
import pytest

from bettertogether_host.metric_arguments import MetricArguments, unfit

Given = tuple[Any, ...]


def gepa(gold: Any, pred: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None) -> Given:
    return gold, pred, trace, pred_name, pred_trace


def required(gold: Any, pred: Any, trace: Any, pred_name: Any, pred_trace: Any) -> Given:
    return gepa(gold, pred, trace, pred_name, pred_trace)


def six(gold: Any, pred: Any, trace: Any, pred_name: Any, pred_trace: Any, program_trace: Any) -> Given:
    assert program_trace is None
    return gepa(gold, pred, trace, pred_name, pred_trace)


def named_program_trace(
    gold: Any, pred: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None, *, program_trace: Any
) -> Given:
    return six(gold, pred, trace, pred_name, pred_trace, program_trace)


def other_names(example: Any, prediction: Any, a: Any = None, b: Any = None, c: Any = None, d: int = 7) -> Given:
    assert d == 7
    return gepa(example, prediction, a, b, c)


def with_kwargs(gold: Any, pred: Any, trace: Any = None, **kwargs: Any) -> Given:
    return gepa(gold, pred, trace, **kwargs)


def two_and_kwargs(gold: Any, pred: Any, **kwargs: Any) -> Given:
    return gepa(gold, pred, **kwargs)


def by_name(gold: Any, pred: Any, *, trace: Any, pred_name: Any, pred_trace: Any) -> Given:
    return gepa(gold, pred, trace, pred_name, pred_trace)


def last_by_name(gold: Any, pred: Any, trace: Any, pred_name: Any, *, pred_trace: Any = None) -> Given:
    return gepa(gold, pred, trace, pred_name, pred_trace)


def anything(*args: Any, **kwargs: Any) -> Given:
    return gepa(*args, **kwargs)


@functools.wraps(gepa)
def wrapped(*args: Any, **kwargs: Any) -> Given:
    return gepa(*args, **kwargs)


def judged(
    gold: Any, pred: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None, by: Any = 0
) -> Given:
    return by(gold, pred, trace, pred_name, pred_trace)


class Judge:
    def __call__(self, gold: Any, pred: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None) -> Given:
        return gepa(gold, pred, trace, pred_name, pred_trace)

    method = __call__


class Module(dspy.Module):
    def forward(self, gold: Any, pred: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None) -> Given:
        return gepa(gold, pred, trace, pred_name, pred_trace)


def call(metric: Callable[..., Any], arguments: Any) -> Given:
    return metric(*arguments.positional, **arguments.named)


@pytest.mark.parametrize(
    'metric',
    [
        *(gepa, required, six, named_program_trace, other_names, with_kwargs, two_and_kwargs, by_name, last_by_name),
        *(anything, wrapped, functools.partial(judged, by=gepa), Judge(), Judge().method, Module()),
        lambda gold, pred, trace=None, pred_name=None, pred_trace=None: (gold, pred, trace, pred_name, pred_trace),
    ],
)
def test_a_metric_for_gepa_is_asked_plainly_and_about_a_predictor(metric: Callable[..., Any]) -> None:
    arguments = MetricArguments(metric)
    assert arguments.takes_predictor
    assert call(metric, arguments.plain(1, 2, None)) == (1, 2, None, None, None)
    assert call(metric, arguments.about(1, 2, [3], 'hint', [4])) == (1, 2, [3], 'hint', [4])


def two(example: Any, prediction: Any) -> Given:
    return example, prediction, None


def three(example: Any, prediction: Any, trace: Any = None) -> Given:
    return example, prediction, trace


def with_settings(example: Any, prediction: Any, trace: Any = None, *, strict: bool = False) -> Given:
    return three(example, prediction, trace)


def predictor_alone(example: Any, prediction: Any, trace: Any = None, pred_name: Any = None) -> Given:
    assert pred_name is None
    return three(example, prediction, trace)


class Three(dspy.Module):
    def forward(self, example: Any, prediction: Any, trace: Any = None) -> Given:
        return three(example, prediction, trace)


class OwnCall(dspy.Module):
    def __call__(self, example: Any, prediction: Any, trace: Any = None) -> Given:
        return three(example, prediction, trace)


@pytest.mark.parametrize('metric', [two, three, with_settings, predictor_alone, Three(), OwnCall()])
def test_another_metric_cannot_be_asked_about_a_predictor_and_gets_a_trace_if_it_takes_one(
    metric: Callable[..., Any],
) -> None:
    arguments = MetricArguments(metric)
    assert not arguments.takes_predictor
    assert call(metric, arguments.plain(1, 2, None)) == (1, 2, None)
    assert call(metric, arguments.plain(1, 2, [3])) == (1, 2, None if metric is two else [3])


def test_of_what_cannot_be_looked_into_two_arguments_are_enough() -> None:
    arguments = MetricArguments(max)
    assert not arguments.takes_predictor
    assert call(max, arguments.plain(1, 2, [3])) == 2


def given_a_judge(metric: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(metric)
    def asked(*args: Any, **kwargs: Any) -> Any:
        return metric('judge', *args, **kwargs)

    return asked


def test_what_a_decorator_gives_is_no_place_of_the_metrics() -> None:
    @given_a_judge
    def metric(judge: str, example: Any, pred: Any) -> Any:
        return judge, example, pred

    arguments = MetricArguments(metric)
    assert unfit(metric) is None
    for trace in (None, [3]):
        assert call(metric, arguments.plain(1, 2, trace)) == ('judge', 1, 2)


def test_behind_what_a_decorator_gives_stands_the_trace() -> None:
    @given_a_judge
    def metric(judge: str, example: Any, pred: Any, trace: Any = None, answer: Any = None) -> Any:
        return judge, example, pred, trace, answer

    arguments = MetricArguments(metric)
    assert not arguments.takes_predictor
    assert call(metric, arguments.plain(1, 2, None)) == ('judge', 1, 2, None, None)
    assert call(metric, arguments.plain(1, 2, [3])) == ('judge', 1, 2, [3], None)


def test_behind_what_decorators_give_stands_what_gepa_asks_about() -> None:
    @given_a_judge
    @given_a_judge
    def metric(
        judge: str, other: str, gold: Any, pred: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None
    ) -> Any:
        return gepa(gold, pred, trace, pred_name, pred_trace)

    arguments = MetricArguments(metric)
    assert arguments.takes_predictor
    assert call(metric, arguments.about(1, 2, [3], 'hint', [4])) == (1, 2, [3], 'hint', [4])


def test_a_decorator_says_itself_what_it_takes() -> None:
    @functools.wraps(judged)
    def metric(example: Any, pred: Any, trace: Any = None) -> Any:
        return judged(example, pred, trace, by=gepa)

    arguments = MetricArguments(metric)
    assert not arguments.takes_predictor
    assert call(metric, arguments.plain(1, 2, [3])) == (1, 2, [3], None, None)


def third_is_output(example: Any, pred: Any, output: Any) -> Given:
    return example, pred, output


def third_is_response(x: Any, y: Any, response: Any) -> Given:
    return x, y, response


def third_is_gold(example: Any, pred: Any, gold: Any) -> Given:
    return example, pred, gold


@pytest.mark.parametrize('metric', [third_is_output, third_is_response, third_is_gold])
def test_a_third_place_of_any_name_may_be_the_traces(metric: Callable[..., Any]) -> None:
    assert unfit(metric) is None
    arguments = MetricArguments(metric)
    assert call(metric, arguments.plain(1, 2, None)) == (1, 2, None)
    assert call(metric, arguments.plain(1, 2, [3])) == (1, 2, [3])


class Case(dspy.Example):
    def is_right(self, pred: Any, trace: Any = None) -> bool:
        return self.answer == pred


def as_names(metric: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(metric)
    def named(*args: Any) -> Any:
        return metric(example=args[0], pred=args[1])

    return named


@as_names
def takes_names(*, example: Any, pred: Any) -> Given:
    return example, pred


class DecoratedCall:
    @given_a_judge
    def __call__(self, judge: Any, question: Any, pred: Any) -> Given:
        return judge, question, pred


@given_a_judge
def judging(judge: Any, gold: Any, pred: Any, weight: Any = 1) -> Given:
    return judge, gold, pred


@pytest.mark.parametrize(
    'metric',
    [
        *(gepa, required, six, named_program_trace, by_name, anything, wrapped, Judge(), Module(), max),
        *(Case.is_right, takes_names, DecoratedCall(), judging, functools.partial(judging, weight=2)),
    ],
)
def test_the_forms_of_metrics_are_fit(metric: Callable[..., Any]) -> None:
    assert unfit(metric) is None


def with_llm(llm: Any, example: Any, pred: Any, trace: Any = None) -> None: ...
def with_p(llm: Any, e: Any, p: Any) -> None: ...
def split_up(question: Any, gold: Any, pred: Any) -> None: ...
def split_up_response(question: Any, gold: Any, response: Any) -> None: ...
def of_texts(prompt: Any, completion: Any, expected: Any) -> None: ...
def names_alone(*, example: Any, pred: Any, k: Any) -> None: ...
def of_no_class(self: Any, example: Any, pred: Any) -> None: ...


@pytest.mark.parametrize(
    ('metric', 'told'),
    [
        (functools.partial(with_llm, llm=1), 'by place, functools.partial(with_llm, …).'),
        (functools.partial(with_p, llm=1), 'Behind `llm`, which is bound by name'),
        (functools.partial(names_alone, k=1), 'remove the `*`.'),
        (split_up, '`pred` stands in the place of the trace'),
        (split_up_response, '`response` stands in the place of the trace'),
        (of_texts, '`expected` stands in the place of the trace'),
        (Judge.method, 'write `metric = Judge().__call__`.'),
        (of_no_class, 'its object is missing: remove `self`.'),
    ],
)
def test_what_cannot_be_called_is_told(metric: Callable[..., Any], told: str) -> None:
    assert told in (unfit(metric) or '')


def test_settings_of_a_metric_are_no_places_for_a_predictor() -> None:
    def metric(gold: Any, pred: Any, trace: Any = None, frac: float = 0.5, verbose: bool = False) -> Given:
        return gold, pred, trace, frac, verbose

    arguments = MetricArguments(metric)
    assert not arguments.takes_predictor
    positional, named = arguments.plain('gold', 'pred', ['trace'])
    assert metric(*positional, **named) == ('gold', 'pred', ['trace'], 0.5, False)
