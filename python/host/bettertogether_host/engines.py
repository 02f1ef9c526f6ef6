"""LMs that ask the run process, by DSPy's own extension points: what DSPy finds instead of every LM.

DSPy 3.4 takes an engine (`dspy.LM(engine=…)`, dspy/clients/engines/base.py); before it, a `BaseLM` with `forward`.
"""

from __future__ import annotations

import base64
import inspect
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import dspy

from .relay import Relay, Target, lm_call


class _Engine:
    """DSPy 3.4's engine. Shared by copies of an LM, deep ones included."""

    def __init__(self, relay: Relay, target: Target) -> None:
        self.relay = relay
        self.target = target
        self.supports_function_calling = False
        self.supports_reasoning = False
        self.supports_response_schema = relay.guided
        self.supported_params = frozenset({'response_format'} if relay.guided else ())

    def __deepcopy__(self, memo: dict[int, Any]) -> _Engine:
        return self

    def complete(self, request: Any) -> Any:
        return self._response(request, self.relay.ask(self._call(request), self.target))

    def stream(self, request: Any) -> Any:
        """What `dspy.streamify` asks for: the answer as one of DSPy's cache comes, whole."""
        return _events(self.complete(request))

    def _call(self, request: Any) -> dict[str, Any]:
        config = request.config
        messages = [{'role': message.role, 'content': _content(message.parts)} for message in request.messages]
        if request.system is not None:
            system = request.system if isinstance(request.system, str) else _content(request.system)
            messages.insert(0, {'role': 'system', 'content': system})
        names = ('temperature', 'top_p', 'max_tokens', 'stop', 'response_format')
        return lm_call(messages, {name: getattr(config, name) for name in names}, self.relay.guided)

    def _response(self, request: Any, answer: dict[str, Any]) -> Any:
        from dspy.lm15 import Message, Response, TextPart, Usage

        used, reason = answer.get('usage'), answer['finishReason']
        usage = (
            Usage()
            if used is None
            else Usage(
                input_tokens=used['inputTokens'],
                output_tokens=used['outputTokens'],
                cache_read_tokens=used['cachedInputTokens'],
            )
        )
        return Response(
            id=None,
            model=answer['model'] or request.model,
            message=Message.assistant([TextPart(answer['text'])]),
            finish_reason=reason if reason in ('stop', 'length', 'content_filter') else 'stop',
            usage=usage,
        )


class _AsyncEngine:
    def __init__(self, engine: _Engine) -> None:
        self._engine = engine

    def __deepcopy__(self, memo: dict[int, Any]) -> _AsyncEngine:
        return self

    async def complete(self, request: Any) -> Any:
        engine = self._engine
        return engine._response(request, await engine.relay.aask(engine._call(request), engine.target))

    async def stream(self, request: Any) -> AsyncIterator[Any]:
        for event in _events(await self.complete(request)):
            yield event


def _events(response: Any) -> Any:
    from dspy.lm15 import response_to_events

    return response_to_events(response)


def _content(parts: Any) -> list[dict[str, Any]]:
    return [_part(part) for part in parts]


def _part(part: Any) -> dict[str, Any]:
    """As OpenAI's API has it; `chat_messages` says what cannot be passed on."""
    if part.type == 'text':
        return {'type': 'text', 'text': part.text}
    url = getattr(part, 'url', None)
    if part.type == 'image' and url is None and part.data is not None:
        url = f'data:{part.media_type};base64,{base64.b64encode(part.bytes).decode("ascii")}'
    if part.type != 'image' or url is None:
        return {'type': part.type}
    return {'type': 'image_url', 'image_url': {'url': url, 'detail': part.detail}}


class _RelayLM(dspy.BaseLM):
    """The same for DSPy 3.0 to 3.3, whose extension point is `forward` with an answer in OpenAI's shape."""

    def __init__(self, relay: Relay, target: Target, **settings: Any) -> None:
        super().__init__(model=_named(relay, target), **settings)
        self.relay = relay
        self.target = target

    def __deepcopy__(self, memo: dict[int, Any]) -> _RelayLM:
        return self.copy()

    def copy(self, **changes: Any) -> _RelayLM:
        given = {'cache': self.cache, **self.kwargs, **changes}
        settings = {key: value for key, value in given.items() if key != 'model'}
        if settings.get('rollout_id') is None:
            settings.pop('rollout_id', None)
        return _RelayLM(self.relay, self.target, **settings)

    def forward(self, prompt: Any = None, messages: Any = None, **kwargs: Any) -> Any:
        return self._answer(
            [self.relay.ask(each, self.target) for each in self._calls(prompt, messages, kwargs)],
        )

    async def aforward(self, prompt: Any = None, messages: Any = None, **kwargs: Any) -> Any:
        return self._answer(
            [await self.relay.aask(each, self.target) for each in self._calls(prompt, messages, kwargs)],
        )

    def _calls(self, prompt: Any, messages: Any, kwargs: dict[str, Any]) -> list[dict[str, Any]]:
        settings = {**self.kwargs, **kwargs}
        asked = messages or [{'role': 'user', 'content': prompt}]
        return [lm_call(asked, settings, self.relay.guided)] * int(settings.get('n') or 1)

    def _answer(self, answers: list[dict[str, Any]]) -> Any:
        choices = [
            SimpleNamespace(
                message=SimpleNamespace(content=answer['text'], tool_calls=None), finish_reason=answer['finishReason']
            )
            for answer in answers
        ]
        return SimpleNamespace(choices=choices, usage=_openai_usage(answers), model=answers[0]['model'])


def _openai_usage(answers: list[dict[str, Any]]) -> dict[str, int]:
    used = [answer['usage'] for answer in answers if answer.get('usage')]
    inputs, outputs = (sum(each[key] for each in used) for key in ('inputTokens', 'outputTokens'))
    return {'prompt_tokens': inputs, 'completion_tokens': outputs, 'total_tokens': inputs + outputs}


_HAS_ENGINES = 'engine' in inspect.signature(dspy.LM.__init__).parameters


def relay_lm(relay: Relay, target: Target, **settings: Any) -> Any:
    """An LM for DSPy; see `Target` for which model answers.

    Args:
        settings: as `dspy.LM` takes them.
    """
    given = {'cache': False, **settings}
    if not _HAS_ENGINES:
        return _RelayLM(relay, target, **{'temperature': None, 'max_tokens': None, **given})
    engine = _Engine(relay, target)
    return dspy.LM(_named(relay, target), num_retries=0, engine=engine, async_engine=_AsyncEngine(engine), **given)


def _named(relay: Relay, target: Target) -> str:
    return f'openai/{target.model or relay.base_model}'


def target_of(lm: Any) -> Target | None:
    """What a relay LM, or a copy of one, asks; `None` for an LM of the user's."""
    if isinstance(lm, _RelayLM):
        return lm.target
    engine = getattr(lm, '_engine_spec', None)
    return engine.target if isinstance(engine, _Engine) else None
