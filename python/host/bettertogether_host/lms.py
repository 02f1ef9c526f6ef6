"""Whose LM answers a call: the run's, or one that the program's author named."""

from __future__ import annotations

import functools
import inspect
from typing import Any, NamedTuple

from .relay import BASE, CallRejected, Target
from .signatures import NamedPredictor

_URLS = ('api_base', 'base_url')


class Address(NamedTuple):
    """Where an LM of the user's is served, and its name there."""

    provider: str
    url: str | None
    model: str

    def beside(self, other: Address) -> bool:
        return (self.provider, self.url) == (other.provider, other.url)


def address_of(lm: Any) -> Address:
    """As LiteLLM and DSPy read `dspy.LM('openai/gpt-4o', api_base=…)`."""
    name = str(getattr(lm, 'model', ''))
    provider, slash, model = name.partition('/')
    settings = getattr(lm, 'kwargs', None) or {}
    url = next((str(settings[key]) for key in _URLS if settings.get(key)), None)
    return Address(provider if slash else 'openai', None if url is None else url.rstrip('/'), model if slash else name)


class Lms:
    """Tells the program's main LM, which the run's model stands for, from others that its author named.

    The main LM is the one that predictors without an LM of their own ask (`dspy.configure`), else the one that the
    first predictor has. Others are asked under their own names, at the run's endpoint.
    """

    def __init__(self, predictors: list[NamedPredictor], configured: Any, endpoint_url: str | None) -> None:
        self._endpoint_url = None if endpoint_url is None else endpoint_url.rstrip('/')
        own = [each.predictor.lm for each in predictors]
        main = next((lm for lm in own if lm is not None), None)
        if configured is not None and (None in own or main is None):
            main = configured
        elif None in own:
            main = None
        self._main = None if main is None else address_of(main)
        self._run_sampled = {id(lm) for lm in [configured, *own] if lm is not None and self.is_main(lm)}
        self._held = [configured, *own]  # so that no other object gets one of these ids

    def is_main(self, lm: Any) -> bool:
        return self._main is not None and address_of(lm) == self._main

    def own_model(self, predictor: Any) -> str | None:
        """The name of the LM that a predictor's author gave it, where that is another one of the run's endpoint."""
        lm = predictor.lm
        return address_of(lm).model if lm is not None and not self.is_main(lm) and self.serves(lm) else None

    def target(self, lm: Any) -> Target:
        """
        Raises:
            CallRejected: for an LM that the run's endpoint does not serve.
        """
        if self.is_main(lm):
            return BASE
        if self.serves(lm):
            return Target(address_of(lm).model, False)
        raise CallRejected(
            f'The program asks the LM {described(lm)}, which is not where its other calls go: to the endpoint of the '
            'run. Calls to other services could be neither counted nor remembered. Ask another model of the '
            f'endpoint there ({self._example()}), or take an endpoint that serves both.'
        )

    def serves(self, lm: Any) -> bool:
        """Whether the run's endpoint has to know the LM: it is where the main LM is, or named by the endpoint's URL."""
        address = address_of(lm)
        if address.url is not None and address.url == self._endpoint_url:
            return True
        return address.beside(self._main or Address('openai', None, ''))

    def sampling(self, lm: Any) -> dict[str, Any]:
        """What its author set; of the main LM as it was configured, nothing: the run's own sampling stands for it."""
        if id(lm) in self._run_sampled:
            return {}
        defaults = _defaults(type(lm))
        settings = getattr(lm, 'kwargs', None) or {}
        given = {name: settings.get(name) for name in ('temperature', 'max_tokens', 'top_p', 'stop')}
        if given['max_tokens'] is None:  # reasoning models of OpenAI's
            given['max_tokens'] = settings.get('max_completion_tokens')
        return {name: value for name, value in given.items() if value is not None and value != defaults.get(name)}

    def _example(self) -> str:
        home = '' if self._endpoint_url is None else f", api_base='{self._endpoint_url}'"
        return f"dspy.LM('openai/<name>'{home})"


def described(lm: Any) -> str:
    address = address_of(lm)
    return f"'{lm.model}' at {address.url}" if address.url else f"'{lm.model}'"


@functools.cache
def _defaults(cls: type) -> dict[str, Any]:
    parameters = inspect.signature(cls.__init__).parameters
    return {name: each.default for name, each in parameters.items() if each.default is not inspect.Parameter.empty}
