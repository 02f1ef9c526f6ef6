"""Which values DSPy's own `save` refuses (dspy/primitives/base_module.py).

DSPy 3.1 and newer write states with `orjson`, and what is exported keeps to its rules whatever DSPy is installed. DSPy
3.0 has `ujson`, which refuses dates, enums and dataclasses and takes some other values; it loads what is exported.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import uuid
from typing import Any

import dspy
from dspy.predict.predict import serialize_object

try:
    from orjson import dumps
except ImportError:  # DSPy 3.0

    def dumps(value: Any) -> str:
        return json.dumps(value, default=_simpler)


def refusal(value: Any) -> str | None:
    """Why a demo with this value cannot be saved, in the words of what would write it; `None` where it can be."""
    try:
        dumps(serialize_object(dspy.Example(value=value).toDict() if hasattr(value, 'toDict') else value))
    except Exception as error:
        return str(error)
    return None


def _simpler(value: Any) -> Any:
    """What `orjson` writes in the place of a value that Python's own JSON does not know.

    Raises:
        TypeError: where `orjson` knows none either.
    """
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    kind = type(value)
    where = '' if kind.__module__ == 'builtins' else f'{kind.__module__}.'
    raise TypeError(f'Type is not JSON serializable: {where}{kind.__qualname__}')
