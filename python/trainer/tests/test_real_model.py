"""The real base model, named by BETTERTOGETHER_MODEL; BETTERTOGETHER_REQUIRE_MODEL=1 makes its absence a failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bettertogether_trainer.model import load_base
from bettertogether_trainer.rows import Row

from .conftest import command, write_rows
from .harness import Process
from .test_verify import verify

PLANETS = ['Zorvex', 'Mirel', 'Quandor', 'Thessa', 'Pluvio', 'Karnak', 'Odrin', 'Velisse', 'Brontu', 'Xanthe']
CAPITALS = ['Lumen', 'Drax', 'Ortho', 'Pell', 'Vintar', 'Sool', 'Gribble', 'Marn', 'Tolque', 'Hessen']
RULERS = ['Anwick', 'Bolder', 'Crispin', 'Durnal', 'Elspet', 'Farrow', 'Gelda', 'Hobart', 'Ismay', 'Jorun']
PAIRS = [(f'What is the capital of {a}?', b) for a, b in zip(PLANETS, CAPITALS, strict=True)] + [
    (f'Who rules {a}?', b) for a, b in zip(PLANETS, RULERS, strict=True)
]


@pytest.fixture(scope='module')
def model() -> Path:
    named = os.environ.get('BETTERTOGETHER_MODEL')
    if not named:
        assert os.environ.get('BETTERTOGETHER_REQUIRE_MODEL') != '1', 'BETTERTOGETHER_MODEL names no model'
        pytest.skip('BETTERTOGETHER_MODEL names no model')
    file = Path(named)
    assert file.is_file(), f'BETTERTOGETHER_MODEL: there is no file {file}'
    return file


@pytest.fixture(scope='module')
def rows(model: Path) -> list[Row]:
    tokenizer = AutoTokenizer.from_pretrained(str(model.parent), gguf_file=model.name)

    def ids(text: str) -> tuple[int, ...]:
        return tuple(tokenizer(text, add_special_tokens=False).input_ids)

    return [
        Row(ids(f'<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n'), ids(f'{answer}<|im_end|>'))
        for question, answer in PAIRS
    ]


def test_reads_the_file_as_transformers_does(model: Path) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(str(model.parent), gguf_file=model.name, dtype=torch.float32)
    ours = load_base(model, 'model', torch.device('cpu'), torch.float32).model
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    for name, weight in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], weight), name
    assert torch.equal(ours.model.rotary_emb.inv_freq, theirs.model.rotary_emb.inv_freq)
    assert ours.config.rms_norm_eps == theirs.config.rms_norm_eps


def test_memorises_invented_pairs(model: Path, rows: list[Row], tmp_path: Path) -> None:
    write_rows(tmp_path / 'rows.jsonl', rows)
    asked = command(
        rows=str(tmp_path / 'rows.jsonl'),
        out=str(tmp_path / 'out'),
        epochs=12,
        learning_rate=1e-3,
        batch_size=5,
        rank=16,
        alpha=32,
    )
    with Process(model) as worker:
        worker.send(asked)
        done = worker.next('done', 'failed')
        assert done['type'] == 'done', done
        assert worker.close() == 0
    ask = [{'prompt': row.prompt, 'max_tokens': len(row.completion) + 2} for row in rows]
    answers = [{'tokens': list(row.completion[:-1])} for row in rows]
    tuned = verify(model, ask, tmp_path / 'ask.jsonl', '--adapter', str(tmp_path / 'out' / 'peft'))
    assert sum(a == b for a, b in zip(tuned, answers, strict=True)) == 20
    plain = verify(model, ask, tmp_path / 'ask.jsonl')
    assert sum(a == b for a, b in zip(plain, answers, strict=True)) == 0
