"""The recorded prompts, parses and signatures (test/goldens) are those of the DSPy that is installed here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.utils.exceptions import AdapterParseError

from .older_dspy import skip_where_older

GOLDENS = json.loads((Path(__file__).parents[3] / 'test' / 'goldens' / 'adapters.json').read_text(encoding='utf-8'))
PARSES = [(kind, number, case) for kind in ('chat', 'json') for number, case in enumerate(GOLDENS[f'{kind}_parse'])]
# What older versions do otherwise.
PARSES_NOT_OF_OLDER = {('chat', 15): 'None for an optional text', ('chat', 18): 'optional outputs'}
SIGNATURES_NOT_OF_OLDER = {'a -> a': 'one name on both sides'}
ADAPTERS = {'chat': dspy.ChatAdapter, 'json': dspy.JSONAdapter}


def signature_of(text: str, cot: bool = False, instructions: str | None = None) -> Any:
    signature = dspy.Signature(text) if instructions is None else dspy.Signature(text, instructions)
    return dspy.ChainOfThought(signature).predict.signature if cot else signature


@pytest.mark.parametrize('case', GOLDENS['prompts'], ids=lambda case: f'{case["name"]} {case["adapter"]}')
def test_prompts(case: dict[str, Any]) -> None:
    signature = signature_of(case['signature'], case['cot'], case.get('instructions'))
    adapter = getattr(dspy, case['adapter'])()
    assert adapter.format(signature, case['demos'], case['inputs']) == case['messages']


@pytest.mark.parametrize('name', ['zero', 'with_demo'])
def test_training_rows(name: str) -> None:
    demo = {'context': 'c1', 'question': 'q1', 'reasoning': 'r1', 'answer': 'a1'}
    signature = signature_of('context, question -> answer', cot=True)
    row = dspy.ChatAdapter().format_finetune_data(
        signature=signature,
        demos=[demo] if name == 'with_demo' else [],
        inputs={'context': 'c', 'question': 'q'},
        outputs={'reasoning': 'r', 'answer': 'a'},
    )
    assert row == GOLDENS['finetune'][name]


@pytest.mark.parametrize(('kind', 'number', 'case'), PARSES)
def test_parses(kind: str, number: int, case: dict[str, Any]) -> None:
    if (kind, number) in PARSES_NOT_OF_OLDER:
        skip_where_older(PARSES_NOT_OF_OLDER[kind, number])
    signature, adapter = signature_of(case['signature']), ADAPTERS[kind]()
    if 'ok' in case:
        assert adapter.parse(signature, case['completion']) == case['ok']
    else:
        with pytest.raises(AdapterParseError):
            adapter.parse(signature, case['completion'])


@pytest.mark.parametrize('case', GOLDENS['signatures'], ids=lambda case: case['s'])
def test_signatures(case: dict[str, Any]) -> None:
    if case['s'] in SIGNATURES_NOT_OF_OLDER:
        skip_where_older(SIGNATURES_NOT_OF_OLDER[case['s']])
    if 'error' in case:
        with pytest.raises((ValueError, SyntaxError)):
            dspy.Signature(case['s'])
        return
    signature = dspy.Signature(case['s'])
    assert signature.instructions == case['instructions']
    assert list(signature.input_fields) == case['inputs']
    assert list(signature.output_fields) == case['outputs']
    assert [field.json_schema_extra['prefix'] for field in signature.fields.values()] == case['prefixes']
