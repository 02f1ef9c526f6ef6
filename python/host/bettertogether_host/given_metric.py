"""The metric of bettertogether.json, as DSPy's optimizers call one."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
from collections.abc import Callable
from typing import Any

import dspy

from .compile_rows import CompileRows
from .exact import exact_fields, shown_fields
from .live import live_rows
from .loading import LoadedProgram
from .ratings import rating_of
from .running import prediction_fields


class Rated(dspy.Prediction):
    """A score with words. As true as its score: optimizers ask `if metric(…)`, and a Prediction with fields is true."""

    def __bool__(self) -> bool:
        return bool(self.score)


def given_metric(
    loaded: LoadedProgram, rows: CompileRows, metric_range: tuple[float, float], lm: Any
) -> Callable[..., Any]:
    """Takes what GEPA's metrics take (dspy/teleprompt/gepa/gepa.py), and calls the user's with what that takes.

    Args:
        rows: the rows that it may be called with; others are taken as they are.
        lm: what a judge in it asks, as in every other run of the program: the base model.

    Raises:
        MetricValueError: when the user's gives no score of the range.
    """

    def metric(example: Any, prediction: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None) -> Any:
        row = rows.of(example)
        value = asked(example if row is None else row.plain, prediction, trace, pred_name, pred_trace, row)
        return _for_dspy(value, rating_of(value, metric_range, loaded.metric_spec, -1 if row is None else row.number))

    def asked(example: Any, prediction: Any, trace: Any, pred_name: Any, pred_trace: Any, row: Any) -> Any:
        if loaded.built_in is not None:
            fields = exact_fields(dict(example.items()), live_rows.tag) if row is None else row.fields
            return loaded.built_in(shown_fields(fields), shown_fields(prediction_fields(prediction)))
        arguments, users = loaded.metric_arguments, loaded.metric
        assert arguments is not None and users is not None
        if pred_name is None:
            call = arguments.plain(example, prediction, trace)
        elif arguments.takes_predictor:
            call = arguments.about(example, prediction, trace, pred_name, pred_trace)
        else:  # it scores the whole, without the trace by which metrics know that demos are collected
            call = arguments.plain(example, prediction, None)
        with dspy.context(lm=lm, trace=[]):
            value = users(*call.positional, **call.named)
            return awaited(value) if inspect.isawaitable(value) else value

    named = loaded.metric_spec.rpartition('#')[2] if loaded.built_in is None else loaded.metric_spec.partition(':')[0]
    metric.__name__ = metric.__qualname__ = named
    return metric


def awaited(value: Any) -> Any:
    """The result of an awaitable; in a thread of its own where a loop is running here."""

    async def body() -> Any:
        return await value

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(body())
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, body()).result()


def _for_dspy(value: Any, rating: dict[str, Any]) -> Any:
    """What DSPy's optimizers understand: a bool, a number, or a Prediction with `score` where there is more."""
    if isinstance(value, dspy.Prediction):
        return Rated(**{**dict(value.items()), **rating})
    if isinstance(value, dict):
        return Rated(**{**value, **rating})
    if 'feedback' in rating:
        return Rated(**rating)
    return value if isinstance(value, (bool, int, float)) else rating['score']
