"""Where DSPy is redirected: predictors answer in the run's state, and every LM is the run process's.

Only DSPy's classes are patched, in this process. State reaches a predictor as arguments of its call (`signature`,
`demos`, `lm`: dspy/predict/predict.py, `_forward_preprocess`), so the user's objects stay as their author made them.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dspy
import tqdm
from dspy.dsp.utils.settings import settings

from . import forks
from .addresses import address_of
from .context import Compiled, Phase, PredictorCall, Run, current_call, current_phase
from .engines import relay_lm, target_of
from .exact import exact
from .forks import LM_CALLED
from .kept import SharedDemos
from .live import live_rows
from .lm_errors import CallRejected, OutsideOfRun
from .lms import Lms
from .media import refuse_paths
from .quick import quick_call
from .relay import RUNS_ENDPOINT, STATE, Relay, Target
from .samples import asked_for, sample_of
from .shown_states import install as show_states
from .shown_states import own_demos, own_signature, same_demos, signature_in_use
from .signatures import NamedPredictor, brief
from .states import PredictorState
from .user_errors import text_of

# Arguments of a predictor's call that are no inputs.
_PRIVILEGED = ('signature', 'demos', 'config', 'lm', '_trace')


class Predictors:
    """Finds a predictor's name. A copy (`deepcopy`, `BestOfN`) is known by the `stage` that DSPy copies with it."""

    def __init__(self, named: list[NamedPredictor]) -> None:
        self.by_name = {each.name: each.predictor for each in named}
        self._names = {id(each.predictor): each.name for each in named}
        stages: dict[str, list[str]] = {}
        for each in named:
            stages.setdefault(getattr(each.predictor, 'stage', ''), []).append(each.name)
        self._stages = {stage: names[0] for stage, names in stages.items() if stage and len(names) == 1}
        self._loaded = {each.name: _Loaded(each) for each in named}
        self._lms = {each.name: address_of(each.predictor.lm) for each in named if each.predictor.lm is not None}

    def name_of(self, predictor: Any) -> str | None:
        name = self._names.get(id(predictor))
        return self._stages.get(getattr(predictor, 'stage', '')) if name is None else name

    def asked_with(self, name: str, predictor: Any, run: Run) -> dict[str, Any]:
        """Arguments of a predictor's call: what of the run's state `forward` leaves in place, and what it sets."""
        loaded, state, held = self._loaded[name], run.state.predictors[name], run.in_hand.of(predictor)
        own = dspy.ensure_signature(own_signature(predictor))
        signature, demos = state.signature(own), state.demos(own)
        if 'signature' in held:
            signature = held['signature']
        elif not loaded.has_instructions(predictor):
            signature = own
        if 'demos' in held:
            demos = demos if same_demos(held['demos'] or [], demos) else list(held['demos'] or [])
        elif not loaded.has_demos(predictor):
            demos = own_demos(predictor)
        loaded.tell(state.has_instructions_of(signature, own), isinstance(demos, SharedDemos))
        return {'signature': signature, 'demos': demos}

    def loaded(self, predictor: Any) -> _Loaded | None:
        """What it was when the program was loaded; `None`: it is none of the program's."""
        name = self.name_of(predictor)
        return None if name is None else self._loaded[name]

    def asks_its_own(self, name: str, lm: Any, lms: Lms) -> bool:
        """Whether a call asks the LM that the state's model replaces: not one that `forward` names for it."""
        return lm is None or lms.is_main(lm) or self._lms.get(name) == address_of(lm)


class _Loaded:
    """What a predictor was when the program was loaded."""

    def __init__(self, named: NamedPredictor) -> None:
        predictor = named.predictor
        self.name = named.name
        self._signature = predictor.signature
        self.instructions: str = predictor.signature.instructions
        self._demos = list(predictor.demos or [])
        self.told = False

    def has_instructions(self, predictor: Any) -> bool:
        signature = own_signature(predictor)
        return signature is self._signature or getattr(signature, 'instructions', None) == self.instructions

    def has_demos(self, predictor: Any) -> bool:
        return same_demos(own_demos(predictor), self._demos)

    def tell(self, instructions: bool, demos: bool) -> None:
        """Says once what the program's code sets. The arguments: whether a call has the state's."""
        if (instructions and demos) or self.told:
            return
        self.told = True
        what = ' and the '.join([*([] if instructions else ['instructions']), *([] if demos else ['demos'])])
        sys.stderr.write(
            f"The program's code sets the {what} of the predictor '{self.name}' while it runs. What it sets is used, "
            "and not a step's as it is. What is set in __init__ can be optimized.\n"
        )


def install(predictors: Predictors, relay: Relay, lms: Lms, run_lm: Any) -> None:
    """Patches DSPy, once a process, after the user's code is loaded."""
    _patch_predict(_PredictorCalls(predictors, relay, lms, run_lm))
    show_states(predictors.loaded)
    _patch_lms(relay, lms)
    _patch_progress_bars()
    logging.getLogger('dspy.predict.predict').addFilter(_Once())


class _Once(logging.Filter):
    """
    What DSPy says of inputs that are missing or unknown it says of each row: once is enough. Of missing ones the run
    warns besides.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if 'input fields were provided' not in message and 'fields not in signature' not in message:
            return True
        is_new = message not in self._said
        self._said.add(message)
        return is_new


class _Bars(weakref.WeakSet[Any]):
    def remove(self, item: Any) -> None:
        self.discard(item)


def _patch_progress_bars() -> None:
    """
    `dspy.Parallel` begins by forgetting all progress bars of the process (dspy/utils/parallelizer.py): one that another
    program run is just making is then missed, with a `KeyError`.
    """
    tqdm.tqdm._instances = _Bars(tqdm.tqdm._instances)


def _patch_lms(relay: Relay, lms: Lms) -> None:
    call, acall = dspy.BaseLM.__call__, dspy.BaseLM.acall

    def taken(lm: Any, prompt: Any, messages: Any, kwargs: dict[str, Any]) -> tuple[Target, dict[str, Any], Any]:
        """What is asked in an LM's place, with which settings, and as which call where the short way will do."""
        if forks.is_forked():
            raise OutsideOfRun(LM_CALLED)
        standing = target_of(lm)
        target, own = (_served(lms, lm), lms.sampling(lm)) if standing is None else (standing, lm.kwargs)
        return target, own, None if prompt is not None else quick_call(lm, own, messages, kwargs, relay.guided)

    def asked(lm: Any, target: Target, own: dict[str, Any]) -> Any:
        return relay_lm(relay, target, **own) if target_of(lm) is None else lm

    @functools.wraps(call)
    def call_here(lm: Any, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> Any:
        target, own, quick = taken(lm, prompt, messages, kwargs)
        with _sampled(lm, kwargs) as uncached:
            if quick is not None:
                return [relay.ask(quick, target)['text']]
            return call(asked(lm, target, own), prompt, messages=messages, **kwargs, **uncached)

    @functools.wraps(acall)
    async def acall_here(lm: Any, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> Any:
        target, own, quick = taken(lm, prompt, messages, kwargs)
        with _sampled(lm, kwargs) as uncached:
            if quick is not None:
                return [(await relay.aask(quick, target))['text']]
            return await acall(asked(lm, target, own), prompt, messages=messages, **kwargs, **uncached)

    dspy.BaseLM.__call__, dspy.BaseLM.acall = call_here, acall_here


def _served(lms: Lms, lm: Any) -> Target:
    phase = current_phase.get()
    if phase is None:
        return lms.target(lm)
    try:
        return lms.target(lm, phase.run.asker)
    except CallRejected as error:
        raise phase.run.unserved(error) from None


@contextlib.contextmanager
def _sampled(lm: Any, kwargs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """
    While an optimizer compiles: says which answer is meant. Yields what keeps DSPy from answering by itself: the run
    process remembers.
    """
    phase = current_phase.get()
    if phase is None or phase.run.compiled is None:
        yield {}
        return
    with asked_for(sample_of(lm, kwargs)):
        kwargs.pop('cache', None)
        yield {'cache': False}


def _patch_predict(calls: _PredictorCalls) -> None:
    forward, aforward = dspy.Predict.forward, dspy.Predict.aforward

    @functools.wraps(forward)
    def forward_here(predictor: Any, /, **kwargs: Any) -> Any:
        with calls.traced(predictor, kwargs) as keep:
            return keep(forward(predictor, **kwargs))

    @functools.wraps(aforward)
    async def aforward_here(predictor: Any, /, **kwargs: Any) -> Any:
        with calls.traced(predictor, kwargs) as keep:
            return keep(await aforward(predictor, **kwargs))

    dspy.Predict.forward, dspy.Predict.aforward = forward_here, aforward_here


class _PredictorCalls:
    """What is put around each call of a predictor: its state before it, and its trace after it."""

    def __init__(self, predictors: Predictors, relay: Relay, lms: Lms, run_lm: Any) -> None:
        self._predictors = predictors
        self._relay = relay
        self._lms = lms
        self._run_lm = run_lm

    @contextlib.contextmanager
    def traced(self, predictor: Any, kwargs: dict[str, Any]) -> Iterator[Callable[[Any], Any]]:
        """Adds the run's state to the call's arguments. Yields what takes the prediction and gives it back."""
        phase = current_phase.get()
        if phase is None or phase.metric:
            yield _same
            return
        compiled = phase.run.compiled
        begin = self._begin if compiled is None else functools.partial(self._begin_compiled, compiled)
        call = begin(predictor, phase, kwargs)
        made: list[dict[str, Any]] = []

        def keep(prediction: Any) -> Any:
            made.append(_outputs(prediction, predictor, kwargs))
            return prediction

        token = current_call.set(call)
        try:
            refuse_paths(_signature_of(predictor, kwargs), kwargs)
            yield keep
        except BaseException as error:
            call.finish(phase.run, None, text_of(error))
            raise
        finally:
            current_call.reset(token)
        call.finish(phase.run, made[0])

    def _begin(self, predictor: Any, phase: Phase, kwargs: dict[str, Any]) -> PredictorCall:
        """What the program's code passes itself goes before the run's state."""
        name = self._predictors.name_of(predictor)
        state = None if name is None else phase.run.state.predictors[name]
        signature = _signature_of(predictor, kwargs)
        # One that is made within `forward` is not optimized: it is known by its signature and asks the base model.
        call = PredictorCall(phase.run, name or brief(signature), state, _path(predictor))
        call.inputs = _inputs(signature, kwargs)
        if state is not None:
            for argument, value in self._predictors.asked_with(name, predictor, phase.run).items():
                kwargs.setdefault(argument, value)
            lm = kwargs.get('lm') or predictor.lm or settings.lm
            if target_of(lm) is None and self._predictors.asks_its_own(name, lm, self._lms):
                kwargs['lm'] = self._lm_of(lm, state)
        return call

    def _begin_compiled(
        self, compiled: Compiled, predictor: Any, phase: Phase, kwargs: dict[str, Any]
    ) -> PredictorCall:
        """
        While an optimizer compiles the program. What it sets on predictors is used as it is. The program's own calls go
        to the state's model wherever they would go to the program's main LM, or to the LM of `dspy.settings`.
        """
        name = compiled.name_of(predictor)
        state = None if name is None else compiled.state_of(name)
        signature = _signature_of(predictor, kwargs)
        call = PredictorCall(phase.run, name or brief(signature), state, _path(predictor))
        call.inputs = _inputs(signature, kwargs)
        if name is None or state is None:
            return call
        if compiled.is_frozen(name):
            kwargs.setdefault('signature', state.signature(predictor.signature))
            kwargs.setdefault('demos', state.demos(predictor.signature))
        lm = self._compiled_lm(compiled, kwargs.get('lm') or predictor.lm or settings.lm, name, state)
        if lm is not None:
            kwargs['lm'] = lm
        return call

    def _compiled_lm(self, compiled: Compiled, lm: Any, name: str, state: PredictorState) -> Any:
        """
        Args:
            lm: the one that it would ask now: of the user's, or one that stands for the state's model.

        Returns:
            What it asks in its place; `None`: `lm` itself.
        """
        standing, authors = target_of(lm), compiled.lm_of(name)
        if standing is None:
            if not self._predictors.asks_its_own(name, lm, self._lms):
                return None
            settings_, own = {**self._lms.sampling(lm), **_sampling_again(lm)}, self._lms.own(lm)
        elif standing == STATE and authors is not None:
            given = {key: value for key, value in lm.kwargs.items() if value is not None}
            settings_, own = {**self._lms.sampling(authors), **given}, self._lms.own(authors)
            settings_.update({} if getattr(lm, 'cache', True) else {'cache': False})
        else:
            return None
        if own is not None and own.model == state.model:
            return relay_lm(self._relay, own, **{'cache': True, **settings_})
        return compiled.lm.copy(**settings_) if settings_ else compiled.lm

    def _lm_of(self, lm: Any, state: PredictorState) -> Any:
        """What answers a predictor whose LM is `lm`: the state's model, where its author's LM is if it is that one."""
        sampling, own = self._lms.sampling(lm), self._lms.own(lm)
        if own is not None and own.endpoint != RUNS_ENDPOINT and own.model == state.model:
            return relay_lm(self._relay, own, **sampling)
        return self._run_lm.copy(**sampling) if sampling else self._run_lm


def _sampling_again(lm: Any) -> dict[str, Any]:
    """What makes an LM of the user's give another answer to the same call."""
    rollout = (getattr(lm, 'kwargs', None) or {}).get('rollout_id')
    return {
        **({} if rollout is None else {'rollout_id': rollout}),
        **({} if getattr(lm, 'cache', True) else {'cache': False}),
    }


def _same(prediction: Any) -> Any:
    return prediction


def _path(predictor: Any) -> list[str]:
    """Class names of the modules around the call, outermost first; the predictor itself is not one of them."""
    modules = settings.get('caller_modules') or []
    return [type(module).__name__ for module in modules if module is not predictor]


def _signature_of(predictor: Any, kwargs: Mapping[str, Any]) -> Any:
    """Of a call."""
    given = kwargs['signature'] if 'signature' in kwargs else signature_in_use(predictor)
    return dspy.ensure_signature(given)


def _inputs(signature: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON and before the call: what the program's code does to them later is not part of the trace."""
    inputs = {}
    for name, field in signature.input_fields.items():
        if name in kwargs and name not in _PRIVILEGED:
            inputs[name] = exact(kwargs[name], live_rows.tag)
        elif not field.is_required():
            inputs[name] = exact(field.get_default(call_default_factory=True))
    return inputs


def _outputs(prediction: Any, predictor: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    signature = _signature_of(predictor, kwargs)
    return {name: exact(prediction[name], live_rows.tag) for name in signature.output_fields if name in prediction}
