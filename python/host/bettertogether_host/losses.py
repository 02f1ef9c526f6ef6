"""What of a compiled program a state does not hold, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .compiled_program import BegunPredictor, CompiledProgram, more_state, other_parameters, settings_of
from .engines import target_of
from .exact import Written, exact
from .live import live_rows
from .reading_back import all_matching, demos_of
from .signatures import named_predictors
from .states import revived

# Methods that a program is run by: an optimizer may put others in their place.
_METHODS = ('forward', 'aforward', '__call__', 'acall')


def losses(program: Any, started: CompiledProgram, optimizer: str) -> list[str]:
    """
    Args:
        optimizer: its class, which the sentences begin with.
    """
    found = all_matching(program, started)
    told = [*_of_program(program, started), *_of_predictors(program, started, found)]
    for name, begun in started.begun.predictors.items():
        if len(found.get(name, [])) != 1:
            continue
        predictor = found[name][0].predictor
        if started.is_frozen(name):
            told += _of_frozen(name, predictor, begun)
        else:
            told += _of_predictor(name, predictor, begun)
    return [f'{optimizer} {each}' for each in told]


def _of_program(program: Any, started: CompiledProgram) -> Iterator[str]:
    begun = started.begun
    if type(program) is not begun.kind:
        yield (
            f'gave {type(program).__name__} in the place of {begun.kind.__name__}: what it does around the '
            'predictors is left out.'
        )
    replaced = [name for name in _METHODS if name in vars(program) and name not in begun.attributes]
    if replaced:
        yield (
            f'put a {" and a ".join(replaced)} of its own into the program: what that does at each call is left out.'
        )
    others = other_parameters(program)
    for name, said in begun.others.items():
        if name in others and others[name] != said:
            yield f"changed '{name}', which is no predictor: it stays as it was."


def _of_predictors(program: Any, started: CompiledProgram, found: dict[str, list[Any]]) -> Iterator[str]:
    for name in started.begun.predictors:
        several = len(found.get(name, []))
        if several == 0:
            yield f"gave a program without the predictor '{name}': it stays as it was."
        elif several > 1:
            yield f"gave a program with {several} copies of the predictor '{name}': none is chosen, it stays as it was."
    ours = {id(each.predictor) for those in found.values() for each in those}
    new = [each.name for each in named_predictors(program) if id(each.predictor) not in ours]
    if new:
        yield f'added {_listed(new)} to the predictors: left out.'


def _of_frozen(name: str, predictor: Any, begun: BegunPredictor) -> Iterator[str]:
    demos = predictor.demos or []
    same = len(demos) == len(begun.demos) and all(a is b or a == b for a, b in zip(demos, begun.demos, strict=True))
    if not same or predictor.signature.instructions != begun.signature.instructions:
        yield f"changed the predictor '{name}', which is frozen: it stays as it was, and was so in all runs."


def _of_predictor(name: str, predictor: Any, begun: BegunPredictor) -> Iterator[str]:
    yield from _of_signature(name, predictor.signature, begun.signature)
    yield from _of_lm(name, predictor.lm, begun)
    for key in sorted({*predictor.config, *begun.config}):
        if predictor.config.get(key) != begun.config.get(key):
            yield f"set {key} of '{name}' to {predictor.config.get(key)!r}: left out."
    if more_state(predictor) != begun.more:
        yield f"changed more of '{name}' than its prompt (such as criteria of its outputs): that is left out."
    yield from _of_demos(name, predictor)


def _of_signature(name: str, signature: Any, begun: Any) -> Iterator[str]:
    new = [field for field in signature.fields if field not in begun.fields]
    gone = [field for field in begun.fields if field not in signature.fields]
    if new or gone:
        changes = [*([f'added {_listed(new)}'] if new else []), *([f'took out {_listed(gone)}'] if gone else [])]
        yield f"{' and '.join(changes)} in the fields of '{name}': the signature stays as it was."
    for field, was in begun.fields.items():
        now = signature.fields.get(field)
        if now is None:
            continue
        prefix, desc = _extra(now, 'prefix'), _extra(now, 'desc')
        if prefix != _extra(was, 'prefix'):
            yield (
                f"changed the prefix of '{field}' of '{name}' to {prefix!r}: left out. DSPy's adapters do not show "
                'prefixes.'
            )
        if desc != _extra(was, 'desc'):
            yield f"changed the description of '{field}' of '{name}' to {desc!r}, which prompts show: left out."
        if now.annotation != was.annotation:
            yield f"changed the type of '{field}' of '{name}': left out."


def _of_lm(name: str, lm: Any, begun: BegunPredictor) -> Iterator[str]:
    """DSPy's own copies of a program without an LM (`reset_copy`) ask what they asked before."""
    if lm is None:
        return
    if target_of(lm) is None and (begun.lm is None or getattr(begun.lm, 'model', None) != lm.model):
        yield f"gave '{name}' the LM '{lm.model}': models are left as they were."
        return
    settings = settings_of(lm)
    changed = [key for key in sorted(settings) if settings[key] != begun.lm_settings.get(key)]
    if changed:
        yield f"set {_listed(changed)} of the LM of '{name}': left out."


def _of_demos(name: str, predictor: Any) -> Iterator[str]:
    signature, demos = predictor.signature, demos_of(predictor)
    odd = len(predictor.demos or []) - len(demos)
    if odd:
        yield f"gave '{name}' {odd} demos that are no examples: left out."
    unknown = {field for demo in demos for field in demo if field not in signature.fields and field != 'augmented'}
    if unknown:
        yield (
            f"gave '{name}' demos with fields that it does not have ({', '.join(sorted(unknown))}): they are left out, "
            'and prompts do not show them.'
        )
    untold = sorted({field for demo in demos for field in demo if _is_untold(field, demo[field], signature)})
    if untold:
        yield (
            f"gave '{name}' demos whose {_listed(untold)} JSON cannot hold: kept as what people see of it, which is "
            'what prompts show in most cases.'
        )


def _is_untold(field: str, value: Any, signature: Any) -> bool:
    """Whether a value of a demo would not come back as it is."""
    if field not in signature.fields or Written(value).whole or live_rows.tag(value) is not None:
        return False
    try:
        back = revived({field: exact(value)}, signature)[field]
        return not (type(back) is type(value) and bool(back == value))
    except Exception:
        return True


def _extra(field: Any, key: str) -> Any:
    return (field.json_schema_extra or {}).get(key)


def _listed(names: list[str]) -> str:
    return ', '.join(f"'{name}'" for name in names)
