"""What transformers and PEFT make of a model and an adapter, to compare with what is served.

`python -m bettertogether_trainer.verify --model FILE.gguf [--adapter PEFT_FOLDER] --prompts FILE.jsonl` prints a line
`{"tokens": [ids]}` for each `{"prompt": [ids], "max_tokens": n}`: greedy, without the end token. With `--forced`, a
line `{"agree": k, "total": n}` for each `{"prompt": [ids], "completion": [ids]}`: at how many places of the completion
the likeliest next token is the given one; last `{"agreement": share, "agree": k, "total": n}` over all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from peft import PeftModel
from transformers import PreTrainedModel

from .device import DEVICES, DTYPES, choose_device, choose_dtype
from .errors import TrainerError
from .model import load_base


def greedy(model: PreTrainedModel, prompt: list[int], max_tokens: int) -> list[int]:
    """The likeliest continuation of `prompt`, at most `max_tokens` long, up to the end token and without it."""
    ids = torch.tensor([prompt], device=model.device)
    with torch.inference_mode():
        out = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=max_tokens,
            do_sample=False,
            use_cache=True,
            pad_token_id=model.config.eos_token_id,
        )
    tokens: list[int] = out[0, len(prompt) :].tolist()
    return tokens[:-1] if tokens and tokens[-1] == model.config.eos_token_id else tokens


def forced_agreement(model: PreTrainedModel, prompt: list[int], completion: list[int]) -> int:
    """At how many places of `completion` the likeliest token, given all before it, is the actual one."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([prompt + completion], device=model.device)).logits[0]
    predicted = logits[len(prompt) - 1 : -1].argmax(-1).tolist()
    return sum(a == b for a, b in zip(predicted, completion, strict=True))


def report(model: PreTrainedModel, requests: list[dict], forced: bool) -> Iterator[dict[str, object]]:
    """The lines to print, in order."""
    agree = total = 0
    for request in requests:
        if not forced:
            yield {'tokens': greedy(model, request['prompt'], request['max_tokens'])}
            continue
        right = forced_agreement(model, request['prompt'], request['completion'])
        yield {'agree': right, 'total': len(request['completion'])}
        agree += right
        total += len(request['completion'])
    if forced:
        yield {'agreement': agree / total if total else None, 'agree': agree, 'total': total}


def main() -> None:
    parser = argparse.ArgumentParser(prog='bettertogether_trainer.verify', description='Asks transformers and PEFT.')
    parser.add_argument('--model', type=Path, required=True, help='the base model, a llama GGUF')
    parser.add_argument('--adapter', type=Path, help='PEFT folder (default: the base alone)')
    parser.add_argument('--prompts', type=Path, required=True, help='JSONL of token ids')
    parser.add_argument('--forced', action='store_true', help='teacher-forced agreement with given completions')
    parser.add_argument('--threads', type=int, default=os.cpu_count() or 1)
    parser.add_argument('--device', choices=DEVICES, default='auto')
    parser.add_argument('--dtype', choices=tuple(DTYPES), default='float32')
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    try:
        requests = [json.loads(line) for line in given.prompts.read_text(encoding='utf-8').splitlines() if line.strip()]
        device = choose_device(given.device)
        model: PreTrainedModel = load_base(
            given.model, given.model.stem, device, choose_dtype(given.dtype, device)
        ).model
        if given.adapter is not None:
            model = PeftModel.from_pretrained(model, str(given.adapter)).eval()
        for line in report(model, requests, given.forced):
            print(json.dumps(line), flush=True)
    except (OSError, ValueError, TrainerError) as error:
        sys.exit(f'bettertogether_trainer.verify: {error}')
    except KeyError as error:
        sys.exit(f'bettertogether_trainer.verify: {given.prompts}: a line has no {error}')


if __name__ == '__main__':
    main()
