"""Adapters as GGUF, with nothing of the base but its configuration."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import GPT2Config

from bettertogether_trainer import export_gguf
from bettertogether_trainer.job import Job
from bettertogether_trainer.model import BaseModel
from bettertogether_trainer.save import GGUF_FILE, PEFT_FOLDER
from bettertogether_trainer.train import train


@pytest.fixture
def trained(base: BaseModel, make_job: Callable[..., Job]) -> Path:
    job = make_job(epochs=1)
    train(base, job, lambda _: None, lambda: False)
    return job.out


def run(monkeypatch: pytest.MonkeyPatch, base: object, out: Path, peft: Path) -> int:
    monkeypatch.setattr(sys, 'argv', ['export_gguf', '--base', str(base), '--out', str(out), str(peft)])
    return export_gguf.main()


def test_is_what_training_writes(
    base: BaseModel, gguf_file: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a GGUF and from a Hugging Face folder; all but the name of the base, which the file carries."""
    base.config.save_pretrained(tmp_path / gguf_file.stem)
    for source in (gguf_file, tmp_path / gguf_file.stem):
        out = tmp_path / 'adapter.gguf'
        assert run(monkeypatch, source, out, trained / PEFT_FOLDER) == 0
        expected = (trained / GGUF_FILE).read_bytes()
        assert tensors(out) == tensors(trained / GGUF_FILE)
        assert out.stat().st_size == pytest.approx(len(expected), abs=64)
        out.unlink()


def tensors(file: Path) -> dict[str, bytes]:
    import gguf

    return {tensor.name: tensor.data.tobytes() for tensor in gguf.GGUFReader(file).tensors}


def test_says_why_not(
    base: BaseModel,
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / 'adapter.gguf'
    peft = trained / PEFT_FOLDER

    def why(source: object) -> str:
        assert run(monkeypatch, source, out, peft) == 1
        assert not list(tmp_path.glob('adapter.gguf*'))
        return capsys.readouterr().err

    assert 'is not on this machine' in why(tmp_path / 'nothing')
    assert 'cannot read' in why(tmp_path / 'nothing.gguf')
    GPT2Config().save_pretrained(tmp_path / 'gpt2')
    assert 'adapters of gpt2 models' in why(tmp_path / 'gpt2')
    wide = type(base.config)(**{**base.config.to_dict(), 'hidden_size': 48})
    wide.save_pretrained(tmp_path / 'wide')
    assert 'another base model' in why(tmp_path / 'wide')
