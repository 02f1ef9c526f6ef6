"""What a run needs of a notebook's cells, gathered by following names through them in order."""

from __future__ import annotations

import ast
import builtins
import difflib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .errors import GatherError
from .experiments import experiments_of, functions_of, runs
from .keys import without_keys
from .left_out import why_left
from .names import dotted, names_of
from .passing import outside_of, passed_by
from .surroundings import configures_of, holds_secret, is_always, only_keys
from .units import Cells, LeftOut, Unit, calls_in, cells_of

# What IPython puts into every notebook, and what stands for it in a run.
IPYTHON = {'display': 'display = print', 'get_ipython': 'get_ipython = lambda: None'}
_KNOWN = frozenset((*dir(builtins), *IPYTHON, '__file__', '__name__', '__doc__'))

# Ask the person at the notebook, or a service of the notebook's, for a value.
_ASKING = frozenset(('input', 'getpass', 'getpass.getpass', 'userdata.get', 'maskpass.askpass', 'pwinput.pwinput'))
# Settings of DSPy that are the run's own.
_RUNS_OWN = frozenset(('lm', 'callbacks', 'trace'))
# In the names of functions that fetch files.
_FETCHES = 'download'
_END = 10**9


class Piece(NamedTuple):
    unit: Unit
    lines: tuple[str, ...]
    """As the cell has them, or what stands in their place."""


class Gathered(NamedTuple):
    pieces: tuple[Piece, ...]
    """In the order in which they run."""
    ipython: tuple[str, ...]
    """Names of `IPYTHON` that they use."""
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    """What people should know of it: a name that several cells bind."""


def gather(notebook: Mapping[str, Any]) -> Gathered:
    """
    Args:
        notebook: a `GivenNotebook` of src/host/protocol.ts.

    Raises:
        GatherError: naming cell and line.
    """
    return _Gathering(notebook['file'], cells_of(notebook), notebook['kind'] == 'marimo').gather(notebook['names'])


class _Asked(NamedTuple):
    name: str
    at: int
    """It has to be bound before this unit; `_END`: as it is when all cells have run."""
    by: Unit | None
    soft: bool
    """Where no cell binds it, it is left alone."""


class _Gathering:
    def __init__(self, file: str, cells: Cells, any_order: bool) -> None:
        self._file = file
        self._cells = cells
        self._any_order = any_order
        self._units = cells.units
        self._taken: dict[int, tuple[str, ...]] = {}
        self._seen: set[tuple[object, ...]] = set()
        self._waiting: deque[_Asked] = deque()
        self._ipython: set[str] = set()
        self._notes: list[str] = []
        self._functions = functions_of(self._units)
        found = experiments_of(self._units, self._functions)
        self._experiments = {*found.students, *found.evaluations}
        self._asking = {unit.index for unit in self._units if self._asks(unit)}
        self._configures = configures_of(self._units)
        self._keys_only = only_keys(self._units)

    def gather(self, names: Sequence[str]) -> Gathered:
        for name in names:
            self._wanted(name)
        self._work()
        for unit in self._units:
            if unit.is_future:
                self._taken.setdefault(unit.index, unit.lines)
            elif is_always(unit, self._functions):
                self._if_it_can(unit)
        for unit in self._units:
            self._configure(unit)
        self._files()
        self._passing()
        self._tell_of_several(names)
        taken = [(self._units[index], self._taken[index]) for index in sorted(self._taken)]
        pieces = [Piece(unit, without_keys(lines)) for unit, lines in taken]
        pieces.sort(key=lambda piece: not piece.unit.is_future)
        left = sorted([*self._cells.left_out, *self._left()], key=lambda each: each.place)
        return Gathered(tuple(pieces), tuple(sorted(self._ipython)), tuple(left), tuple(dict.fromkeys(self._notes)))

    def _asks(self, unit: Unit) -> bool:
        nodes = runs(unit.nodes, self._functions)
        return any(isinstance(node, ast.Call) and dotted(node.func) in _ASKING for node in nodes)

    # Following names

    def _wanted(self, name: str) -> None:
        if not any(name in unit.names.binds for unit in self._units):
            raise self._unbound(name, None)
        own = [unit for unit in self._units if name in unit.names.binds and unit.index not in self._experiments]
        if not own:
            unit = next(unit for unit in self._units if name in unit.names.binds)
            raise GatherError(
                self._file,
                unit.place,
                f'"{name}" is what an optimizer gives, and a run begins with a program as it is written. '
                'Name the program '
                'that is compiled there.',
            )
        self._waiting.append(_Asked(name, _END, None, False))

    def _work(self) -> None:
        while self._waiting:
            asked = self._waiting.popleft()
            if (asked.name, asked.at, asked.soft) not in self._seen:
                self._seen.add((asked.name, asked.at, asked.soft))
                self._bind(asked)

    def _bind(self, asked: _Asked) -> None:
        name, at = asked.name, asked.at
        bindings = self._bindings(name, at)
        if not bindings:
            if asked.by is not None and not asked.soft:
                self._refuse_experiment(asked.by, name, at)
            self._without_binding(asked)
            return
        for unit in bindings:
            self._take(unit, at, name)
        for unit in self._units[bindings[0].index + 1 : min(at, len(self._units))]:
            if name in unit.changes and unit not in bindings and self._may_change(unit):
                self._take(unit, at, name)

    def _bindings(self, name: str, at: int) -> list[Unit]:
        """In order: the last that binds it in any case, and those after it that may."""
        before = [unit for unit in self._units[: min(at, len(self._units))] if name in unit.names.binds]
        before = [unit for unit in before if unit.index not in self._experiments]
        chosen: list[Unit] = []
        for unit in reversed(before):
            imported = unit.imported(name)
            if chosen and imported is not None and imported == chosen[-1].imported(name):
                chosen[-1] = unit  # the same module again: it has been there since
                continue
            if chosen and chosen[-1].certain:
                break
            chosen.append(unit)
        return chosen[::-1]

    def _refuse_experiment(self, by: Unit, name: str, at: int) -> None:
        units = [unit for unit in self._units[: min(at, len(self._units))] if name in unit.names.binds]
        if units:
            raise GatherError(
                self._file,
                by.line_of(name),
                f'"{name}" is needed here and bound in {units[-1].place} alone, which runs an optimizer or an '
                'evaluation: a run leaves that out. Bind it before, in a cell of its own.',
            )

    def _passing(self) -> None:
        """Statements that give what is needed to code that may change it: rather taken than a value that is another."""
        outside = outside_of(self._units)
        for unit in self._units:
            if unit.index in self._taken or any(self._binds_needed(name, unit) for name in unit.names.binds):
                continue
            for to, names in passed_by(unit, outside):
                given = sorted(name for name in names if name not in outside and self._binds_needed(name, unit))
                if not given:
                    continue
                self._if_it_can(unit)
                if unit.index in self._taken:
                    self._notes.append(f'{unit.place} gives `{given[0]}` to `{to}`, which may change it, and is taken.')
                break

    def _binds_needed(self, name: str, before: Unit) -> bool:
        """Whether it is a value that is taken before a unit."""
        units = [self._units[index] for index in self._taken if index < before.index]
        made = [node for unit in units if name in unit.names.binds for node in unit.nodes]
        return any(not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) for node in made)

    def _may_change(self, unit: Unit) -> bool:
        if unit.index in self._experiments or unit.index in self._asking:
            return False
        return not any(name in self._configures for name, _ in calls_in(unit)) and not holds_secret(unit)

    def _take(self, unit: Unit, at: int, name: str) -> None:
        if (unit.index, at) in self._seen:
            return
        self._seen.add((unit.index, at))
        if unit.index in self._asking:
            self._taken[unit.index] = self._without_asking(unit, name)
            return
        self._taken.setdefault(unit.index, _unguarded(unit))
        for used in sorted(unit.names.eager):
            self._waiting.append(_Asked(used, unit.index, unit, used in unit.soft))
        for used in sorted(unit.names.late):
            self._waiting.append(_Asked(used, _END, unit, used in unit.soft or used in unit.names.sets_globally))
            if at != _END:
                self._waiting.append(_Asked(used, at, unit, True))
        for hinted in sorted(unit.hinted):
            if self._is_type(hinted):
                self._waiting.append(_Asked(hinted, unit.index, unit, True))

    def _is_type(self, name: str) -> bool:
        """Names in texts are many: of types alone they are followed."""
        for unit in self._units:
            if name in unit.names.binds:
                for node in unit.nodes:
                    value = getattr(node, 'value', None)
                    types = (ast.Subscript, ast.BinOp, ast.Name, ast.Attribute)
                if isinstance(node, ast.ClassDef) or (isinstance(node, ast.Assign) and isinstance(value, types)):
                        return True
                if unit.is_import:
                    return True
        return False

    # What is not there

    def _without_binding(self, asked: _Asked) -> None:
        name, at, by, soft = asked
        stars = [unit for unit in self._units[: min(at, len(self._units))] if unit.has_star]
        for unit in stars:
            self._take(unit, at, name)
        if name in IPYTHON:
            self._ipython.add(name)
        if stars or soft or name in _KNOWN or by is None or self._is_set_by_function(name):
            return
        later = next((unit for unit in self._units if name in unit.names.binds), None)
        if later is not None:
            raise GatherError(
                self._file,
                by.line_of(name),
                f'"{name}" is used here and bound after it, in {later.place}. Move that cell above this one.',
            )
        raise self._unbound(name, by)

    def _is_set_by_function(self, name: str) -> bool:
        return any(name in unit.names.sets_globally for unit in self._units)

    def _unbound(self, name: str, by: Unit | None) -> GatherError:
        place = None if by is None else by.line_of(name)
        for left in self._cells.left_out:
            if name in left.binds:
                what = f'"{name}" is bound in {left.place} alone, where {left.why}, which a run leaves out.'
                return GatherError(self._file, place or left.place, f'{what} Give it a value by Python.')
        unread = [left for left in self._cells.left_out if left.why.startswith('the cell is not Python')]
        hint = ''.join(f' {left.place} may: {left.why}.' for left in unread[:3])
        runs = next((left for left in self._cells.left_out if left.why.startswith('`%run')), None)
        if runs is not None:
            hint += f' {runs.place} may: {runs.why}. Import that file.'
        known = [each for unit in self._units for each in sorted(unit.names.binds) if not each.startswith('_')]
        near = difflib.get_close_matches(name, known, 1)
        if near:
            hint += f' Did you mean "{near[0]}"?'
        elif by is None and not hint:
            hint = f' They bind: {", ".join(dict.fromkeys(known))}.' if known else ' They bind nothing.'
        needed = '' if by is None else ', which is needed here'
        return GatherError(self._file, place, f'no cell binds "{name}"{needed}.{hint}')

    def _without_asking(self, unit: Unit, name: str) -> tuple[str, ...]:
        """A key of an LM is of no use to a run, which asks for the program; another value cannot be had."""
        targets = [each for node in unit.nodes if isinstance(node, ast.Assign) for each in node.targets]
        if name in self._keys_only and len(unit.nodes) == 1 and len(targets) == 1 and isinstance(targets[0], ast.Name):
            self._notes.append(
                f'{unit.place} asks for a key: `{name}` is None in the run, whose endpoint has a key of its own.'
            )
            return (f'{name} = None',)
        raise GatherError(
            self._file,
            unit.place,
            f'"{name}" is asked for when the cell is run, and a run has nobody to ask. '
            'Write the value into the cell, or '
            f"read it from the environment: {name} = os.environ['{name.upper()}'].",
        )

    # What is kept whoever needs it

    def _if_it_can(self, unit: Unit) -> None:
        """With all that it uses, or not at all."""
        if unit.index in self._taken or unit.index in {*self._asking, *self._experiments} or holds_secret(unit):
            return
        taken, seen, notes = dict(self._taken), set(self._seen), list(self._notes)
        try:
            self._take(unit, unit.index, '')
            self._work()
        except GatherError:
            self._taken, self._seen, self._notes = taken, seen, notes
            self._waiting.clear()

    def _configure(self, unit: Unit) -> None:
        """`dspy.configure`, without the LM, which is the run's, unless the program itself names it."""
        calls = [call for name, call in calls_in(unit) if name in self._configures]
        if not calls or unit.index in self._taken:
            return
        call = calls[0]
        lm = next((each.value for each in call.keywords if each.arg == 'lm'), None)
        if isinstance(lm, ast.Name) and any(lm.id in self._units[index].names.binds for index in self._taken):
            self._if_it_can(unit)
            return
        kept = [each for each in call.keywords if each.arg not in _RUNS_OWN]
        if not kept and not call.args:
            return
        rest = ast.Call(call.func, call.args, kept)
        needs = set(_names_in(rest))
        others = [node for node in unit.nodes if getattr(node, 'value', None) is not call]
        if len(others) == len(unit.nodes):
            settings = ', '.join(f'`{each.arg}`' for each in kept)
            self._notes.append(
                f'{unit.place} sets {settings or "settings"} within other code, which is left out with its LM: write '
                '`dspy.configure(…)` on a line of its own.'
            )
            return
        # Of what shares its line, what the other settings need.
        with_it = [node for node in others if needs & names_of(ast.unparse(node), [node]).binds]
        needs.update(name for node in with_it for name in _names_in(node))
        before = dict(self._taken)
        self._if_it_can(unit._replace(names=unit.names._replace(eager=frozenset(needs - unit.names.binds))))
        if self._taken != before:
            text = '; '.join(ast.unparse(node) for node in (*with_it, rest))
            self._taken[unit.index] = (text, *([''] * (len(unit.lines) - 1)))

    def _files(self) -> None:
        """Calls that fetch a file which what is needed reads, by its name: `download('https://…/rows.jsonl')`."""
        for unit in self._units:
            if unit.index in self._taken or not any(_FETCHES in name.lower() for name, _ in calls_in(unit)):
                continue
            if unit.names.binds or not all(isinstance(node, ast.Expr) for node in unit.nodes):
                continue
            read = {name for index in self._taken if index > unit.index for name in _file_names(self._units[index])}
            if _file_names(unit) & read:
                self._if_it_can(unit)

    # What is said of it

    def _tell_of_several(self, names: Sequence[str]) -> None:
        bound = {name for index in self._taken for name in self._units[index].names.binds}
        for name in sorted(bound):
            units = [unit for unit in self._units if name in unit.names.binds and unit.index not in self._experiments]
            anew = [unit for unit in units if name not in unit.names.eager and not unit.is_import and unit.certain]
            cells = list(dict.fromkeys(unit.place.cell for unit in anew))
            defines = any(isinstance(node, (ast.ClassDef, ast.FunctionDef)) for unit in anew for node in unit.nodes)
            if len(cells) > 1 and (defines or name in names) and anew[-1].index in self._taken:
                said = f'{", ".join(map(str, cells[:-1]))} and {cells[-1]}'
                self._notes.append(f'`{name}` is bound in cells {said}: the last one is taken.')

    def _left(self) -> Iterable[LeftOut]:
        """Of what follows on each other in a cell and is left out for one reason, the first."""
        last: tuple[int, str] | None = None
        for unit in self._units:
            if unit.index in self._taken:
                last = None
                continue
            why = why_left(unit, self._experiments, self._asking, self._configures)
            if last != (unit.place.cell, why):
                yield LeftOut(unit.place, why)
            last = (unit.place.cell, why)


def _unguarded(unit: Unit) -> tuple[str, ...]:
    """`if __name__ == '__main__':` holds in a notebook, and would not in the module of a run."""
    node = unit.nodes[0]
    test = getattr(node, 'test', None)
    if not isinstance(node, ast.If) or test is None or len(unit.nodes) > 1 or test.lineno != test.end_lineno:
        return unit.lines
    if ast.unparse(test) not in ("__name__ == '__main__'", "'__main__' == __name__"):
        return unit.lines
    line, *rest = unit.lines[test.lineno - unit.start :]
    data = line.encode()
    changed = (data[: test.col_offset] + b'True' + data[test.end_col_offset :]).decode()
    return (*unit.lines[: test.lineno - unit.start], changed, *rest)


def _file_names(unit: Unit) -> set[str]:
    """The last parts of paths and addresses in its texts."""
    texts = [each.value for node in unit.nodes for each in ast.walk(node) if isinstance(each, ast.Constant)]
    names = [text.rpartition('/')[2].partition('?')[0] for text in texts if isinstance(text, str)]
    return {name for name in names if '.' in name.strip('.') and len(name) < 200}


def _names_in(node: ast.AST) -> Iterable[str]:
    return (each.id for each in ast.walk(node) if isinstance(each, ast.Name))
