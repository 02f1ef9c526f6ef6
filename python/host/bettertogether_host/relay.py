"""LMs that ask the run process: what DSPy finds instead of every LM while a program runs.

DSPy 3.4 takes an engine (`dspy.LM(engine=…)`, dspy/clients/engines/base.py); before it, a `BaseLM` with `forward`.
"""

from __future__ import annotations

import asyncio
import inspect
from types import SimpleNamespace
from typing import Any

import dspy
from dspy.utils import exceptions

from .context import Phase, current_call, current_phase
from .user_errors import RunStopped
from .wire import Answer, RemoteError, Wire

_Base: type[Exception] = getattr(exceptions, 'LMError', Exception)


class CallRejected(_Base):  # type: ignore[misc, valid-type]
    """The endpoint cannot answer one call of the user's program; not caught, it is the example's result."""


class OutsideOfRun(_Base):  # type: ignore[misc, valid-type]
    """Code asked an LM while no example was being run."""


class Relay:
    """Sends LM calls to the run process and keeps what it says of them in the predictor's trace."""

    def __init__(self, wire: Wire, base_model: str, guided: bool) -> None:
        self.base_model = base_model
        self.guided = guided
        self._wire = wire

    def ask(self, asked: dict[str, Any], own: bool) -> dict[str, Any]:
        phase, answer = self._send(asked, own)
        try:
            return self._took(answer.wait)
        finally:
            phase.run.closed(answer)

    async def aask(self, asked: dict[str, Any], own: bool) -> dict[str, Any]:
        phase, answer = self._send(asked, own)
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()
        answer.then(lambda: loop.call_soon_threadsafe(arrived.set))
        try:
            await arrived.wait()
            return self._took(answer.result)
        finally:
            phase.run.closed(answer)

    def _send(self, asked: dict[str, Any], own: bool) -> tuple[Phase, Answer]:
        phase = current_phase.get()
        if phase is None:
            raise OutsideOfRun(
                'An LM was called while no example was being run. Code that asks an LM when its file is imported '
                "belongs under `if __name__ == '__main__':`."
            )
        if phase.run.stopped is not None:
            raise phase.run.stopped
        call = current_call.get()
        state = call.state if own and call is not None and not phase.metric else None
        model = self.base_model if state is None else state.model
        params = {'run': phase.run.number, 'call': {'model': model, **asked}, 'metric': phase.metric}
        answer = self._wire.request('lm/complete', params)
        phase.run.opened(answer)
        return phase, answer

    def _took(self, result: Any) -> dict[str, Any]:
        try:
            answer = result()
        except RemoteError as error:
            kind = error.data.get('kind') if isinstance(error.data, dict) else None
            raise CallRejected(str(error)) if kind == 'rejected' else RunStopped(str(error)) from None
        call = current_call.get()
        if call is not None:
            call.lm.append({key: value for key, value in answer.items() if key != 'text'})
        return answer


def lm_call(messages: list[dict[str, Any]], settings: dict[str, Any], guided: bool) -> dict[str, Any]:
    """An `LmCall` without its model, of messages and settings as OpenAI's API names them."""
    stop = settings.get('stop') or []
    sampling = {
        ours: settings[theirs]
        for theirs, ours in (('temperature', 'temperature'), ('top_p', 'topP'), ('max_tokens', 'maxTokens'))
        if settings.get(theirs) is not None
    }
    guide = _guide(settings.get('response_format')) if guided else None
    return {
        'prompt': {'kind': 'chat', 'messages': chat_messages(messages)},
        'stop': [stop] if isinstance(stop, str) else list(stop),
        **({} if guide is None else {'guide': guide}),
        **({} if not sampling else {'sampling': sampling}),
    }


def chat_messages(messages: list[dict[str, Any]]) -> list[dict[str, str]]:
    """
    Raises:
        CallRejected: for what is no text: the protocol carries none yet.
    """
    return [{'role': _role(message), 'content': _content(message.get('content'))} for message in messages]


def _role(message: dict[str, Any]) -> str:
    role = message.get('role')
    if role in ('system', 'user', 'assistant') and not message.get('tool_calls'):
        return str(role)
    if role == 'developer':
        return 'system'
    raise CallRejected('The program uses native function calls, which BetterTogether does not pass on to the LM.')


def _content(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content or []
    if all(isinstance(part, dict) and part.get('type') == 'text' for part in parts):
        return ''.join(part['text'] for part in parts)
    raise CallRejected('The program shows images, audio or files to the LM, which BetterTogether does not pass on.')


def _guide(response_format: Any) -> dict[str, Any] | None:
    if isinstance(response_format, type) and hasattr(response_format, 'model_json_schema'):
        return {'kind': 'jsonSchema', 'name': response_format.__name__, 'schema': response_format.model_json_schema()}
    if not isinstance(response_format, dict):
        return None
    if response_format.get('type') == 'json_object':
        return {'kind': 'jsonObject'}
    schema = response_format.get('json_schema')
    if response_format.get('type') != 'json_schema' or not isinstance(schema, dict):
        return None
    return {'kind': 'jsonSchema', 'name': str(schema.get('name', 'output')), 'schema': schema.get('schema') or {}}


class _Engine:
    """DSPy 3.4's engine. Shared by copies of an LM, deep ones included."""

    def __init__(self, relay: Relay, own: bool) -> None:
        self.relay = relay
        self.own = own
        self.supports_function_calling = False
        self.supports_reasoning = False
        self.supports_response_schema = relay.guided
        self.supported_params = frozenset({'response_format'} if relay.guided else ())

    def __deepcopy__(self, memo: dict[int, Any]) -> _Engine:
        return self

    def complete(self, request: Any) -> Any:
        return self._response(request, self.relay.ask(self._call(request), self.own))

    def _call(self, request: Any) -> dict[str, Any]:
        config = request.config
        messages = [{'role': message.role, 'content': _text_of(message.parts)} for message in request.messages]
        if request.system is not None:
            system = request.system if isinstance(request.system, str) else _text_of(request.system)
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
        return engine._response(request, await engine.relay.aask(engine._call(request), engine.own))


def _text_of(parts: Any) -> str:
    if all(part.type == 'text' for part in parts):
        return ''.join(part.text for part in parts)
    raise CallRejected('The program shows images, audio or files to the LM, which BetterTogether does not pass on.')


class _RelayLM(dspy.BaseLM):
    """The same for DSPy 3.0 to 3.3, whose extension point is `forward` with an answer in OpenAI's shape."""

    def __init__(self, relay: Relay, own: bool, **settings: Any) -> None:
        super().__init__(model=f'openai/{relay.base_model}', cache=False, **settings)
        self.relay = relay
        self.own = own

    def __deepcopy__(self, memo: dict[int, Any]) -> _RelayLM:
        return self.copy()

    def copy(self, **changes: Any) -> _RelayLM:
        settings = {**self.kwargs, **{key: value for key, value in changes.items() if key != 'model'}}
        settings.pop('rollout_id', None)
        return _RelayLM(self.relay, self.own, **settings)

    def forward(self, prompt: Any = None, messages: Any = None, **kwargs: Any) -> Any:
        return self._answer(
            [self.relay.ask(each, self.own) for each in self._calls(prompt, messages, kwargs)],
        )

    async def aforward(self, prompt: Any = None, messages: Any = None, **kwargs: Any) -> Any:
        return self._answer(
            [await self.relay.aask(each, self.own) for each in self._calls(prompt, messages, kwargs)],
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


def relay_lm(relay: Relay, own: bool, **settings: Any) -> Any:
    """An LM for DSPy. `own`: predictors of the program answer with the model of their state; otherwise the base."""
    if not _HAS_ENGINES:
        return _RelayLM(relay, own, **{'temperature': None, 'max_tokens': None, **settings})
    engine = _Engine(relay, own)
    return dspy.LM(
        f'openai/{relay.base_model}',
        cache=False,
        num_retries=0,
        engine=engine,
        async_engine=_AsyncEngine(engine),
        **settings,
    )


def is_relay(lm: Any) -> bool:
    return isinstance(lm, _RelayLM) or isinstance(getattr(lm, '_engine_spec', None), _Engine)


def standing_in_for(lm: Any, relay: Relay) -> Any:
    """An LM of the user's own, with its own sampling where its author gave any; the base model answers."""
    defaults = inspect.signature(type(lm).__init__).parameters
    kwargs = getattr(lm, 'kwargs', None) or {}
    given = {}
    for name in ('temperature', 'max_tokens', 'top_p', 'stop'):
        value = kwargs.get(name)
        if value is not None and not (name in defaults and defaults[name].default == value):
            given[name] = value
    return relay_lm(relay, False, **given)
