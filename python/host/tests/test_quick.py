"""The short way to the run process asks and gives what DSPy's own way does."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Start
from .harness import chat

PROGRAM = """
import dspy
from dspy.utils.callback import BaseCallback

class Watching(BaseCallback):
    def on_lm_start(self, **more):
        pass

if %(watched)s:
    dspy.configure(callbacks=[Watching()])  # DSPy's own way

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.plain = dspy.Predict('question -> answer')
        self.set = dspy.Predict('question, hint -> answer', temperature=0.9, max_tokens=55, top_p=0.5, stop=['E', 'X'])
        self.several = dspy.Predict('question -> answer', n=2, temperature=1.0)

    def %(kind)s forward(self, question):
        pass
"""

BODY = """
    %(kind)sdef %(name)s(self, question):
        said = []
        for make in (
            lambda: self.plain.%(call)s(question=question),
            lambda: self.set.%(call)s(question=question, hint='\\u00e9\\u4e16'),
            lambda: self.plain.%(call)s(question=question, config={'temperature': 0.3, 'rollout_id': 7}),
            lambda: self.several.%(call)s(question=question),
        ):
            try:
                said.append(str((%(wait)smake()).completions.answer))
            except dspy.utils.exceptions.AdapterParseError:
                said.append('unreadable')
        with dspy.context(adapter=dspy.JSONAdapter()):
            said.append(str((%(wait)sself.plain.%(call)s(question=question)).answer))
        with dspy.context(lm=dspy.LM('openai/other', temperature=0.4, max_tokens=9)):
            said.append(str((%(wait)sself.plain.%(call)s(question=question)).answer))
        return dspy.Prediction(answer=' | '.join(said))
"""

WAYS = [
    {'kind': '', 'name': 'forward', 'call': '__call__', 'wait': ''},
    {'kind': 'async ', 'name': 'aforward', 'call': 'acall', 'wait': 'await '},
]


@pytest.mark.parametrize('way', WAYS, ids=['forward', 'aforward'])
@pytest.mark.parametrize('text', ['fine', 'é 世界 \U0001f600\ttab', 'empty', 'blank', 'no fields at all'])
def test_both_ways_ask_the_same_and_give_the_same(start: Start, way: dict[str, str], text: str) -> None:
    def lm(call: dict[str, Any]) -> str:
        if 'JSON object' in str(call['prompt']['messages']):
            return '{"answer": "by JSON"}'
        return {'empty': '', 'blank': '  \n', 'no fields at all': 'what?'}.get(text, chat(answer=text))

    outcomes, calls = [], []
    for watched in ('True', 'False'):
        head = PROGRAM % {'watched': watched, 'kind': ''}
        source = head[: head.rindex('    def ')] + BODY.strip('\n') % way
        host, _ = start(source, lm=lm)
        outcome = host.run({'question': f'why {text}?'}, labels={'answer': 'x'})
        outcomes.append((outcome.get('prediction'), outcome['score'], outcome.get('error', {}).get('message')))
        calls.append([params['call'] for params in host.calls])
        assert all(call['lm'] for call in outcome['trace'])
    assert calls[0] == calls[1]
    assert len(calls[0]) >= 6
    assert outcomes[0] == outcomes[1]
