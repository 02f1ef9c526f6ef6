"""Processes that a program starts: they answer nothing in the host's name, and ask no LM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import Start
from .harness import HostProcess

pytestmark = pytest.mark.cold

PROGRAMS = """
import asyncio
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import dspy


class Base(dspy.Module):
    def __init__(self):
        super().__init__()
        self.p = dspy.Predict('question -> answer')


class Asks(Base):
    def forward(self, question):
        pid = os.fork()
        if pid == 0:
            try:
                self.p(question='of the child')
            except Exception as error:
                print(error, file=sys.stderr, flush=True)
            finally:
                os._exit(0)
        time.sleep(0.01)
        made = self.p(question=question)
        os.waitpid(pid, 0)
        return made


class Raises(Base):
    def forward(self, question):
        pid = os.fork()
        if pid == 0:
            raise ValueError('in the child')
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return dspy.Prediction(answer=f'{self.p(question=question).answer}, {code}')


class Exits(Base):
    def forward(self, question):
        pid = os.fork()
        if pid == 0:
            sys.exit(3)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return dspy.Prediction(answer=f'{self.p(question=question).answer}, {code}')


class Returns(Base):
    def forward(self, question):
        pid = os.fork()
        if pid == 0:
            return dspy.Prediction(answer='of the child')
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return dspy.Prediction(answer=f'{self.p(question=question).answer}, {code}')


class Awaits(Base):
    async def aforward(self, question):
        pid = os.fork()
        if pid == 0:
            sys.exit(3)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return dspy.Prediction(answer=f'{(await self.p.acall(question=question)).answer}, {code}')


class AwaitsInOneLoop(Awaits):
    def __init__(self):
        super().__init__()
        self.lock = asyncio.Lock()


def square(x):
    return x * x


class Computes(Base):
    def forward(self, question):
        with multiprocessing.get_context('fork').Pool(1) as pool:
            assert pool.map(square, [3]) == [9]
        return self.p(question=question)


def child(p, question, out):
    out.put(p(question=question).answer)


class Multiprocessing(Base):
    def forward(self, question):
        context = multiprocessing.get_context('fork')
        process = context.Process(target=child, args=(self.p, question, context.SimpleQueue()))
        process.start()
        process.join()
        return dspy.Prediction(answer=f'{self.p(question=question).answer}, {process.exitcode}')


def ask(question):
    lm = dspy.LM('openai/x', api_base='http://127.0.0.1:9/v1', api_key='x', num_retries=0)
    with dspy.context(lm=lm):
        return dspy.Predict('question -> answer')(question=question).answer


class Pool(Base):
    def forward(self, question):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('fork')) as pool:
            return dspy.Prediction(answer=pool.submit(ask, question).result())


class Spawns(Base):
    def forward(self, question):
        with multiprocessing.get_context('spawn').Pool(1) as pool:
            assert pool.apply(square, (3,)) == 9
            return dspy.Prediction(answer=pool.apply(ask, (question,)))


class SpawnsFromAServer(Base):
    def forward(self, question):
        with multiprocessing.get_context('forkserver').Pool(1) as pool:
            return dspy.Prediction(answer=pool.apply(ask, (question,)))
"""

REFUSED = 'An LM was called in a child process'


def outcomes(host: HostProcess, count: int = 6) -> list[dict[str, Any]]:
    started = [host.start({'question': f'q{number}'}) for number in range(count)]
    return [each.wait() for each in started]


def test_a_forked_child_that_asks_is_refused_and_no_answers_are_mixed_up(start: Start) -> None:
    host, _ = start(PROGRAMS, program='program.py#Asks')
    found = [outcome['prediction']['answer'] for outcome in outcomes(host, 12)]
    assert found == [f'answer of q{number}' for number in range(12)]
    assert len(host.calls) == 12
    assert REFUSED in host.printed


ENDS = {'Raises': 1, 'Exits': 3, 'Returns': 0, 'Awaits': 3, 'AwaitsInOneLoop': 3, 'Multiprocessing': 1}


@pytest.mark.parametrize(('program', 'code'), ENDS.items())
def test_a_forked_child_ends_where_its_code_ends(start: Start, program: str, code: int) -> None:
    host, _ = start(PROGRAMS, program=f'program.py#{program}')
    found = [outcome['prediction']['answer'] for outcome in outcomes(host)]
    assert found == [f'answer of q{number}, {code}' for number in range(6)]
    assert ('in the child' in host.printed) == (program == 'Raises')
    assert host.shutdown() == 0


def test_pools_that_ask_no_lm_work(start: Start) -> None:
    host, _ = start(PROGRAMS, program='program.py#Computes')
    assert [outcome['prediction']['answer'] for outcome in outcomes(host, 2)] == ['answer of q0', 'answer of q1']


@pytest.mark.parametrize('program', ['Pool', 'Spawns', 'SpawnsFromAServer'])
def test_pools_that_ask_an_lm_are_told(start: Start, program: str) -> None:
    host, _ = start(PROGRAMS, program=f'program.py#{program}')
    [outcome] = outcomes(host, 1)
    assert outcome['error']['message'].startswith(REFUSED)
    assert host.calls == []


def test_a_child_forked_while_loading_does_not_answer_for_the_host(start: Start) -> None:
    source = 'import os, sys\nif os.fork() == 0:\n    sys.exit(0)\nos.wait()\n' + PROGRAMS
    host, described = start(source, program='program.py#Computes')
    assert described['name'] == 'Computes'
    assert outcomes(host, 1)[0]['prediction'] == {'answer': 'answer of q0'}


ASKS_ON_IMPORT = """
import multiprocessing
import os
import dspy

os.chdir(os.path.dirname(os.path.abspath(__file__)))  # the run process starts hosts in the workspace
if multiprocessing.current_process().name == 'spawned':
    import httpx
    try:
        httpx.post('http://127.0.0.1:9/v1/chat/completions', json={})
    finally:
        open('saved', 'w').close()

def work():
    return None

class Spawns(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict('question -> answer')

    def forward(self, question):
        child = multiprocessing.get_context('spawn').Process(target=work, name='spawned')
        child.start()
        child.join()
        return dspy.Prediction(answer=str(child.exitcode))
"""


def test_a_spawned_child_ends_at_the_request_of_any_client_while_it_imports(start: Start, tmp_path: Path) -> None:
    host, _ = start(ASKS_ON_IMPORT, program='program.py#Spawns')
    assert host.run({'question': 'q'})['prediction']['answer'] == '1'
    assert not (tmp_path / 'saved').exists()
    assert 'program.py:10 asks an LM while it is loaded' in host.printed
