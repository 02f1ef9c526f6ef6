"""`python -m bettertogether_trainer.export_gguf --base BASE --out FILE.gguf PEFT`: a PEFT adapter for llama.cpp.

Of the base only the configuration is read: a llama GGUF, a folder in Hugging Face's format, or a name on its hub that
this machine has in its cache. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import TrainerError

if TYPE_CHECKING:  # it takes seconds to import
    from transformers import LlamaConfig


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='bettertogether_trainer.export_gguf', description='PEFT adapter to GGUF.')
    parser.add_argument('peft', type=Path, help='PEFT folder')
    parser.add_argument('--base', required=True, help='a llama GGUF, a Hugging Face folder or a name on the hub')
    parser.add_argument('--out', type=Path, required=True, help='file to make')
    return parser.parse_args()


def export_gguf(base: str, peft: Path, out: Path) -> None:
    """Writes `out`, whole or not at all. Raises TrainerError when the adapter does not belong to a known base."""
    from .convert import check_shapes
    from .gguf_adapter import write_gguf_adapter
    from .peft_folder import read_peft_folder

    config = base_config(base)
    adapter, weights = read_peft_folder(peft, 'adapter')
    check_shapes(config, peft, weights)
    draft = out.with_name(out.name + '.tmp')
    try:
        write_gguf_adapter(draft, weights, adapter.lora_alpha, config, f'{Path(base).stem} adapter')
        draft.replace(out)
    except OSError as error:
        raise TrainerError(f'out: cannot write {out}: {error}') from error
    finally:
        draft.unlink(missing_ok=True)


def base_config(base: str) -> LlamaConfig:
    """The base's configuration. Raises TrainerError where it is not on this machine or no llama."""
    from transformers import AutoConfig

    from . import layout
    from .model import read_config

    if base.endswith('.gguf'):
        return read_config(Path(base))
    try:
        config = AutoConfig.from_pretrained(base, local_files_only=True)
    except (OSError, ValueError) as error:
        raise TrainerError(f'the configuration of the base model {base} is not on this machine') from error
    if config.model_type != layout.ARCHITECTURE:
        raise TrainerError(f'adapters of {config.model_type} models ({base}) cannot be written as GGUF here')
    return config


def main() -> int:
    given = arguments()
    warnings.simplefilter('ignore', FutureWarning)  # between PEFT and transformers; nothing a user could do
    try:
        export_gguf(given.base, given.peft, given.out)
    except TrainerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
