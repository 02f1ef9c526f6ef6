"""Code that asks a model while it is imported: the process ends at the call, and nothing of the script goes on."""

from __future__ import annotations

import json
import textwrap
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from bettertogether_host.model_requests import asked_by

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
    # On one line, since the thread may ask before or after the next one begins.
    'a thread': (2, 'import threading\nthread = threading.Thread(target=lambda: program(question="q"))\n'
                'thread.start(); thread.join()\nsave()'),
    'a process': (4, 'import os\nchild = os.fork()\nif child == 0:\n    try:\n        program(question="q")\n'
                  '    finally:\n        save()\n        os._exit(0)\nos.waitpid(child, 0)\nimport time\ntime.sleep(60)'),
}


OPENAI = 'import openai\nclient = openai.OpenAI(base_url="http://127.0.0.1:9/v1", api_key="k")\n'
CHAT = 'http://127.0.0.1:9/v1/chat/completions'

# Offset, source, and what it asks for.
CLIENTS = {
    'LiteLLM': (
        1, 'import litellm\nlitellm.completion(model="openai/m", messages=[], api_base="http://127.0.0.1:9/v1", '
        'api_key="k")\nsave()', 'an LM'),
    'LiteLLM, asynchronously': (
        2, 'import asyncio\nimport litellm\nasyncio.run(litellm.acompletion(model="openai/m", messages=[], '
        'api_base="http://127.0.0.1:9/v1", api_key="k"))\nsave()', 'an LM'),
    'a package of a service': (
        3, f'{OPENAI}try:\n    client.chat.completions.create(model="m", messages=[])\nfinally:\n    save()', 'an LM'),
    'its embeddings': (2, f'{OPENAI}client.embeddings.create(model="m", input="a")\nsave()', 'embeddings'),
    'its asynchronous client': (
        4, f'{OPENAI}import asyncio\nother = openai.AsyncOpenAI(base_url=client.base_url, api_key="k")\n'
        'asyncio.run(other.responses.create(model="m", input="a"))\nsave()', 'an LM'),
    'httpx': (1, 'import httpx\nhttpx.post("https://api.anthropic.com/v1/messages", json={})\nsave()', 'an LM'),
    'requests': (1, f'import requests\nrequests.post("{CHAT}", json={{}})\nsave()', 'an LM'),
    'urllib': (1, f'import urllib.request\nurllib.request.urlopen("{CHAT}", b"{{}}")\nsave()', 'an LM'),
    'aiohttp': (
        5, 'import asyncio\nimport aiohttp\nasync def main():\n    async with aiohttp.ClientSession() as session:\n'
        f'        await session.post("{CHAT}", json={{}})\nasyncio.run(main())\nsave()', 'an LM'),
    'an embedder that keeps nothing': (
        0, 'dspy.Embedder("openai/m", caching=False, api_base="http://127.0.0.1:9/v1", api_key="k")(["a"])\nsave()',
        'embeddings'),
}

GOLDENS = json.loads((Path(__file__).parents[3] / 'test/goldens/modelRequests.json').read_text(encoding='utf-8'))


@pytest.fixture
def host() -> HostProcess:
    return HostProcess(fills_in(lambda field, question: ''), cold=True)


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


@pytest.mark.parametrize('client', CLIENTS)
def test_so_it_does_at_the_request_of_any_client(host: HostProcess, tmp_path: Path, client: str) -> None:
    offset, source, asked = CLIENTS[client]
    (tmp_path / 'program.py').write_text(HEAD + source + '\n')
    host.begin_initialize(tmp_path, 'program.py#program')
    reason = ending(host, tmp_path)
    what = 'an LM' if asked == 'an LM' else 'a model for embeddings'
    assert f'program.py:{LINE + offset} asks {what} while it is loaded' in reason
    assert "under `if __name__ == '__main__':`" in reason
    assert ('dspy.Embedder' in reason) == (asked == 'embeddings')


@pytest.mark.parametrize('asked', GOLDENS)
def test_requests_are_known_by_their_address(asked: str) -> None:
    assert {asked_by('POST', url) or 'nothing' for url in GOLDENS[asked]} == {asked}
    assert {asked_by('GET', url) for url in GOLDENS[asked]} == {None}


class Service(BaseHTTPRequestHandler):
    """Embeds every text as its length, and has a file to download."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self._answer({'answer': 'from the net'})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        self.asked.append(self.path)
        vectors = [[len(text), 1.0] for text in body['input']]
        data = [{'object': 'embedding', 'index': i, 'embedding': each} for i, each in enumerate(vectors)]
        usage = {'prompt_tokens': 1, 'total_tokens': 1}
        self._answer({'object': 'list', 'model': 'm', 'data': data, 'usage': usage})

    def _answer(self, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    Service.asked = []
    server = HTTPServer(('127.0.0.1', 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()


def test_downloads_are_none_of_its_business(host: HostProcess, tmp_path: Path, service: str) -> None:
    fetches = f"""
    import httpx, requests, urllib.request
    rows = [httpx.get('{service}/rows').json(), requests.get('{service}/rows').json()]
    rows.append(requests.post('{service}/collections/wiki/points/search', json={{'input': []}}).json())
    urllib.request.urlopen('{service}/completions').read()
    """
    (tmp_path / 'program.py').write_text(HEAD + textwrap.dedent(fetches))
    assert host.initialize(tmp_path, 'program.py#program')['name'] == 'program'
    assert Service.asked == ['/collections/wiki/points/search']
    host.close()


def test_an_index_that_dspy_keeps_is_made_once_and_told(
    tmp_path: Path, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = f"""
    embedder = dspy.Embedder('openai/m', api_base='{service}/v1', api_key='k')
    search = dspy.Embeddings(corpus=['a', 'bb'], embedder=embedder, k=1)
    """
    (tmp_path / 'program.py').write_text(HEAD + textwrap.dedent(index))
    monkeypatch.setenv('DSPY_CACHEDIR', str(tmp_path / 'cache'))
    told = []
    for _ in range(2):
        host = HostProcess(fills_in(lambda field, question: ''), cold=True)
        host.initialize(tmp_path, 'program.py#program')
        host.shutdown()
        host.wait()
        told.append(host.printed)
    assert Service.asked == ['/v1/embeddings']
    assert f'program.py:{LINE + 2} asks for embeddings while it is loaded' in told[0]
    assert 'embeddings' not in told[1]


def test_clients_ask_once_the_program_runs(host: HostProcess, tmp_path: Path, service: str) -> None:
    asks = f"""
    import httpx

    class Program(dspy.Module):
        def __init__(self):
            super().__init__()
            self.answer = dspy.Predict('question -> answer')

        def forward(self, question):
            found = httpx.post('{service}/v1/embeddings', json={{'input': [question]}}).json()
            return dspy.Prediction(answer=str(found['data'][0]['embedding'][0]))
    """
    (tmp_path / 'program.py').write_text(HEAD + textwrap.dedent(asks))
    host.put_start(host.initialize(tmp_path, 'program.py#Program'))
    assert host.run({'question': 'why'})['prediction'] == {'answer': '3'}
    host.close()


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
