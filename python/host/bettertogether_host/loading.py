"""Takes the user's program and metric out of their files, and describes the program."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import platform
import sys
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

import dspy

from .lms import Lms, described
from .metric_arguments import MetricArguments, unfit
from .metrics import Metric, built_in_metric
from .notebooks.places import place_in_source
from .own_state import kept_in_self
from .plain import plain
from .program_source import program_source
from .relay import RUNS_ENDPOINT
from .shown_path import relative
from .signatures import NamedPredictor, describe_demos, describe_signature, named_predictors, out_of_sight
from .sources import CodePath, Loader, parse_code_path
from .user_errors import LoadError, is_user_file, text_of, user_frame

UserMetric = Callable[..., Any]


class LoadedProgram(NamedTuple):
    program: Any
    predictors: list[NamedPredictor]
    metric: UserMetric | None
    metric_arguments: MetricArguments | None
    built_in: Metric | None
    metric_spec: str
    lms: Lms
    description: dict[str, Any]
    loader: Loader
    given: Callable[[str], str]
    """Paths as the run process knows them."""

    def sources(self) -> dict[str, str]:
        """`ProgramDescription.sources`, of what is imported by now."""
        return {self.given(file): digest for file, digest in self.loader.sources().items()}


def load(params: dict[str, Any]) -> LoadedProgram:
    """
    Args:
        params: `InitializeParams` of src/host/protocol.ts.

    Raises:
        LoadError: written for the user.
    """
    workspace = os.path.realpath(params['workspace'])
    path = parse_code_path(params['program'], workspace, 'program')
    loader = Loader(workspace, params.get('notebooks') or ())
    if loader.is_notebook(path.file):
        os.chdir(os.path.dirname(path.file))  # as a kernel has it
    taken = take(loader.load(path.file), path, 'program')
    program = _made(taken, path, workspace)
    metric, built_in = _load_metric(params['metric'], workspace, loader)
    unsearched = out_of_sight(program)
    if unsearched:
        sys.stderr.write(
            f'Not searched for predictors, by DSPy neither: lists and dicts within lists and dicts, as in '
            f'{", ".join(unsearched)}. Keep each module in an attribute, or in one list or dict.\n'
        )
    _tell_of_state_in_self(program, workspace)
    predictors = _freeze(named_predictors(program), params['frozen'], path, unsearched)
    given = _given(params['workspace'], workspace)
    lms = Lms(predictors, dspy.settings.lm, params.get('baseURL'), params.get('services'))
    arguments = None if metric is None else MetricArguments(metric)
    source = program_source(taken, program, predictors, workspace)
    description = {
        'name': path.name,
        'language': 'python',
        'exported': _exported(taken),
        'predictors': [_describe(each, program, workspace, given, lms) for each in predictors],
        **_saved_beside(program),
        **({} if source is None else {'source': source}),
        'runtime': f'{platform.python_implementation()} {platform.python_version()}',
        'sources': {given(file): digest for file, digest in loader.sources().items()},
        **({'metricTakesPredictor': True} if arguments is not None and arguments.takes_predictor else {}),
    }
    return LoadedProgram(
        program, predictors, metric, arguments, built_in, params['metric'], lms, description, loader, given
    )


def _tell_of_state_in_self(program: Any, workspace: str) -> None:
    kept = kept_in_self(program)
    place = None if kept is None else place_of(kept[1], workspace)
    if kept is None or place is None:
        return
    sys.stderr.write(
        f'{type(program).__name__}.{kept[1].__name__} keeps self.{kept[0]} while it runs ({place_in_source(*place)}). Rows '
        'that run at the same time share it, unless the endpoint has "concurrency": 1 in bettertogether.json; a local '
        'variable is safe.\n'
    )


def _given(workspace: str, real: str) -> Callable[[str], str]:
    """Paths as the run process knows them, which may have come to the workspace by a link."""
    return lambda file: os.path.normpath(os.path.join(workspace, relative(file, real)))


def take(module: Any, path: CodePath, role: str) -> Any:
    names = [name for name in vars(module) if not name.startswith('_')]
    own = [name for name in names if getattr(vars(module)[name], '__module__', None) == module.__name__]
    known = f'It defines: {", ".join(own or names)}.' if names else 'It defines nothing.'
    if path.name == '':
        raise LoadError(
            f"The {role} '{path.spec}' does not say which name is meant. Write {path.spec}#<name>. {known}", path.file
        )
    if not hasattr(module, path.name):
        whole = f' {_of_its_own(path.name)}' if '.' in path.name else ''
        raise LoadError(f'{path.file} has no \'{path.name}\' ("{role}": "{path.spec}"). {known}{whole}', path.file)
    return getattr(module, path.name)


def _of_its_own(name: str) -> str:
    own = name.rpartition('.')[2]
    return f'A name without dots is needed: write `{own} = {name}` at the end of the file, and name that.'


def _exported(taken: Any) -> str:
    """`ProgramExport` of src/data/program.ts."""
    if isinstance(taken, type):
        return 'class'
    return 'function' if callable(taken) and not isinstance(taken, dspy.Module) else 'object'


def _made(taken: Any, path: CodePath, workspace: str) -> Any:
    """The program of a class (made with no arguments), of a function that returns one, or the program itself."""
    if isinstance(taken, type) and issubclass(taken, dspy.Signature):
        raise LoadError(
            f'{path.spec} is a signature, which is no program. Write `program = dspy.ChainOfThought({path.name})`, or '
            f'dspy.Predict, below it, and name that: "program": "{path.spec.rpartition("#")[0]}#program".',
            path.file,
        )
    if inspect.isfunction(taken) and taken.__module__.startswith('dspy.'):
        raise LoadError(
            f'{path.spec} is a function that DSPy makes around a program ({taken.__qualname__.partition(".")[0]}), '
            'to be called by who serves it. Name the program that is given to it: rows run beside each other without.',
            path.file,
        )
    if _exported(taken) != 'object':
        _takes_nothing(taken, path, workspace)
        try:
            taken = taken()
            if inspect.isawaitable(taken):
                taken = asyncio.run(_result(taken))
        except (Exception, SystemExit) as error:
            frame = user_frame(error, workspace)
            place = path.file if frame is None else str(place_in_source(*frame))
            message = f'Making {path.spec} failed at {place}: {text_of(error)}'
            raise LoadError(message, *(frame or (path.file,))) from error
    if not isinstance(taken, dspy.Module):
        raise LoadError(
            f'{path.spec} gives {kind_of(taken)}, which is no program. Name a class that derives from dspy.Module, '
            'a function that returns a program, or a program.',
            path.file,
        )
    forward = method_of(taken)
    if forward is None:
        raise LoadError(f'{path.spec} is a dspy.Module without a forward method.', path.file)
    if not is_async(taken) and inspect.iscoroutinefunction(forward):
        file, line = place_of(forward, workspace) or (path.file, None)
        at = place_in_source(file, line)
        raise LoadError(
            f'{type(taken).__name__}.{forward.__name__} is `async def` ({at}). DSPy calls an asynchronous one `aforward`: '
            'rename it.',
            file,
            line,
        )
    return taken


async def _result(made: Any) -> Any:
    return await made


def is_async(program: Any) -> bool:
    """Whether a program has `aforward` (or an `acall` of its own) alone. Where it has both, `forward` is called."""
    return _method(program, '__call__', 'forward') is None and _method(program, 'acall', 'aforward') is not None


def method_of(program: Any) -> Callable[..., Any] | None:
    """The method that takes a row's inputs: a `__call__` of the author's own, else `forward`; else the async ones."""
    return _method(program, '__call__', 'forward') or _method(program, 'acall', 'aforward')


def _method(program: Any, call: str, forward: str) -> Callable[..., Any] | None:
    kind = type(program)
    own = getattr(kind, call, None)
    if getattr(own, '__module__', '').partition('.')[0] != 'dspy':
        return own
    return getattr(kind, forward, None)


def place_of(function: Any, workspace: str) -> tuple[str, int] | None:
    """File and line of a function or class of the user's."""
    try:
        file, line = inspect.getsourcefile(function), inspect.getsourcelines(function)[1]
    except (OSError, TypeError):
        return None
    return (file, line) if file is not None and is_user_file(file, workspace) else None


def _takes_nothing(maker: Any, path: CodePath, workspace: str) -> None:
    """
    Raises:
        LoadError: for a class or function that wants arguments, which no one could give.
    """
    wanted = arguments_of(maker)
    if not wanted:
        return
    called = maker.__init__ if isinstance(maker, type) else maker
    file, line = place_of(called, workspace) or place_of(maker, workspace) or (path.file, None)
    at = place_in_source(file, line)
    raise LoadError(
        f'{path.spec} takes {", ".join(wanted)} ({at}). Write a function that takes nothing and returns the program, '
        f'and name that: "program": "{path.spec.rpartition("#")[0]}#<function>".',
        file,
        line,
    )


def arguments_of(maker: Any) -> list[str]:
    """The names of what a class or function has to be given when it is called."""
    called = maker.__init__ if isinstance(maker, type) else maker
    try:
        parameters = list(inspect.signature(called, follow_wrapped=False).parameters.values())
    except (TypeError, ValueError):
        return []
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    given = parameters[1:] if isinstance(maker, type) else parameters
    return [each.name for each in given if each.default is each.empty and each.kind not in variable]


def _load_metric(spec: str, workspace: str, loader: Loader) -> tuple[UserMetric | None, Metric | None]:
    try:
        built_in = built_in_metric(spec)
    except ValueError as error:
        raise LoadError(str(error)) from error
    if built_in is not None:
        return None, built_in
    path = parse_code_path(spec, workspace, 'metric')
    metric = take(loader.load(path.file), path, 'metric')
    if not callable(metric) or isinstance(metric, type):
        raise LoadError(
            f'{path.spec} is {kind_of(metric)}. A metric is a function (example, prediction, trace=None) that returns '
            f'True, False or a number.{_made_first(metric, path.name)}',
            path.file,
        )
    reason = unfit(metric)
    if reason is not None:
        file, line = place_of(metric, workspace) or (path.file, None)
        raise LoadError(
            f'{path.spec} cannot be called with an example and a prediction, as metrics are (example, prediction, '
            f'trace=None). {reason}',
            file,
            line,
        )
    return metric, None


def _made_first(metric: Any, name: str) -> str:
    if not isinstance(metric, type) or not any('__call__' in vars(each) for each in metric.__mro__[:-1]):
        return ''
    arguments = ', '.join(f'{each}=…' for each in arguments_of(metric))
    return f' Write `metric = {name}({arguments})` at the end of the file, and name that.'


def _freeze(
    found: list[NamedPredictor], frozen: list[str], path: CodePath, unsearched: list[str]
) -> list[NamedPredictor]:
    if not found and unsearched:
        raise LoadError(
            f'{path.spec} has no predictors that DSPy could find: {", ".join(unsearched)} holds lists or dicts within '
            'a list or dict, and those are not searched. Keep each module in an attribute, or in one list or dict.',
            path.file,
        )
    if not found:
        raise LoadError(
            f'{path.spec} has no predictors. Keep them as attributes of the module (dspy.Predict, '
            'dspy.ChainOfThought, also in lists and dicts), not as local variables of forward.',
            path.file,
        )
    names = [each.name for each in found]
    unknown = [name for name in frozen if not any(_covers(name, known) for known in names)]
    if unknown:
        raise LoadError(
            f'"frozen" names no predictor: {", ".join(unknown)}. The program has: {", ".join(names)}.', path.file
        )
    return [each._replace(frozen=each.frozen or any(_covers(name, each.name) for name in frozen)) for each in found]


def _covers(name: str, predictor: str) -> bool:
    """Whether `name` is the predictor itself or a module around it."""
    return predictor == name or predictor.startswith((f'{name}.', f'{name}['))


def _describe(
    each: NamedPredictor, program: Any, workspace: str, given: Callable[[str], str], lms: Lms
) -> dict[str, Any]:
    source = _source_of(each.name, program, workspace)
    place = {} if source is None else {'source': _given_place(*source, given)}
    own, lm = lms.own(each.predictor.lm), each.predictor.lm
    if lm is not None and not lms.is_main(lm) and own is None:
        sys.stderr.write(
            f"The predictor '{each.name}' has an LM of its own, {described(lm)}, and no endpoint of "
            "bettertogether.json is there: the run's model is asked in its place, as by the other predictors. "
            f'{lms.advice(lm)}\n'
        )
    return {
        'name': each.name,
        'signature': describe_signature(each.predictor.signature),
        'demos': describe_demos(each.predictor.demos),
        'frozen': each.frozen,
        **({} if own is None else {'model': own.model}),
        **({} if own is None or own.endpoint == RUNS_ENDPOINT else {'endpoint': own.endpoint}),
        **place,
    }


def _given_place(file: str, line: int, given: Callable[[str], str]) -> dict[str, Any]:
    at = place_in_source(file, line)
    return at._replace(file=given(at.file), line=at.line or 1).fields()


def _saved_beside(program: Any) -> dict[str, Any]:
    """What DSPy's `save` keeps besides prompts and LMs and its `load` asks for: other parameters (`dspy.Retrieve`)."""
    saved = {}
    for name, parameter in program.named_parameters():
        if isinstance(parameter, dspy.Predict):
            extra = {'fields': plain(parameter.fields)} if getattr(parameter, 'fields', None) else {}
        else:
            extra = plain(_dumped(parameter))
        if isinstance(extra, dict) and (extra or not isinstance(parameter, dspy.Predict)):
            saved[name] = extra
    return {'saved': saved} if saved else {}


def _dumped(parameter: Any) -> Any:
    try:
        return parameter.dump_state()
    except Exception:
        return None


def _source_of(name: str, program: Any, workspace: str) -> tuple[str, int] | None:
    """The line on which the program's class sets the attribute that a predictor hangs from, or that of the class."""
    attribute = name.split('.')[0].split('[')[0]
    first: tuple[str, int] | None = None
    for cls in type(program).__mro__:
        file = getattr(sys.modules.get(cls.__module__), '__file__', None)
        if file is None or not is_user_file(file, workspace):
            continue
        try:
            lines, start = inspect.getsourcelines(cls)
        except (OSError, TypeError):
            continue
        first = first or (file, start)
        line = _assigned_on(textwrap.dedent(''.join(lines)), attribute)
        if line is not None:
            return file, start + line - 1
    return first


def _assigned_on(source: str, attribute: str) -> int | None:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == attribute:
                    return node.lineno
    return None


def kind_of(value: Any) -> str:
    if value is None:
        return 'None'
    if isinstance(value, type):
        return 'a class'
    return 'a function' if callable(value) else f'a {type(value).__name__}'
