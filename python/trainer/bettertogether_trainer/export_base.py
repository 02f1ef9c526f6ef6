"""`python -m bettertogether_trainer.export_base MODEL.gguf FOLDER`: a llama GGUF in Hugging Face's format.

What other trainers (TRL, Axolotl, LLaMA-Factory) need to train adapters for the embedded model.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from .errors import TrainerError
from .sharing import share_as_folder
from .source import load_source


def main() -> int:
    if len(sys.argv) != 3:
        print('usage: python -m bettertogether_trainer.export_base MODEL.gguf FOLDER', file=sys.stderr)
        return 2
    try:
        base, tokenizer = load_source(str(Path(sys.argv[1])), torch.device('cpu'), torch.float32)
    except TrainerError as error:
        print(error, file=sys.stderr)
        return 1
    base.model.save_pretrained(sys.argv[2])
    tokenizer.save_pretrained(sys.argv[2])
    share_as_folder(Path(sys.argv[2]))
    return 0


if __name__ == '__main__':
    sys.exit(main())
