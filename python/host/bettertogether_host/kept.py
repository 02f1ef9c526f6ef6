"""What DSPy makes again in every call though it comes out the same: kept. Most of a call's time goes there otherwise.

Only DSPy's own methods are kept, of classes that inherit them all unchanged: an adapter of the user's is always asked
itself. `tests/test_kept.py` compares each with what DSPy gives.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import dspy
from dspy.adapters import utils
from dspy.adapters.base import Adapter
from pydantic import TypeAdapter

_MOST = 1024


class Kept:
    """Values by the identity of what they were made of, which is held on to. Forgets everything when it is full."""

    def __init__(self) -> None:
        self._values: dict[Any, tuple[Any, Any]] = {}

    def get(self, key: Any, of: Any, make: Callable[[], Any]) -> Any:
        """`of` is identified as an object: equal types (`int | str`, `str | int`) are not the same to pydantic."""
        found = self._values.get((key, id(of)))
        if found is not None:
            return found[1]
        value = make()
        if len(self._values) >= _MOST:
            self._values = {}
        self._values[(key, id(of))] = (of, value)
        return value


class SharedDemos(list):  # type: ignore[type-arg]
    """The demos of a state, as a list of a call's own. Unchanged, they are rendered once."""

    def __init__(self, demos: list[Any], kept: Kept) -> None:
        super().__init__(demos)
        self._as_given = demos
        self.kept = kept

    def unchanged(self) -> bool:
        return len(self) == len(self._as_given) and all(map(_is, self, self._as_given))


def _is(one: Any, other: Any) -> bool:
    return one is other


def install() -> None:
    """Patches DSPy, once a process."""
    _keep_type_adapters()
    _keep_of_signature('format_system_message', _SYSTEM)
    _keep_of_signature('user_message_output_requirements', ('user_message_output_requirements',))
    _keep_demos()


def _keep_type_adapters() -> None:
    """pydantic builds a validator for each; DSPy asks for one a field and call (dspy/adapters/utils.py)."""
    if getattr(utils, 'TypeAdapter', None) is not TypeAdapter:
        return
    kept = Kept()

    def type_adapter(annotation: Any, **options: Any) -> Any:
        if options:
            return TypeAdapter(annotation, **options)
        return kept.get(None, annotation, lambda: TypeAdapter(annotation))

    utils.TypeAdapter = type_adapter  # type: ignore[misc, assignment]


_SYSTEM = (
    'format_system_message',
    'format_field_description',
    'format_field_structure',
    'format_task_description',
    'format_field_with_value',
)
_DEMOS = (
    'format_demos',
    'format_user_message_content',
    'format_assistant_message_content',
    'format_field_with_value',
    'user_message_output_requirements',
)
_OWN_MODULES = ('dspy.adapters.base', 'dspy.adapters.chat_adapter', 'dspy.adapters.json_adapter')


def _keep_of_signature(name: str, made_by: tuple[str, ...]) -> None:
    """A text that DSPy's adapters make of a signature alone."""
    for cls in (Adapter, dspy.ChatAdapter, dspy.JSONAdapter):
        if name in vars(cls):
            setattr(cls, name, _kept_text(vars(cls)[name], made_by))


def _kept_text(original: Callable[[Any, Any], str], made_by: tuple[str, ...]) -> Callable[[Any, Any], str]:
    kept = Kept()

    @functools.wraps(original)
    def text(adapter: Any, signature: Any) -> str:
        if not is_dspys_own(adapter, made_by):
            return original(adapter, signature)
        key = (type(adapter), signature.instructions)
        return kept.get(key, signature, lambda: original(adapter, signature))

    return text


def _keep_demos() -> None:
    original = Adapter.format_demos

    @functools.wraps(original)
    def format_demos(adapter: Any, signature: Any, demos: Any) -> list[dict[str, Any]]:
        if not (isinstance(demos, SharedDemos) and is_dspys_own(adapter, _DEMOS) and demos.unchanged()):
            return original(adapter, signature, demos)
        messages = demos.kept.get(type(adapter), signature, lambda: original(adapter, signature, demos))
        return [dict(message) for message in messages]

    Adapter.format_demos = format_demos  # type: ignore[method-assign]


def is_dspys_own(adapter: Any, methods: tuple[str, ...]) -> bool:
    """Whether an adapter has these methods, as far as there are any, from DSPy's base, chat or JSON adapter."""
    return _from_dspy(type(adapter), methods) and vars(adapter).keys().isdisjoint(methods)


@functools.cache
def _from_dspy(adapter: type, methods: tuple[str, ...]) -> bool:
    found = (getattr(adapter, name, None) for name in methods)
    return all(getattr(method, '__module__', None) in _OWN_MODULES for method in found if method is not None)
