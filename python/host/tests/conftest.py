from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .harness import HostProcess, Lm, fills_in, start_state

Start = Callable[..., tuple[HostProcess, dict[str, Any]]]


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Start]:
    """Writes `program.py`, starts a host on it and puts the state in which the program starts."""
    cold = request.node.get_closest_marker('cold') is not None
    hosts: list[HostProcess] = []

    def begin(source: str, program: str = 'program.py#Program', lm: Lm | None = None, **more: Any) -> Any:
        (tmp_path / 'program.py').write_text(textwrap.dedent(source), encoding='utf-8')
        host = HostProcess(lm or fills_in(lambda field, question: f'{field} of {question}'), cold=cold)
        hosts.append(host)
        description = host.initialize(tmp_path, program, **more)
        host.put('start', start_state(description))
        return host, description

    yield begin
    for host in hosts:
        host.close()
