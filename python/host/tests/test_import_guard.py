"""Code that asks an LM while it is imported: the process ends at the call, and nothing of the script goes on."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from .harness import HostProcess, fills_in

HEAD = """
import dspy
dspy.configure(lm=dspy.LM('openai/base', api_base='http://127.0.0.1:9/v1', api_key='k'))
program = dspy.Predict('question -> answer')
rows = [dspy.Example(question=str(n), answer=str(n)).with_inputs('question') for n in range(4)]

def metric(example, prediction, trace=None):
    return True

def save(_=None):
    with open('saved', 'w') as file:
        file.write('overwritten')

"""
LINE = HEAD.count('\n') + 1

ASKS = {
    'an optimizer': (0, 'dspy.BootstrapFewShot(metric=metric).compile(program, trainset=rows)\nsave()'),
    'an evaluation': (0, 'dspy.Evaluate(devset=rows, metric=metric, num_threads=2)(program)\nsave()'),
    'a predictor': (1, 'try:\n    program(question="q")\nexcept BaseException:\n    pass\nfinally:\n    save()'),
    'an LM': (2, 'import atexit\natexit.register(save)\ndspy.settings.lm("hello")'),
    'an LM by its forward': (1, 'try:\n    dspy.settings.lm.forward(prompt="hello")\nfinally:\n    save()'),
    'a function': (3, 'def main():\n    program(question="q")\n\nmain()\nsave()'),
    'a coroutine': (4, 'import asyncio\nasync def main():\n    await program.acall(question="q")\n\nasyncio.run(main())'),
    'a thread': (3, 'import threading\nthread = threading.Thread(target=lambda: program(question="q"))\nthread.start()\n'
                'thread.join()\nsave()'),
    'a process': (4, 'import os\nchild = os.fork()\nif child == 0:\n    try:\n        program(question="q")\n'
                  '    finally:\n        save()\n        os._exit(0)\nos.waitpid(child, 0)\nimport time\ntime.sleep(60)'),
}


@pytest.fixture
def host() -> HostProcess:
    return HostProcess(fills_in(lambda field, question: ''))


def ending(host: HostProcess, workspace: Path) -> str:
    """What the process says before it ends, and that it ends."""
    try:
        assert host.wait() == 1
        assert not (workspace / 'saved').exists()
        return host.ending
    finally:
        host.close()


@pytest.mark.parametrize('asks', ASKS)
def test_the_process_ends_at_the_call(host: HostProcess, tmp_path: Path, asks: str) -> None:
    offset, source = ASKS[asks]
    (tmp_path / 'program.py').write_text(HEAD + source + '\n')
    host.begin_initialize(tmp_path, 'program.py#program')
    reason = ending(host, tmp_path)
    assert f'program.py:{LINE + offset} asks an LM while it is loaded' in reason
    assert "under `if __name__ == '__main__':`" in reason


def test_so_does_one_that_reads_data(host: HostProcess, tmp_path: Path) -> None:
    (tmp_path / 'program.py').write_text(f'{HEAD}{ASKS["an optimizer"][1]}\n')
    host.begin_datasets(tmp_path, ['program.py#rows'])
    assert f'program.py:{LINE} asks an LM while it is loaded' in ending(host, tmp_path)


def test_a_function_that_makes_the_program(host: HostProcess, tmp_path: Path) -> None:
    made = 'def make():\n    try:\n        program(question="q")\n    except Exception:\n        save()\n    return program\n'
    (tmp_path / 'program.py').write_text(HEAD + made)
    host.begin_initialize(tmp_path, 'program.py#make')
    assert f'program.py:{LINE + 2} asks an LM' in ending(host, tmp_path)


def test_a_thread_of_the_import_that_asks_later(host: HostProcess, tmp_path: Path) -> None:
    later = """
    import threading
    loaded = threading.Event()

    def optimize():
        loaded.wait()
        dspy.BootstrapFewShot(metric=metric).compile(program, trainset=rows)
        save()

    threading.Thread(target=optimize, daemon=True).start()

    def judged(example, prediction):
        loaded.set()
        import time
        time.sleep(30)
    """
    (tmp_path / 'program.py').write_text(HEAD + textwrap.dedent(later))
    described = host.initialize(tmp_path, 'program.py#program', metric='program.py#judged')
    host.put_start(described)
    host.start({'question': 'q'})
    assert 'asks an LM' in ending(host, tmp_path)


def test_the_rest_of_a_program_is_loaded(host: HostProcess, tmp_path: Path) -> None:
    (tmp_path / 'program.py').write_text(HEAD + 'if __name__ == "__main__":\n    program(question="q")\n')
    described = host.initialize(tmp_path, 'program.py#program')
    host.put_start(described)
    assert host.run({'question': 'q'}, labels={'answer': ''})['score'] == 1
    host.close()
