"""Where an LM of the user's is served, as LiteLLM and DSPy read `dspy.LM('openai/gpt-4o', api_base=…)`."""

from __future__ import annotations

import os
from typing import Any, NamedTuple
from urllib.parse import urlsplit

_URLS = ('api_base', 'base_url')

# What LiteLLM takes in the place of a missing `api_base`: addresses that speak OpenAI's wire.
_HOMES = {
    'anthropic': 'https://api.anthropic.com/v1',
    'cerebras': 'https://api.cerebras.ai/v1',
    'deepseek': 'https://api.deepseek.com/v1',
    'fireworks_ai': 'https://api.fireworks.ai/inference/v1',
    'gemini': 'https://generativelanguage.googleapis.com/v1beta/openai',
    'groq': 'https://api.groq.com/openai/v1',
    'mistral': 'https://api.mistral.ai/v1',
    'openai': 'https://api.openai.com/v1',
    'openrouter': 'https://openrouter.ai/api/v1',
    'perplexity': 'https://api.perplexity.ai',
    'together_ai': 'https://api.together.xyz/v1',
    'xai': 'https://api.x.ai/v1',
}
_OPENAI_MOVED = ('OPENAI_BASE_URL', 'OPENAI_API_BASE')
_DEFAULT_PORTS = {'http': 80, 'https': 443}


class Address(NamedTuple):
    """Where an LM of the user's is served, and its name there."""

    provider: str
    url: str | None
    """As its author wrote it, in one spelling; `None`: where the provider is."""
    model: str

    def beside(self, other: Address) -> bool:
        return (self.provider, self.url) == (other.provider, other.url)

    def home(self) -> str | None:
        """The base URL that it is asked at; `None` where its provider has no known one."""
        if self.url is not None:
            return self.url
        moved = next((os.environ[name] for name in _OPENAI_MOVED if os.environ.get(name)), None)
        return one_spelling(moved) if self.provider == 'openai' and moved else _HOMES.get(self.provider)


def address_of(lm: Any) -> Address:
    name = str(getattr(lm, 'model', ''))
    provider, slash, model = name.partition('/')
    settings = getattr(lm, 'kwargs', None) or {}
    url = next((str(settings[key]) for key in _URLS if settings.get(key)), None)
    return Address(
        provider if slash else 'openai', None if url is None else one_spelling(url), model if slash else name
    )


def one_spelling(url: str) -> str:
    """As src/data/baseUrl.ts has it: no trailing slash, no default port, lower-case host."""
    try:
        parts = urlsplit(url)
        port = '' if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f':{parts.port}'
    except ValueError:  # no URL; it is no LM's address
        return url
    if not parts.hostname:
        return url.rstrip('/')
    host = f'[{parts.hostname}]' if ':' in parts.hostname else parts.hostname
    return f'{parts.scheme}://{host}{port}{parts.path.rstrip("/")}'
