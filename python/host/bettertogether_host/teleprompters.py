"""Makes the optimizer that a function of the user's returns, and checks what its `compile` is to be called with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import dspy
from dspy.teleprompt.bootstrap_finetune import FinetuneTeleprompter
from dspy.teleprompt.teleprompt import Teleprompter

from .loading import is_async, kind_of, place_of, take
from .notebooks.places import place_in_source
from .sources import CodePath, Loader, parse_code_path
from .user_errors import LoadError, text_of, user_frame

# What the run itself gives to `compile`, and what no JSON can be.
_RUNS_OWN = {
    'student': 'the program, in the state that the step begins with',
    'trainset': "the run's training rows",
    'valset': "the run's validation rows",
}
_NO_JSON = {'teacher': 'a program'}
_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Taken:
    """A function of the workspace that makes an optimizer, its class, or one itself."""

    def __init__(self, spec: str, loader: Loader, workspace: str) -> None:
        """Imports its file.

        Raises:
            LoadError: naming file and line.
        """
        self._workspace = workspace
        self._path = parse_code_path(spec, workspace, 'optimizer')
        self._function = take(loader.load(self._path.file), self._path, 'optimizer')
        if not callable(self._function) and not _can_compile(self._function):
            raise LoadError(
                f"{spec} is {kind_of(self._function)}. Name a function that returns an optimizer of DSPy's, or an "
                'optimizer.',
                self._path.file,
            )

    def made(self, offered: Mapping[str, Any]) -> Any:
        """Calls it with those of the offered arguments that it takes; an optimizer itself is taken as it is.

        Raises:
            LoadError: when it fails, or returns no optimizer that can be a step.
        """
        is_made = _can_compile(self._function) and not isinstance(self._function, type)
        made = self._function if is_made else self._called(self._arguments(offered))
        refusal = _refusal(made)
        if refusal is not None:
            raise LoadError(f'{self._path.spec} {refusal}', *self._place())
        return made

    def _called(self, arguments: Mapping[str, Any]) -> Any:
        try:
            return self._function(**arguments)
        except (Exception, SystemExit) as error:
            frame = user_frame(error, self._workspace)
            place = self._path.file if frame is None else str(place_in_source(*frame))
            message = f'Making the optimizer {self._path.spec} failed at {place}: {text_of(error)}'
            raise LoadError(message, *(frame or (self._path.file,))) from error

    def _arguments(self, offered: Mapping[str, Any]) -> dict[str, Any]:
        try:
            parameters = inspect.signature(self._function).parameters
        except (TypeError, ValueError):
            return {}
        wanted = [
            name
            for name, each in parameters.items()
            if each.kind not in _VARIABLE
            and (each.kind is each.POSITIONAL_ONLY or name not in offered)
            and each.default is each.empty
        ]
        if wanted:
            raise LoadError(
                f'{self._path.spec} wants {", ".join(wanted)}, which no one gives it. It can take: '
                f'{", ".join(offered)}. Everything else is for its own body, or for "compile" in bettertogether.json.',
                *self._place(),
            )
        any_named = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
        return {name: value for name, value in offered.items() if any_named or name in parameters}

    def _place(self) -> tuple[str, int] | tuple[str]:
        return place_of(self._function, self._workspace) or (self._path.file,)

    def refuse(self, why: str) -> LoadError:
        return LoadError(why, *self._place())

    @property
    def path(self) -> CodePath:
        return self._path


class CompileArguments:
    """What the `compile` of an optimizer takes."""

    def __init__(self, teleprompter: Any) -> None:
        self._name = type(teleprompter).__name__
        try:
            found = inspect.signature(teleprompter.compile).parameters
        except (TypeError, ValueError):
            found = {}
        self._any = any(each.kind is each.VAR_KEYWORD for each in found.values())
        self._parameters = {name: each for name, each in found.items() if each.kind not in _VARIABLE}

    @property
    def takes_train(self) -> bool:
        return 'trainset' in self._parameters or self._any

    @property
    def takes_validation(self) -> bool:
        return 'valset' in self._parameters

    def faults(self, given: Mapping[str, Any]) -> Iterable[str]:
        """Why it cannot be called with these settings: each a sentence for people that names the setting."""
        for name in given:
            if name in _RUNS_OWN:
                yield f'"compile.{name}" cannot be set: it is {_RUNS_OWN[name]}.'
            elif name in _NO_JSON:
                yield f'"compile.{name}" cannot be set: it is {_NO_JSON[name]}, which JSON cannot hold.'
            elif name not in self._parameters and not self._any:
                yield f'{self._name}.compile takes no "compile.{name}". {self._known()}'
        for name in self._missing(given):
            yield f'{self._name}.compile has to be given "{name}": set "compile.{name}". {self._known()}'

    def of(self, given: Mapping[str, Any], train: list[Any], validation: list[Any], seed: int) -> dict[str, Any]:
        """By name, without the program, which is its first argument."""
        rows: dict[str, Any] = {}
        if self.takes_train:
            rows['trainset'] = train if self.takes_validation else [*train, *validation]
        if self.takes_validation and (validation or self._is_required('valset')):
            rows['valset'] = validation
        seeded = {'seed': seed} if 'seed' in self._parameters and 'seed' not in given else {}
        empty = {name: {} for name in self._parameters if self._is_settings(name) and name not in given}
        return {**rows, **seeded, **empty, **given}

    def _missing(self, given: Mapping[str, Any]) -> list[str]:
        ours = {self._student(), 'trainset', 'valset', 'seed'}
        return [
            name
            for name in self._parameters
            if self._is_required(name) and name not in ours and name not in given and not self._is_settings(name)
        ]

    def _student(self) -> str | None:
        """The program's parameter: the first, whatever its name."""
        return next(iter(self._parameters), None)

    def _is_required(self, name: str) -> bool:
        return self._parameters[name].default is inspect.Parameter.empty

    def _is_settings(self, name: str) -> bool:
        """A dict that has to be there and may be empty, like `eval_kwargs` of COPRO before DSPy 3.1."""
        each = self._parameters[name]
        said = each.annotation in (dict, 'dict') or str(each.annotation).startswith('dict[')
        return self._is_required(name) and (said or name.endswith('_kwargs'))

    def _known(self) -> str:
        settable = [name for name in list(self._parameters)[1:] if name not in _RUNS_OWN and name not in _NO_JSON]
        return f'It takes: {", ".join(settable)}.' if settable else 'It takes no settings.'


def check(taken: Taken, teleprompter: Any, program: Any, settings: Iterable[Mapping[str, Any]]) -> CompileArguments:
    """
    Raises:
        LoadError: for settings of `compile` that this optimizer does not take, and a program that it cannot run.
    """
    if type(teleprompter).__module__.partition('.')[0] == 'dspy' and is_async(program):
        raise taken.refuse(
            f'{type(teleprompter).__name__} calls the program as a function, and {type(program).__name__} has '
            '`aforward` alone. Give it a `forward` too, or return dspy.syncify(program) where it is made.'
        )
    arguments = CompileArguments(teleprompter)
    for given in settings:
        fault = next(iter(arguments.faults(given)), None)
        if fault is not None:
            raise taken.refuse(f'{taken.path.spec}: {fault}')
    return arguments


def _can_compile(value: Any) -> bool:
    return isinstance(value, Teleprompter) or callable(getattr(value, 'compile', None))


def _refusal(made: Any) -> str | None:
    """Why what a function returned is no step, to be said behind its name."""
    name = type(made).__name__
    if isinstance(made, dspy.BetterTogether):
        return (
            f'gives a {name}. Its strategies are what "strategy" is in bettertogether.json: name the optimizers '
            'under "steps" there, with a step that trains, such as "w".'
        )
    if isinstance(made, FinetuneTeleprompter):
        return (
            f'gives a {name}, which trains a model. Training is what a step "w" does in bettertogether.json: a job '
            'with a price, a cap and a resume. Use "w" in its place in the strategy.'
        )
    if isinstance(made, dspy.Ensemble):
        return f'gives a {name}, which makes one program of several, and a step begins with one.'
    if isinstance(made, type) and _can_compile(made):
        return f'gives the class {made.__name__}. Return an optimizer: {made.__name__}(metric=metric).'
    if not _can_compile(made):
        return f"gives {kind_of(made)}, which is no optimizer of DSPy's: it has no `compile`."
    if not isinstance(made, Teleprompter) and not _takes_student_and_rows(made.compile):
        return f"gives a {name} whose `compile` does not take a student and `trainset`, as a Teleprompter's does."
    return None


def _takes_student_and_rows(compile_: Callable[..., Any]) -> bool:
    try:
        inspect.signature(compile_).bind_partial(object(), trainset=[])
    except TypeError:
        return False
    except ValueError:  # no signature to be had
        return True
    return True
