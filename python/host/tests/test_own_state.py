"""Programs that keep what they work on in `self` are told that rows run at the same time."""

from __future__ import annotations

import pytest


from .conftest import Start

PROGRAM = """
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.ask = dspy.Predict('question -> answer')
        self.asked = 0

    def forward(self, question):
        BODY
"""
TOLD = 'Program.forward keeps self.question while it runs'


@pytest.mark.parametrize(
    ('body', 'told'),
    [
        ('self.question = question; return self.ask(question=self.question)', True),
        ('self.question, k = question, 1; return self.ask(question=self.question)', True),
        ('self.last = self.ask(question=question); return self.ask(question=question)', False),
        ('question = question.strip(); return self.ask(question=question)', False),
    ],
)
def test_state_in_self_is_told(start: Start, body: str, told: bool) -> None:
    host, _ = start(PROGRAM.replace('BODY', body))
    host.shutdown()
    assert (TOLD in host.printed) is told
    assert ('"concurrency": 1' in host.printed) is told
