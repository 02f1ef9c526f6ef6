"""The prompt that is shown is the prompt that is asked."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Start
from .harness import RemoteError, chat, start_state

PROGRAM = """
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.hint = dspy.Predict('question -> hint', temperature=0.5)
        self.answer = dspy.ChainOfThought('question, hint: list[str] -> answer: int')

    def forward(self, question):
        return self.answer(question=question, hint=[self.hint(question=question).hint])
"""

DEMO = {'fields': {'question': 'old', 'hint': ['h'], 'reasoning': 'r', 'answer': 1}, 'augmented': True}


@pytest.mark.parametrize('adapter', ['dspy.ChatAdapter()', 'dspy.JSONAdapter()', 'Own()'])
def test_shows_what_would_be_asked_and_asks_nobody(start: Start, adapter: str) -> None:
    own = """
class Own(dspy.ChatAdapter):
    def format(self, signature, demos, inputs):
        return [{'role': 'user', 'content': f'{len(demos)} demos: {inputs}'}]

"""

    def lm(call: dict[str, Any]) -> str:
        asked_in_json = 'JSON object' in str(call['prompt'])
        return (
            '{"hint": "h", "reasoning": "r", "answer": 1}'
            if asked_in_json
            else chat(hint='h', reasoning='r', answer='1')
        )

    source = PROGRAM.replace('class Program', f'{own}dspy.configure(adapter={adapter})\n\nclass Program')
    host, description = start(source, lm=lm)
    state = start_state(description, 'tuned')
    state['predictors']['answer.predict']['demos'] = [DEMO]
    host.put('state', state)
    host.run({'question': 'who'}, 'state', labels={'answer': 1})
    asked = [params['call'] for params in host.calls][:2]
    shown = [
        host.prompt('hint', state['predictors']['hint'], {'question': 'who'}),
        host.prompt('answer.predict', state['predictors']['answer.predict'], {'question': 'who', 'hint': ['h']}),
    ]
    assert shown == asked
    assert shown[0]['sampling'] == {'temperature': 0.5} and shown[1]['model'] == 'tuned'
    assert len(host.calls) == 2


def test_what_cannot_be_shown_is_told(start: Start) -> None:
    host, description = start(PROGRAM)
    state = start_state(description)['predictors']['hint']
    for predictor, inputs, told in [
        ('none', {}, "no predictor 'none'. It has: hint, answer.predict"),
        ('hint', {'q': 1}, "'hint' takes question; the input has no question"),
    ]:
        with pytest.raises(RemoteError, match=told) as caught:
            host.prompt(predictor, state, inputs)
        assert caught.value.data == {'kind': 'program'}
