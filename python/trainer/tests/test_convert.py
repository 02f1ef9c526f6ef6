"""Adapters that were trained elsewhere, taken over to be served."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from bettertogether_trainer.convert import convert_adapter
from bettertogether_trainer.digest import adapter_digest
from bettertogether_trainer.errors import TrainerError
from bettertogether_trainer.job import Job, parse_conversion
from bettertogether_trainer.model import BaseModel
from bettertogether_trainer.save import GGUF_FILE, PEFT_FOLDER
from bettertogether_trainer.train import train


@pytest.fixture
def trained(base: BaseModel, make_job: Callable[..., Job]) -> Path:
    job = make_job(epochs=1)
    train(base, job, lambda _: None, lambda: False)
    return job.out


def test_gives_what_our_own_training_gives(base: BaseModel, trained: Path, tmp_path: Path) -> None:
    peft = trained / PEFT_FOLDER
    (peft / 'optimizer.pt').write_bytes(b'state')
    (peft / 'checkpoint-3').mkdir()
    config = convert_adapter(base, peft, tmp_path / 'taken')
    assert (config.r, config.lora_alpha) == (4, 8)
    assert (tmp_path / 'taken' / GGUF_FILE).read_bytes() == (trained / GGUF_FILE).read_bytes()
    names = sorted(path.name for path in (tmp_path / 'taken' / PEFT_FOLDER).iterdir())
    assert names == ['adapter_config.json', 'adapter_model.safetensors']
    assert adapter_digest(tmp_path / 'taken' / PEFT_FOLDER) == adapter_digest(peft)


@pytest.mark.skipif(sys.platform == 'win32', reason='modes mean nothing')
@pytest.mark.parametrize(('umask', 'folder', 'file'), [(0o077, 0o700, 0o600), (0o022, 0o755, 0o644), (0o002, 0o775, 0o664)])
def test_adapters_are_open_to_whom_the_umask_says(
    base: BaseModel, make_job: Callable[..., Job], tmp_path: Path, umask: int, folder: int, file: int
) -> None:
    before = os.umask(umask)
    try:
        job = make_job(epochs=1)
        train(base, job, lambda _: None, lambda: False)
        for path in (job.out / PEFT_FOLDER).iterdir():
            path.chmod(0o640)  # of somebody else's making
        convert_adapter(base, job.out / PEFT_FOLDER, tmp_path / 'taken')
    finally:
        os.umask(before)
    for path in [*(tmp_path / 'taken').rglob('*'), job.out / GGUF_FILE]:
        assert oct(path.stat().st_mode & 0o777) == oct(folder if path.is_dir() else file), path


@pytest.mark.skipif(sys.platform == 'win32', reason='modes mean nothing')
def test_a_trained_adapter_is_as_open_as_its_folder(base: BaseModel, make_job: Callable[..., Job]) -> None:
    before = os.umask(0o002)
    try:
        job = make_job(epochs=1)
        train(base, job, lambda _: None, lambda: False)
    finally:
        os.umask(before)
    modes = {oct(path.stat().st_mode & 0o777) for path in job.out.rglob('*') if path.is_file()}
    assert modes == {'0o664'}


def test_what_is_no_adapter_of_this_base_is_refused(base: BaseModel, trained: Path, tmp_path: Path) -> None:
    peft, out = trained / PEFT_FOLDER, tmp_path / 'taken'
    with pytest.raises(TrainerError, match='adapter: .* is not a PEFT folder'):
        convert_adapter(base, tmp_path / 'nothing', out)
    config = json.loads((peft / 'adapter_config.json').read_text())
    for name, value in (('use_dora', True), ('use_rslora', True), ('modules_to_save', ['norm'])):
        (peft / 'adapter_config.json').write_text(json.dumps({**config, name: value}))
        with pytest.raises(TrainerError, match=f'not a plain LoRA adapter.*{name}'):
            convert_adapter(base, peft, out)
    (peft / 'adapter_config.json').write_text(json.dumps(config))
    weights = load_file(str(peft / 'adapter_model.safetensors'))
    first = next(name for name in weights if '.lora_A.' in name)
    other = {**weights, first: torch.zeros(4, 7)}
    save_file(other, str(peft / 'adapter_model.safetensors'))
    with pytest.raises(TrainerError, match='another base model'):
        convert_adapter(base, peft, out)
    moved = {name.replace('layers.0', 'layers.9'): weight for name, weight in weights.items()}
    save_file(moved, str(peft / 'adapter_model.safetensors'))
    with pytest.raises(TrainerError, match='does not have'):
        convert_adapter(base, peft, out)
    assert not out.exists()


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    (tmp_path / 'adapter_config.json').write_text('{}')
    (tmp_path / 'adapter_model.safetensors').write_text('w')
    # test/unit/finetune/serving.test.ts has the same number.
    known = 'd8b95caa71020e95cb9a00b3b5a9269f3a8a266c00d79f59e94fef2ee30bc29e'
    assert adapter_digest(tmp_path) == known
    (tmp_path / 'optimizer.pt').write_text('x')
    assert adapter_digest(tmp_path) == known
    (tmp_path / 'adapter_model.safetensors').write_text('v')
    assert adapter_digest(tmp_path) != known


def test_a_conversion_says_what_it_needs() -> None:
    assert parse_conversion({'job': 'j', 'peft': '/p', 'out': '/o'}).peft == Path('/p')
    with pytest.raises(TrainerError, match='peft: missing'):
        parse_conversion({'job': 'j', 'out': '/o'})
