"""Whose LM answers a call: the run's, or one that the program's author named."""

from __future__ import annotations

import functools
import inspect
import json
from typing import Any
from urllib.parse import urlsplit

import dspy

from .addresses import Address, address_of, one_spelling
from .lm_errors import CallRejected
from .relay import BASE, RUNS_ENDPOINT, Target
from .signatures import NamedPredictor


class Lms:
    """Distinguishes the program's main LM, which the run's model replaces, from others its author named.

    The main LM is the one that predictors without an LM of their own ask (`dspy.configure`), else the one that the
    first predictor has. Others are asked under their own names: at the endpoint of bettertogether.json that has their
    address, or at the run's, where the main LM is.
    """

    def __init__(
        self,
        predictors: list[NamedPredictor],
        configured: Any,
        endpoint_url: str | None,
        others: list[dict[str, str]] | None = None,
    ) -> None:
        """
        Args:
            others: `InitializeParams.services`: the other endpoints that LMs of the program's may be asked at.
        """
        self._endpoint_url = None if endpoint_url is None else one_spelling(endpoint_url)
        self._others = {one_spelling(each['baseURL']): each['name'] for each in others or []}
        own = [each.predictor.lm for each in predictors]
        main = next((lm for lm in own if lm is not None), None)
        if configured is not None and (None in own or main is None):
            main = configured
        elif None in own:
            main = None
        self._main = None if main is None else address_of(main)
        # Without, its author wants another answer each time.
        self.cached = bool(getattr(main, 'cache', True))
        self._run_sampled = {id(lm) for lm in [configured, *own] if lm is not None and self.is_main(lm)}
        self._held = [configured, *own]  # so that no other object gets one of these ids

    def is_main(self, lm: Any) -> bool:
        return self._main is not None and address_of(lm) == self._main

    def own(self, lm: Any) -> Target | None:
        """The LM that a predictor's author gave it, where that is another than the main one and may be asked."""
        if lm is None or self.is_main(lm):
            return None
        endpoint = self._endpoint_of(lm)
        return None if endpoint is None else Target(address_of(lm).model, False, endpoint)

    def target(self, lm: Any, asker: str = 'The program') -> Target:
        """
        Args:
            asker: who asks it, to begin a sentence with.

        Raises:
            CallRejected: for an LM that no endpoint serves.
        """
        if self.is_main(lm):
            return BASE
        endpoint = self._endpoint_of(lm)
        if endpoint is None:
            raise CallRejected(
                f'{asker} asks the LM {described(lm)}, and no endpoint of bettertogether.json is there. Calls to '
                f'other services could be neither counted nor remembered. {self.advice(lm)}'
            )
        return Target(address_of(lm).model, False, endpoint)

    def advice(self, lm: Any) -> str:
        """What makes an LM answer that no endpoint serves."""
        home = '' if self._endpoint_url is None else f", api_base='{self._endpoint_url}'"
        other = f"(or ask another model of the run's endpoint: dspy.LM('openai/<name>'{home}))"
        url = _home(lm)
        if url is None:
            return (
                'If it speaks the OpenAI wire, give the LM its base URL as api_base and name the same URL under '
                f'"endpoints" in bettertogether.json {other}.'
            )
        return f'Add this under "endpoints" there: {_block(address_of(lm), url)} {other}'

    def sampling(self, lm: Any) -> dict[str, Any]:
        """What its author set; of the main LM as it was configured, nothing: the run's own sampling replaces it."""
        if id(lm) in self._run_sampled:
            return {}
        defaults = _defaults(type(lm))
        settings = getattr(lm, 'kwargs', None) or {}
        given = {name: settings.get(name) for name in ('temperature', 'max_tokens', 'top_p', 'stop')}
        if given['max_tokens'] is None:  # reasoning models of OpenAI's
            given['max_tokens'] = settings.get('max_completion_tokens')
        return {name: value for name, value in given.items() if value is not None and value != defaults.get(name)}

    def _endpoint_of(self, lm: Any) -> str | None:
        """
        The endpoint that serves an LM: the one at its address, or the run's, which is taken to be where the main LM
        is. `None`: none does.
        """
        address, home = address_of(lm), _home(lm)
        if home is not None and home == self._endpoint_url:
            return RUNS_ENDPOINT
        if home in self._others:
            return self._others[home]
        return RUNS_ENDPOINT if address.beside(self._main or Address('openai', None, '')) else None


def described(lm: Any) -> str:
    address = address_of(lm)
    return f"'{lm.model}' at {address.url}" if address.url else f"'{lm.model}'"


def _home(lm: Any) -> str | None:
    """An LM class of the user's own has no provider that its name could show."""
    address = address_of(lm)
    return address.home() if isinstance(lm, dspy.LM) else address.url


def _block(address: Address, url: str) -> str:
    """An endpoint for bettertogether.json, ready to paste. Local servers want no key."""
    host = urlsplit(url).hostname or ''
    local = host in ('localhost', '::1') or host.startswith('127.')
    name = address.provider if address.url is None else 'local' if local else host.replace('.', '-') or 'other'
    key = {} if local else {'apiKeyEnv': f'{address.provider.upper().replace("-", "_")}_API_KEY'}
    return f'{json.dumps(name)}: {json.dumps({"kind": "openai", "baseURL": url, **key})}'


@functools.cache
def _defaults(cls: type) -> dict[str, Any]:
    parameters = inspect.signature(cls.__init__).parameters
    return {name: each.default for name, each in parameters.items() if each.default is not inspect.Parameter.empty}
