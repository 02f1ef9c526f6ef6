"""Puts a finished adapter on disk: whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from peft import PeftModel
from peft.utils import get_peft_model_state_dict

from .errors import TrainerError
from .gguf_adapter import write_gguf_adapter
from .model import BaseModel
from .sharing import share_as_folder

PEFT_FOLDER = 'peft'
GGUF_FILE = 'adapter.gguf'


def check_out(out: Path) -> None:
    """Raises TrainerError when `out` holds anything but an adapter: saving replaces the folder."""
    if out.exists() and not out.is_dir():
        raise TrainerError(f'out: {out} is a file; expected a folder that is not there yet')
    foreign = sorted({path.name for path in out.iterdir()} - {PEFT_FOLDER, GGUF_FILE}) if out.exists() else []
    if foreign:
        raise TrainerError(f'out: {out} holds {foreign[0]}, which saving would remove; expected a folder of its own')


def save_adapter(adapter: PeftModel, base: BaseModel, out: Path) -> None:
    """Writes `out/peft/`, which `PeftModel.from_pretrained` loads, and of a llama `out/adapter.gguf` for llama.cpp.

    A crash leaves `out` as it was, and `<out>.tmp` for the next attempt to remove.
    """
    draft = out.with_name(out.name + '.tmp')
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        _write_peft(adapter, draft / PEFT_FOLDER)
        if base.is_llama:
            config = adapter.peft_config['default']
            weights = get_peft_model_state_dict(adapter, save_embedding_layers=False)
            write_gguf_adapter(draft / GGUF_FILE, weights, config.lora_alpha, base.config, f'{base.name} adapter')
        share_as_folder(draft)
        for file in sorted(draft.rglob('*')):
            _flush(file)
        if out.exists():
            shutil.rmtree(out)
        draft.rename(out)
    except OSError as error:
        raise TrainerError(f'out: cannot write {out}: {error}') from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # gone already if all went well


def _write_peft(adapter: PeftModel, folder: Path) -> None:
    adapter.save_pretrained(str(folder), save_embedding_layers=False)
    (folder / 'README.md').unlink(missing_ok=True)  # an empty form
    # PEFT writes sets in an order that differs from process to process; the same job gives the same bytes here.
    file = folder / 'adapter_config.json'
    config = json.loads(file.read_text(encoding='utf-8'))
    config['target_modules'] = sorted(config['target_modules'])
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + '\n', encoding='utf-8')


def _flush(file: Path) -> None:
    """Waits until a file's bytes are on the disk, so that the rename cannot come before them."""
    if file.is_file():
        with file.open('rb+') as stream:
            os.fsync(stream.fileno())
