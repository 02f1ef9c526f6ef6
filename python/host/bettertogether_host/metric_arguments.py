"""What a metric is called with: as DSPy's Evaluate and optimizers do, and as `dspy.GEPA` asks about one predictor."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import dspy

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
# What GEPA's metrics take behind example and prediction, in this order.
_ABOUT_PREDICTOR = ('trace', 'pred_name', 'pred_trace')
# `None` where a metric has to be given them and nobody knows.
_MAY_BE_NONE = (*_ABOUT_PREDICTOR, 'program_trace')
# What people name a prediction and nothing else; what may also be a label of the row; and what is of the row alone.
_PREDICTION = frozenset('pred prediction predicted'.split())
_OUTPUT = frozenset('response output answer'.split())
_ROW = frozenset('example ex gold label expected target truth ground_truth'.split())
_OF_ROW = _PREDICTION | _OUTPUT | _ROW


class Arguments(NamedTuple):
    positional: list[Any]
    named: dict[str, Any]


class MetricArguments:
    """The forms in which one metric can be called."""

    def __init__(self, metric: Callable[..., Any]) -> None:
        parameters = _parameters(metric)
        positional = _offered([each for each in parameters if each.kind in _POSITIONAL], _is_decorated(metric))
        named = {each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY}
        any_more = _takes_any(parameters)
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
    if _is_decorated(metric):
        return None
    parameters = _parameters(metric)
    positional = [each for each in parameters if each.kind in _POSITIONAL]
    wanted = [each.name for each in positional if each.default is each.empty]
    by_name = [each for each in parameters if each.kind is each.KEYWORD_ONLY and each.default is each.empty]
    missing = [each.name for each in by_name if each.name not in _MAY_BE_NONE]
    late, bound = _out_of_place(wanted), _bound_by_name(metric, missing)
    made_of = getattr(getattr(metric, 'func', metric), '__name__', '…')
    reasons = (
        (_lacks_its_object(metric, wanted), f'It is a method, and its object is missing: {_with_object(metric)}'),
        (late, f'`{late}` stands in the place of the trace: bind what comes before with functools.partial.'),
        (
            bound,
            f'Behind `{bound}`, which is bound by name, nothing is taken by place: bind what comes first by place, '
            f'functools.partial({made_of}, …).',
        ),
        (any(name in _OF_ROW for name in missing), 'Both come by place, and not by name: remove the `*`.'),
        (missing, f'Nobody gives it {", ".join(missing)}: give a default, or bind it with functools.partial.'),
        (
            len(positional) < 2 and not _takes_any(parameters),
            'Where it returns the metric, call it at the end of the file, `metric = …(…)`, and name that.',
        ),
    )
    return next((advice for is_so, advice in reasons if is_so), None)


def _lacks_its_object(metric: Any, wanted: list[str]) -> bool:
    """Not one that takes a prediction alone: of a row of the author's own class, `self` is the row."""
    is_method = inspect.isfunction(metric) and wanted[:1] == ['self']
    return is_method and len(wanted) > 2 and wanted[2] not in _MAY_BE_NONE


def _with_object(method: Any) -> str:
    owner = getattr(method, '__qualname__', '').rpartition('.')[0].rpartition('.')[2]
    if owner in ('', '<locals>'):  # of no class
        return 'remove `self`.'
    return f'write `metric = {owner}().{method.__name__}`.'


def _out_of_place(wanted: list[str]) -> str | None:
    """
    The name of an example or a prediction that would be given `None`, as the first two places have other names. What
    may as well be somebody's name for a trace is let pass.
    """
    first, second = (*wanted, '', '')[:2]
    for name in wanted[2:]:
        if (
            (name in _PREDICTION and not {first, second} & _PREDICTION)
            or (name in _ROW and not {first, second} & _ROW)
            or (name in _OUTPUT and second in _ROW and first not in _PREDICTION | _OUTPUT)
        ):
            return name
    return None


def _bound_by_name(metric: Any, missing: list[str]) -> str | None:
    """What a `functools.partial` binds by name in front of what comes by place."""
    if not isinstance(metric, functools.partial):
        return None
    places = [each.name for each in _parameters(metric.func) if each.kind in _POSITIONAL]
    before = [places[: places.index(name)] for name in missing if name in places]
    return next((name for names in before for name in names if name in metric.keywords), None)


def _offered(positional: list[inspect.Parameter], is_decorated: bool) -> list[inspect.Parameter]:
    """Without settings of the metric's own behind the trace (`frac=0.5`), which are no places for a predictor."""
    offered = _behind_given(positional) if is_decorated else positional
    nothing = (None, inspect.Parameter.empty)
    setting = (place for place, each in _late_of_row(offered) if each.default is not each.empty)
    offered = offered[: next(setting, None)]
    are_ours = all(each.name in _ABOUT_PREDICTOR or each.default in nothing for each in offered[3:5])
    return offered if are_ours else offered[:3]


def _behind_given(positional: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Without what a decorator gives: an LM that judges, before the example."""
    late = next((place for place, each in _late_of_row(positional) if each.default is each.empty), None)
    if late is None or (positional[0].name in _ROW and positional[1].name in _PREDICTION | _OUTPUT):
        return positional
    is_example = positional[late].name in _ROW and positional[late - 1].name not in _OF_ROW
    return positional[late if is_example else late - 1 :]


def _late_of_row(positional: list[inspect.Parameter]) -> list[tuple[int, inspect.Parameter]]:
    return [(place, each) for place, each in enumerate(positional) if place >= 2 and each.name in _OF_ROW]


def _is_decorated(metric: Callable[..., Any]) -> bool:
    """Whether it takes anything and hands it on (`functools.wraps`): it may give arguments of its own."""
    own = _signature(metric, follow_wrapped=False)
    return own is None or (_takes_any(own) and own != _signature(metric))


def _takes_any(parameters: list[inspect.Parameter]) -> bool:
    return any(each.kind is each.VAR_POSITIONAL for each in parameters)


def _parameters(metric: Callable[..., Any]) -> list[inspect.Parameter]:
    """
    None of what cannot be looked into: it is called with two arguments. Of what is decorated: those of what is called,
    which is the outermost, and where that takes anything, those of the metric within.
    """
    own = _signature(metric, follow_wrapped=False)
    return (_signature(metric) or []) if own is None or _takes_any(own) else own


def _signature(metric: Callable[..., Any], follow_wrapped: bool = True) -> list[inspect.Parameter] | None:
    kind = type(metric)
    passes_on = isinstance(metric, dspy.Module) and kind.__call__ is dspy.Module.__call__ and hasattr(kind, 'forward')
    try:
        # Asked for as an attribute, DSPy warns of calls around `__call__`.
        taking = object.__getattribute__(metric, 'forward') if passes_on else metric
        return list(inspect.signature(taking, follow_wrapped=follow_wrapped).parameters.values())
    except (TypeError, ValueError):
        return None
