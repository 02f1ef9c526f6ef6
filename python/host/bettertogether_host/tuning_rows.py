"""Rows in the forms of fine-tuning data: their fields say who speaks, and are none of the program's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The fields that tell a form, and where what was asked and what was answered is.
_FORMS = (
    ({'messages'}, "row['messages'][-2]['content']", "row['messages'][-1]['content']"),
    ({'prompt', 'completion'}, "row['prompt']", "row['completion']"),
    ({'instruction', 'output'}, r"row['instruction'] + '\n' + row.get('input', '')", "row['output']"),
)


def tuning_remedy(fields: Mapping[str, Any], name: str) -> str | None:
    """How such rows become the program's; `None` for other rows. src/data/tuningRows.ts says the same.

    Args:
        name: of an input of the program.
    """
    for told_by, asked, answered in _FORMS:
        if told_by <= fields.keys():
            return (
                "A row is an object with the program's fields, and these are in a form of fine-tuning data. Make the "
                f"rows in code: `def rows(): return [{{'{name}': {asked}, 'answer': {answered}}} for row in …]`, named "
                'as "file.py#rows".'
            )
    return None
