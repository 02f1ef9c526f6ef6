"""What a metric is called with: as DSPy's Evaluate and optimizers do, and as `dspy.GEPA` asks about one predictor."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import dspy

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
# What GEPA's metrics take behind example and prediction, in this order.
_ABOUT_PREDICTOR = ('trace', 'pred_name', 'pred_trace')
# `None` where a metric has to be given them and nobody knows.
_MAY_BE_NONE = (*_ABOUT_PREDICTOR, 'program_trace')
# Behind the second place these say that the first two are something else: `None` there would be compared in silence.
_OF_ROW = frozenset(
    'example ex gold label expected target truth ground_truth pred prediction predicted response output answer'.split()
)


class Arguments(NamedTuple):
    positional: list[Any]
    named: dict[str, Any]


class MetricArguments:
    """The forms in which one metric can be called."""

    def __init__(self, metric: Callable[..., Any]) -> None:
        parameters = _parameters(metric)
        positional = _offered([each for each in parameters if each.kind in _POSITIONAL])
        named = {each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY}
        any_more = any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in parameters)
        any_named = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters)
        self._most = 99 if any_more else len(positional)
        self._required = sum(each.default is inspect.Parameter.empty for each in positional)
        self._required_named = [
            each.name
            for each in parameters
            if each.kind is inspect.Parameter.KEYWORD_ONLY
            and each.default is inspect.Parameter.empty
            and each.name in _MAY_BE_NONE
        ]
        by_name = _ABOUT_PREDICTOR[max(0, self._most - 2) :]
        self._takes_predictor = self._most >= 2 and (any_named or named.issuperset(by_name))

    @property
    def takes_predictor(self) -> bool:
        """Whether it can be asked about one predictor: it takes five arguments, the last three maybe by name."""
        return self._takes_predictor

    def plain(self, example: Any, prediction: Any, trace: list[Any] | None) -> Arguments:
        """With a trace where one is collected and the metric takes one. Evaluate calls without."""
        given = [example, prediction, *([] if trace is None or self._most < 3 else [trace])]
        return self._filled(given, {})

    def about(self, example: Any, prediction: Any, trace: list[Any], predictor: str, calls: list[Any]) -> Arguments:
        """As GEPA asks for feedback about a predictor. `trace` and `calls`: (predictor, inputs, prediction) of each."""
        more = dict(zip(_ABOUT_PREDICTOR, (trace, predictor, calls), strict=True))
        positional = list(more)[: self._most - 2]
        named = {name: more.pop(name) for name in list(more)[len(positional) :]}
        return self._filled([example, prediction, *more.values()], named)

    def _filled(self, positional: list[Any], named: dict[str, Any]) -> Arguments:
        missing = [None] * (self._required - len(positional))
        return Arguments(positional + missing, {**dict.fromkeys(self._required_named), **named})


def unfit(metric: Callable[..., Any]) -> str | None:
    """Why a metric cannot be called with an example and a prediction; `None` where it can be, or nobody knows."""
    parameters = _parameters(metric)
    if inspect.isfunction(metric) and parameters and parameters[0].name == 'self':
        return f'It is a method, and its object is missing: write `metric = {_class_of(metric)}().{metric.__name__}`.'
    wanted = [each.name for each in parameters if each.kind in _POSITIONAL and each.default is each.empty]
    of_row = [name for name in wanted[2:] if name in _OF_ROW]
    if of_row and not hasattr(metric, '__wrapped__'):
        return f'`{of_row[0]}` stands in the place of the trace: bind what comes before with functools.partial.'
    missing = [
        each.name
        for each in parameters
        if each.kind is each.KEYWORD_ONLY and each.default is each.empty and each.name not in _MAY_BE_NONE
    ]
    try:
        # A decorator may give arguments: what is called is the outermost.
        own = inspect.signature(metric, follow_wrapped=False)
    except (TypeError, ValueError):
        return None
    if any(name in _OF_ROW for name in missing):
        return 'Both come by place, and not by name: remove the `*`.'
    if missing and not hasattr(metric, '__wrapped__'):
        return f'Nobody gives it {", ".join(missing)}: give a default, or bind it with functools.partial.'
    most = sum(each.kind in _POSITIONAL for each in own.parameters.values())
    if most >= 2 or any(each.kind is each.VAR_POSITIONAL for each in own.parameters.values()):
        return None
    return 'Where it returns the metric, call it at the end of the file, `metric = …(…)`, and name that.'


def _class_of(method: Callable[..., Any]) -> str:
    return method.__qualname__.rpartition('.')[0].rpartition('.')[2] or '…'


def _offered(positional: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Without settings of the metric's own behind the trace, such as `frac=0.5`, which are no places for a predictor."""
    of_row = [place for place, each in enumerate(positional) if place >= 2 and each.name in _OF_ROW]
    if of_row:  # a decorator gives what comes first
        return positional[: of_row[0]]
    nothing = (None, inspect.Parameter.empty)
    are_ours = all(each.name in _ABOUT_PREDICTOR or each.default in nothing for each in positional[3:5])
    return positional if are_ours else positional[:3]


def _parameters(metric: Callable[..., Any]) -> list[inspect.Parameter]:
    """None of what cannot be looked into: it is called with two arguments."""
    kind = type(metric)
    passes_on = isinstance(metric, dspy.Module) and kind.__call__ is dspy.Module.__call__ and hasattr(kind, 'forward')
    try:
        # Asked for as an attribute, DSPy warns of calls around `__call__`.
        taking = object.__getattribute__(metric, 'forward') if passes_on else metric
        return list(inspect.signature(taking).parameters.values())
    except (TypeError, ValueError):
        return []
