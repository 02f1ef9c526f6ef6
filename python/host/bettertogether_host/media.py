"""Images and sounds as data files have them: URLs and data. A file is never read for its name, nor the name sent."""

from __future__ import annotations

import base64
import typing
import weakref
from collections.abc import Mapping
from typing import Any

import dspy

from .user_errors import MediaError

# A text that is one already: its URL, its data.
_TEXTS = {dspy.Image: ('http://', 'https://', 'gs://', 'data:'), dspy.Audio: ('data:audio/',)}
_SIGNATURES: weakref.WeakKeyDictionary[Any, dict[str, tuple[Any, ...]]] = weakref.WeakKeyDictionary()
# What DSPy 3.0 wrote for one.
_WRITTEN_BY_DSPY = '<<CUSTOM-TYPE-START-IDENTIFIER>>'

# What the data of a file begins with.
_IMAGES = ((b'\x89PNG', 'png'), (b'\xff\xd8\xff', 'jpeg'), (b'GIF8', 'gif'), (b'RIFF', 'webp'))
_SOUNDS = ((b'RIFF', 'wav'), (b'ID3', 'mp3'), (b'\xff\xfb', 'mp3'), (b'fLaC', 'flac'), (b'OggS', 'ogg'))


def media_fields(value: Any, kind: Any) -> Any:
    """What DSPy makes an image or a sound of; `{bytes, path}` is how data sets of Hugging Face have them.

    Raises:
        ValueError: for data that is no image, and one that names a file, which older versions of DSPy would read.
    """
    data = value.get('bytes') if isinstance(value, Mapping) else value
    if isinstance(data, bytes) and data:
        return _of_data(data, kind)
    if kind is not dspy.Image:
        return value
    url = value.get('url') if isinstance(value, Mapping) else value
    if isinstance(url, str) and not url.startswith(_TEXTS[kind]):
        raise ValueError(f'{url[:80]!r} is no URL of an image.')
    return {'url': value} if isinstance(value, str) else value


def _of_data(data: bytes, kind: Any) -> Any:
    """Without Pillow, which DSPy asks for, and encodes images anew with."""
    known = _IMAGES if kind is dspy.Image else _SOUNDS
    form = next((name for begins, name in known if data.startswith(begins)), None)
    encoded = base64.b64encode(data).decode()
    if kind is dspy.Audio:
        return {'data': encoded, 'audio_format': form or 'wav'}
    if form is None:
        raise ValueError('The data is no image of a known format.')
    return {'url': f'data:image/{form};base64,{encoded}'}


def refuse_paths(signature: Any, inputs: Mapping[str, Any]) -> None:
    """DSPy would send the text of the value in the place of the image.

    Raises:
        MediaError: for what is neither an image nor missing, where the signature has an image or a sound.
    """
    for name, kinds in _media_in(signature).items():
        wrong = next(_none_of(kinds, inputs.get(name)), None)
        if wrong is not None:
            raise MediaError(
                f'The input {name} is a dspy.{kinds[0].__name__}, and this is {_brief(wrong)}. '
                f'Make it in code, {_call(kinds[0], wrong)}: in forward, or in rows that code makes ("file.py#rows").'
            )


def _media_in(signature: Any) -> dict[str, tuple[Any, ...]]:
    """The input fields of media alone. Looked at once: this is on the way of every call."""
    fields = _SIGNATURES.get(signature)
    if fields is None:
        kinds = {name: _media_of(field.annotation) for name, field in signature.input_fields.items()}
        fields = _SIGNATURES[signature] = {name: each for name, each in kinds.items() if each}
    return fields


def _media_of(annotation: Any) -> tuple[Any, ...]:
    """The kinds of media that a value is, one or in a list; none where it may be something else too, a text for one."""
    kinds = tuple(kind for kind in _kinds(annotation) if kind not in (type(None), ...))
    # By identity: what stands in `Callable[[str], str]` has no hash.
    return kinds if all(any(kind is each for each in _TEXTS) for kind in kinds) else ()


def _kinds(annotation: Any) -> list[Any]:
    parts = typing.get_args(annotation)
    return [kind for part in parts for kind in _kinds(part)] if parts else [annotation]


def _none_of(kinds: tuple[Any, ...], value: Any) -> typing.Iterator[Any]:
    """What is neither of the kinds nor missing, of a value or in a list."""
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _none_of(kinds, each)
    elif isinstance(value, str):
        allowed = (text for kind in kinds for text in _TEXTS[kind])
        if value.strip() and _WRITTEN_BY_DSPY not in value and not value.startswith(tuple(allowed)):
            yield value
    elif not isinstance(value, kinds) and not (value is None or (isinstance(value, (bytes, Mapping)) and not value)):
        yield value


def _brief(value: Any) -> str:
    if isinstance(value, str):
        return f'a text: {value[:80]!r}'
    if isinstance(value, bytes):
        return 'data of no known format'
    return f'of type {type(value).__name__}: {str(value)[:80]}'


def _call(kind: Any, value: Any) -> str:
    if isinstance(value, str) and value.startswith(('http://', 'https://')):
        return f'with dspy.{kind.__name__}.from_url'
    if not isinstance(value, (str, Mapping)):
        return f'with dspy.{kind.__name__}'
    return f'with dspy.{kind.__name__}.{"from_path" if hasattr(kind, "from_path") else "from_file"}'
