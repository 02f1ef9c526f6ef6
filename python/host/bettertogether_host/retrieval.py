"""Look-ups of passages, for the trace: `dspy.Retrieve` and DSPy's own retrievers, called by it or by the program."""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Iterable
from typing import Any

import dspy

from .context import Run, current_phase
from .user_errors import text_of

# A trace shows which passages came, not what they say.
_BEGINNING = 160

# How many passages come where a call does not say: ColBERTv2's own default (dspy/dsp/colbertv2.py).
_RETRIEVERS = {'Retrieve': None, 'ColBERTv2': 10, 'Embeddings': None}

# `dspy.Retrieve` asks the retriever of `dspy.configure(rm=…)`: that is one look-up.
_within: contextvars.ContextVar[bool] = contextvars.ContextVar('bettertogether_retrieval', default=False)


def install() -> None:
    """Patches DSPy, once a process."""
    for name, usual in _RETRIEVERS.items():
        kind = getattr(dspy, name, None)
        if kind is not None:
            _patch(kind, usual)


def _patch(kind: Any, usual: int | None) -> None:
    look_up = kind.__call__

    @functools.wraps(look_up)
    def look_up_here(retriever: Any, *args: Any, **kwargs: Any) -> Any:
        phase = current_phase.get()
        if phase is None or phase.metric or _within.get():
            return look_up(retriever, *args, **kwargs)
        run, start, token = phase.run, phase.run.seconds(), _within.set(True)
        asked = _asked(retriever, args, kwargs, usual)
        try:
            found = look_up(retriever, *args, **kwargs)
        except BaseException as error:
            _record(run, start, asked, [], text_of(error))
            raise
        finally:
            _within.reset(token)
        _record(run, start, asked, _passages(found))
        return found

    kind.__call__ = look_up_here


def _asked(retriever: Any, args: tuple[Any, ...], kwargs: dict[str, Any], usual: int | None) -> dict[str, Any]:
    query = args[0] if args else next((kwargs[name] for name in ('query', 'query_or_queries') if name in kwargs), '')
    given = kwargs.get('k', args[1] if len(args) > 1 else None)
    k = next((each for each in (given, getattr(retriever, 'k', None), usual) if isinstance(each, int)), None)
    return {
        'retriever': type(retriever).__name__,
        'query': query if isinstance(query, str) else str(query),
        **({} if k is None else {'k': k}),
    }


def _record(run: Run, start: float, asked: dict[str, Any], passages: list[str], error: str | None = None) -> None:
    run.looked_up(
        {
            **asked,
            'passages': passages,
            **({} if error is None else {'error': error}),
            'path': [type(module).__name__ for module in dspy.settings.get('caller_modules') or []],
            'start': start,
            'seconds': run.seconds() - start,
        }
    )


def _passages(found: Any) -> list[str]:
    """The beginnings of the passages, of whatever shape a retriever gives them in."""
    try:
        listed = found.passages if isinstance(found, dspy.Prediction) else found
        return [_beginning(each) for each in listed] if isinstance(listed, Iterable) else []
    except Exception:  # a shape of the user's own: the look-up counts, and its passages are not shown
        return []


def _beginning(passage: Any) -> str:
    if not isinstance(passage, str):
        told = (_field(passage, name) for name in ('long_text', 'text', 'passage'))
        passage = next((each for each in told if isinstance(each, str)), None) or str(passage)
    words = ' '.join(passage[: 4 * _BEGINNING].split())
    return words if len(words) <= _BEGINNING else f'{words[: _BEGINNING - 1].rstrip()}…'


def _field(passage: Any, name: str) -> Any:
    return passage.get(name) if isinstance(passage, dict) else getattr(passage, name, None)
