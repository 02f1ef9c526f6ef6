"""Feedback of a metric about one predictor, as `dspy.GEPA` asks for it: src/host/node/measure.ts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .forks import leave
from .user_errors import RunStopped


class AboutPredictor(NamedTuple):
    """A predictor, and its calls in one run of the program."""

    name: str
    # Each a `TraceCall` (src/data/trace.ts).
    calls: list[dict[str, Any]]
    # Those that gave something, as DSPy keeps them: (predictor, inputs, prediction).
    traced: list[tuple[Any, ...]]

    def rated(
        self,
        rating: dict[str, Any],
        ask: Callable[[list[tuple[Any, ...]]], dict[str, Any]],
        failure: Callable[[BaseException, str], dict[str, Any]],
    ) -> dict[str, Any]:
        """`rating` of the program, with feedback about the predictor where it was called.

        Args:
            ask: asks the metric about a call, in a list of it alone; gives a rating.
            failure: what is said of an error of the metric: a `UserCodeError`.

        Raises:
            RunStopped: as the run itself.
        """
        failed = next((call for call in self.calls if call['outputs'] is None), None)
        if failed is not None:
            return _with_words(rating, f'A call of {self.name} failed: {failed.get("error", "no reason given")}')
        if not self.traced:
            return rating
        try:
            about = ask(self.traced[:1])
            leave(None)
        except RunStopped:
            raise
        except BaseException as error:
            leave(error)
            said = failure(error, 'metric')
            words = f'Asked about {self.name}, the metric failed: {said["message"]}'
            return {**_with_words(rating, words), 'aboutPredictor': {'error': said}}
        measured = {**rating, **about, 'score': rating['score']}
        other = {} if about['score'] == rating['score'] else {'aboutPredictor': {'score': about['score']}}
        return {**measured, **other}


def _with_words(rating: dict[str, Any], words: str) -> dict[str, Any]:
    """What is said first, and then what the metric said about the program."""
    return {**rating, 'feedback': f'{words}\n{rating["feedback"]}' if 'feedback' in rating else words}
