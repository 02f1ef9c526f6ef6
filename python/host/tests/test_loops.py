"""Asynchronous programs that keep what belongs to an event loop share one; others have one a run."""

from __future__ import annotations

import re
import time

import pytest

from .conftest import Start
from .harness import RemoteError

SOURCE = """
import asyncio
import time

import dspy

shared = SHARED


def around(held):
    return lambda: held


class Base(dspy.Module):
    of_class = OF_CLASS


class Program(Base):
    def __init__(self):
        super().__init__()
        self.around = around(AROUND)
        self.p = dspy.Predict('question -> answer')
        self.kept = [{'deep': KEPT}]
        self.loops = set()

    async def aforward(self, question):
        self.loops.add(id(asyncio.get_running_loop()))
        async with self.kept[0]['deep']:
            await asyncio.sleep(0.01)
        async with self.of_class or Nothing(), self.around() or Nothing():
            await asyncio.sleep(0.01)
        if question == 'sleeps':
            await asyncio.sleep(3600)
        if question == 'blocks':
            while True:
                time.sleep(0.01)
        if question == 'keeps':
            time.sleep(3600)
        if question == 'exits':
            raise SystemExit(3)
        if question == 'fails':
            raise ValueError('it failed')
        both = await asyncio.gather(self.p.acall(question=question), self.p.acall(question=question))
        return dspy.Prediction(answer=both[0].answer, loops=len(self.loops))


async def metric(example, made, trace=None):
    async with METRICS:
        await asyncio.sleep(0.01)
    return example.question in made.answer


class Nothing:
    async def __aenter__(self): ...
    async def __aexit__(self, *error): ...
"""


def source(
    kept: str = 'Nothing()',
    shared: str = 'None',
    metrics: str = 'Nothing()',
    of_class: str = 'None',
    around: str = 'None',
) -> str:
    given = {'KEPT': kept, 'SHARED': shared, 'METRICS': metrics, 'OF_CLASS': of_class, 'AROUND': around}
    return re.sub('|'.join(given), lambda found: given[found[0]], SOURCE)


HOLDING = [
    source(kept='asyncio.Semaphore(1)'),
    source(kept='shared', shared='asyncio.Lock()'),
    source(shared='asyncio.Lock()', metrics='shared'),
    source(of_class='asyncio.Lock()'),
    source(around='asyncio.Semaphore(1)'),
    source(kept='asyncio.Lock()', shared="[{'id': number} for number in range(25_000)]"),
]


@pytest.mark.parametrize('program', HOLDING)
def test_runs_share_the_loop_that_their_locks_belong_to(start: Start, program: str) -> None:
    host, _ = start(program, metric='program.py#metric')
    started = [host.start({'question': f'q{number}'}) for number in range(12)]
    found = [each.wait() for each in started]
    assert [outcome['prediction'] for outcome in found] == [
        {'answer': f'answer of q{number}', 'loops': 1} for number in range(12)
    ]
    assert {outcome['score'] for outcome in found} == {1}
    assert {len(outcome['trace']) for outcome in found} == {2}


def test_others_have_a_loop_each(start: Start) -> None:
    host, _ = start(source())
    started = [host.start({'question': 'blocks'}), host.start({'question': 'x'})]
    assert started[1].wait()['prediction']['answer'] == 'answer of x'


def test_what_a_task_raises_is_its_runs_outcome(start: Start) -> None:
    host, _ = start(HOLDING[0])
    started = {question: host.start({'question': question}) for question in ('fails', 'exits', 'x')}
    found = {question: each.wait() for question, each in started.items()}
    assert found['fails']['error']['message'] == 'ValueError: it failed'
    assert found['fails']['error']['line'] == 1 + HOLDING[0].split('\n').index("            raise ValueError('it failed')")
    assert found['exits']['error'] == {**found['exits']['error'], 'kind': 'crash'}
    assert found['x']['prediction']['answer'] == 'answer of x'
    assert host.run({'question': 'y'})['prediction']['answer'] == 'answer of y'


@pytest.mark.parametrize('question', ['sleeps', 'blocks'])
def test_a_cancelled_task_ends_and_the_others_go_on(start: Start, question: str) -> None:
    host, _ = start(HOLDING[0])
    assert host.run({'question': 'x'})['prediction']['answer'] == 'answer of x'
    number = next(host._wire._ids) + 1
    stuck = host.start({'question': question})
    other = host.start({'question': 'z'})
    time.sleep(0.3)
    host.cancel(number)
    with pytest.raises(RemoteError):
        stuck.wait()
    assert other.wait()['prediction']['answer'] == 'answer of z'
    assert host.run({'question': 'y'})['prediction']['answer'] == 'answer of y'


def test_a_loop_that_never_turns_again_ends_its_process(start: Start) -> None:
    host, _ = start(HOLDING[0])
    number = next(host._wire._ids) + 1
    host.start({'question': 'keeps'})
    time.sleep(0.5)
    host.cancel(number)
    assert host._process.wait(40) == 1
    assert 'keeps the event loop that all runs share' in host.printed
