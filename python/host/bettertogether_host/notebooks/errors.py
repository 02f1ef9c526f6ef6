"""What a notebook's cells do not say, written for its author."""

from __future__ import annotations

import os

from ..user_errors import LoadError
from .units import Place


class GatherError(LoadError):
    """A name that a run needs, and that cannot be had from the cells."""

    def __init__(self, notebook: str, place: Place | None, what: str) -> None:
        at = notebook if place is None else f'{os.path.basename(notebook)}, {place}'
        super().__init__(f'{at}: {what}', notebook, None if place is None else place.line)
        self.cell = None if place is None else place.cell
