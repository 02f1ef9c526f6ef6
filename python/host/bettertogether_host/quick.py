"""The short way from an adapter to the run process.

`dspy.LM` turns an adapter's messages into a request, and the request's answer back into texts, at a cost of more than
the adapter itself (dspy/clients/execution.py). What it makes of plain text messages is known beforehand: the same
messages and the same text. `tests/test_quick.py` compares the two ways. Everything else goes the long one.
"""

from __future__ import annotations

from typing import Any

from dspy.dsp.utils.settings import settings

from .relay import lm_call

_SETTINGS = frozenset(
    ('temperature', 'top_p', 'max_tokens', 'stop', 'response_format', 'cache', 'rollout_id', 'n', 'num_retries')
)
_ROLES = ('system', 'user', 'assistant')


def quick_call(lm: Any, own: dict[str, Any], messages: Any, kwargs: dict[str, Any], guided: bool) -> Any:
    """An `LmCall` without its model; `None` where the long way has to be gone.

    Args:
        lm: The LM that is called.
        own: The settings that it is used with.
    """
    if messages is None or not all(map(_is_plain, messages)) or _is_watched(lm):
        return None
    asked = {**own, **kwargs}
    if not _SETTINGS.issuperset(asked) or asked.get('n') not in (None, 1):
        return None
    if asked.get('response_format') is not None:  # shaped on the long way
        return None
    return lm_call(messages, asked, guided)


def _is_plain(message: Any) -> bool:
    content = message.get('content')
    if len(message) != 2 or message.get('role') not in _ROLES:
        return False
    if type(content) is list:
        return all(map(_is_plain_part, content))
    return type(content) is str and (content.isascii() or _is_unicode(content))


def _is_plain_part(part: Any) -> bool:
    """Text and pictures, as adapters make them."""
    kind = part.get('type') if type(part) is dict else None
    if kind == 'image_url':
        image = part['image_url']
        return type(image) is dict and type(image.get('url')) is str
    return kind == 'text' and type(part['text']) is str and _is_unicode(part['text'])


def _is_unicode(content: str) -> bool:
    """Half a surrogate pair is an error in DSPy."""
    try:
        content.encode('utf-8')
    except UnicodeEncodeError:
        return False
    return True


def _is_watched(lm: Any) -> bool:
    """Callbacks, usage trackers and streams of the user's see requests and answers."""
    if getattr(lm, 'callbacks', None):
        return True
    return any(settings.get(name) for name in ('callbacks', 'usage_tracker', 'send_stream'))
