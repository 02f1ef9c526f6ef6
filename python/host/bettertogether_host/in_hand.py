"""What the code of one run has in hand of its predictors: what it read of the run's state, and what it set."""

from __future__ import annotations

import threading
from typing import Any


class InHand:
    """By predictor, as an object that is held on to: copies have their own, and no other run has them."""

    def __init__(self) -> None:
        self._values: dict[int, tuple[Any, dict[str, Any]]] = {}
        self._read: set[str] = set()
        self._guard = threading.Lock()

    def cut_off(self) -> None:
        """In a forked process: another thread may have held the lock."""
        self._guard = threading.Lock()

    def of(self, predictor: Any) -> dict[str, Any]:
        with self._guard:
            return dict(self._values.get(id(predictor), (predictor, {}))[1])

    def read(self, predictor: Any, name: str, value: Any) -> Any:
        """What the code is given that reads `name`: `value`, unless it has one in hand."""
        with self._guard:
            self._read.add(name)
            return self._kept(predictor).setdefault(name, value)

    def was_read(self, name: str) -> bool:
        """Of any predictor: what is set afterwards may be made of it."""
        with self._guard:
            return name in self._read

    def set(self, predictor: Any, name: str, value: Any) -> None:
        with self._guard:
            self._kept(predictor)[name] = value

    def drop(self, predictor: Any, name: str) -> None:
        with self._guard:
            self._kept(predictor).pop(name, None)

    def _kept(self, predictor: Any) -> dict[str, Any]:
        return self._values.setdefault(id(predictor), (predictor, {}))[1]
