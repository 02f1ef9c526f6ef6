"""Why a unit is left out, in words."""

from __future__ import annotations

import ast

from .names import walk_here
from .surroundings import holds_secret
from .units import Unit, calls_in


def why_left(unit: Unit, experiments: set[int], asking: set[int], configures: frozenset[str]) -> str:
    called = [name.rpartition('.')[2] for name, _ in calls_in(unit)]
    if unit.index in experiments:
        evaluates = any(each.lower().startswith('evaluat') for each in called) and 'compile' not in called
        return 'it runs or makes an evaluation' if evaluates else 'it runs an optimizer, or uses what one gave'
    if unit.index in asking:
        return 'it asks for a value'
    if holds_secret(unit):
        return 'it sets a key, and the endpoint of the run has its own'
    if any(name in configures for name, _ in calls_in(unit)):
        return "it sets the LM, which is the run's"
    if unit.names.binds and 'LM' in called:
        return "it makes an LM, and the run's own is asked"
    if any(each.lower().startswith('evaluat') for each in called):
        return 'it runs or makes an evaluation'
    if any(each in ('print', 'display', 'inspect_history', 'pprint') for each in called):
        return 'it shows something'
    if unit.is_import:
        return 'nothing that is needed uses the import'
    if any(isinstance(node, ast.Expr) for node in walk_here(unit.nodes)) and not unit.names.binds:
        return 'it runs or shows something that nothing needs'
    return 'nothing that is needed uses it'
