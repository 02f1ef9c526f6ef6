"""Images and sounds as data files have them: URLs and data. A file is never read for its name, nor the name sent."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

import dspy

from .user_errors import MediaError

_URLS = ('http://', 'https://')
# What is one already: its URL, its data, or what DSPy 3.0 wrote for it.
_IMAGE = (*_URLS, 'gs://', 'data:')
_SOUND = ('data:',)
_WRITTEN_BY_DSPY = '<<CUSTOM-TYPE-START-IDENTIFIER>>'


def refuse_paths(signature: Any, inputs: Mapping[str, Any]) -> None:
    """DSPy would send the text in the place of the image.

    Raises:
        MediaError: for a text, other than an empty one, where the signature has an image or a sound.
    """
    for name, field in signature.input_fields.items():
        kind, value = _media_of(field.annotation), inputs.get(name)
        if kind is None or not isinstance(value, str) or value.strip() == '' or _WRITTEN_BY_DSPY in value:
            continue
        if not value.startswith(_IMAGE if kind is dspy.Image else _SOUND):
            raise MediaError(
                f'The input {name} is a dspy.{kind.__name__}, and this is a text: {value[:80]!r}. '
                f'Make it in code, {_call(kind, value)}: in forward, or in rows that code makes ("file.py#rows").'
            )


def _media_of(annotation: Any) -> Any:
    """`dspy.Image` or `dspy.Audio`, also where it may be missing; `None` where a text is one of the values."""
    kinds = typing.get_args(annotation) or (annotation,)
    if str in kinds or typing.get_origin(annotation) in (list, dict, tuple):
        return None
    return next((kind for kind in (dspy.Image, dspy.Audio) if kind in kinds), None)


def _call(kind: Any, value: str) -> str:
    if value.startswith(_URLS):
        return f'with dspy.{kind.__name__}.from_url'
    return f'with dspy.{kind.__name__}.{"from_path" if hasattr(kind, "from_path") else "from_file"}'
