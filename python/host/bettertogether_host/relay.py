"""LM calls on their way to the run process: metered there, remembered, and under the run's cap."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from .context import Phase, PredictorCall, current_call, current_phase
from .forks import LM_CALLED, is_forked
from .import_guard import ImportGuard
from .lm_errors import CallRejected, OutsideOfRun
from .wire import Answer, RemoteError, Wire


class PromptShown(BaseException):
    """Carries a call that is not to be made out of the user's code."""

    def __init__(self, call: dict[str, Any]) -> None:
        super().__init__()
        self.call = call


# The run's own endpoint, as others have their names in bettertogether.json.
RUNS_ENDPOINT = ''


class Target(NamedTuple):
    """Which model is asked: one by its name at an endpoint, or that of the predictor's state, else the base model."""

    model: str | None
    state: bool
    endpoint: str = RUNS_ENDPOINT


STATE = Target(None, True)
BASE = Target(None, False)


class Relay:
    """Sends LM calls to the run process and keeps what it says of them in the predictor's trace."""

    def __init__(self, wire: Wire, base_model: str, guided: bool, guard: ImportGuard) -> None:
        self.base_model = base_model
        self.guided = guided
        self._wire = wire
        self._guard = guard

    def ask(self, asked: dict[str, Any], target: Target) -> dict[str, Any]:
        phase, answer = self._send(asked, target)
        try:
            return self._took(answer.wait, phase)
        finally:
            phase.run.closed(answer)

    async def aask(self, asked: dict[str, Any], target: Target) -> dict[str, Any]:
        phase, answer = self._send(asked, target)
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()
        answer.then(lambda: loop.call_soon_threadsafe(arrived.set))
        try:
            await arrived.wait()
            return self._took(answer.result, phase)
        finally:
            phase.run.closed(answer)

    def _send(self, asked: dict[str, Any], target: Target) -> tuple[Phase, Answer]:
        if is_forked():
            raise OutsideOfRun(LM_CALLED)
        phase = current_phase.get()
        if phase is None:
            # A thread that the import of a file started, and that may save what it makes of a refusal.
            self._guard.end_process()
        if phase.run.stopped is not None:
            raise phase.run.stopped
        call = current_call.get()
        full = {**self._model(target, call, phase), **asked}
        if phase.run.shows:
            raise PromptShown(full)
        compiled = phase.run.compiled
        sample = {} if compiled is None else {'sample': compiled.sample_of(full)}
        params = {'run': phase.run.number, 'call': full, 'metric': phase.metric, **sample}
        answer = self._wire.request('lm/complete', params)
        phase.run.opened(answer)
        return phase, answer

    def _model(self, target: Target, call: PredictorCall | None, phase: Phase) -> dict[str, Any]:
        """`authors` keeps the run process from putting the base model there when a metric asks."""
        if target.model is not None:
            elsewhere = {} if target.endpoint == RUNS_ENDPOINT else {'endpoint': target.endpoint}
            return {'model': target.model, 'authors': True, **elsewhere}
        state = call.state if target.state and call is not None and not phase.metric else None
        if state is not None:
            return {'model': state.model}
        settings_model = phase.run.settings_model if target.state and not phase.metric else None
        return {'model': settings_model or self.base_model}

    def _took(self, result: Any, phase: Phase) -> dict[str, Any]:
        try:
            answer = result()
        except RemoteError as error:
            kind = error.data.get('kind') if isinstance(error.data, dict) else None
            raise CallRejected(str(error)) if kind == 'rejected' else phase.run.refused(str(error)) from None
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


def chat_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages with text, or with text and pictures in parts.

    Raises:
        CallRejected: for what else can be shown to an LM.
    """
    return [{'role': _role(message), 'content': _content(message.get('content'))} for message in messages]


def _role(message: dict[str, Any]) -> str:
    role = message.get('role')
    if role in ('system', 'user', 'assistant') and not message.get('tool_calls'):
        return str(role)
    if role == 'developer':
        return 'system'
    raise CallRejected('The program uses native function calls, which BetterTogether does not pass on to the LM.')


def _content(content: Any) -> str | list[dict[str, Any]]:
    if isinstance(content, str):
        return content
    parts = [_part(part) for part in content or []]
    if all(part['type'] == 'text' for part in parts):
        return ''.join(part['text'] for part in parts)
    return parts


def _part(part: Any) -> dict[str, Any]:
    kind = part.get('type') if isinstance(part, dict) else None
    if kind == 'text':
        return {'type': 'text', 'text': part['text']}
    if kind == 'image_url':
        image = part['image_url']
        shown = {'url': image} if isinstance(image, str) else {name: image[name] for name in _IMAGE if image.get(name)}
        return {'type': 'image_url', 'image_url': shown}
    raise CallRejected('The program shows audio or files to the LM, which BetterTogether does not pass on.')


_IMAGE = ('url', 'detail')


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
