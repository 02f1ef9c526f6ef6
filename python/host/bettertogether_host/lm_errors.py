"""Errors of LM calls, as DSPy knows them where it has a class for such."""

from __future__ import annotations

from dspy.utils import exceptions

_Base: type[Exception] = getattr(exceptions, 'LMError', Exception)


class CallRejected(_Base):  # type: ignore[misc, valid-type]
    """The endpoint cannot answer one call of the user's program. Not caught, it is the example's result."""


class OutsideOfRun(_Base):  # type: ignore[misc, valid-type]
    """A process that user code started asked an LM."""
