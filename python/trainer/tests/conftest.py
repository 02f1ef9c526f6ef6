"""A llama small enough to train in milliseconds, as transformers has it and as a GGUF file."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import gguf
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from bettertogether_trainer import layout
from bettertogether_trainer.job import Job, parse_job
from bettertogether_trainer.model import BaseModel, load_base
from bettertogether_trainer.rows import Example, Pair, Row, Scored

VOCABULARY = 96


def tiny_llama() -> LlamaForCausalLM:
    """Four heads that share two key/value heads, so that a wrong permutation of either shows."""
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        rms_norm_eps=1e-5,
        rope_parameters={'rope_type': 'default', 'rope_theta': 10000.0},
        tie_word_embeddings=True,
        initializer_range=0.2,
        bos_token_id=1,
        eos_token_id=2,
    )
    return LlamaForCausalLM(config).float().eval()


def write_gguf(model: LlamaForCausalLM, file: Path, architecture: str = 'llama') -> None:
    """What llama.cpp's converter does with a llama, in float32."""
    config = model.config
    writer = gguf.GGUFWriter(file, architecture)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(config.vocab_size)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, weight in model.state_dict().items():
        if name == 'lm_head.weight':
            continue  # tied
        value = weight.numpy()
        if '.q_proj.' in name:
            value = layout.to_gguf_rows(value, config.num_attention_heads)
        if '.k_proj.' in name:
            value = layout.to_gguf_rows(value, config.num_key_value_heads)
        writer.add_tensor(names.get_name(name, try_suffixes=('.weight',)), value.copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture(scope='session')
def gguf_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp('model') / 'tiny.gguf'
    write_gguf(tiny_llama(), file)
    return file


@pytest.fixture
def base(gguf_file: Path) -> BaseModel:
    return load_base(gguf_file, 'tiny', torch.device('cpu'), torch.float32)


@pytest.fixture
def rows() -> list[Row]:
    """Rows that share beginnings of various lengths; two are the same, one begins like no other."""
    dice = random.Random(3)
    start = tuple(dice.randrange(3, VOCABULARY) for _ in range(12))
    made = [
        Row(start + tuple(dice.randrange(3, VOCABULARY) for _ in range(3 + n)), (10 + n, 20 + n, 2)) for n in range(6)
    ]
    return [*made, made[0], Row((start[0], *made[1].prompt[4:]), (5, 2)), Row((90, 91, 92), (93, 2))]


@pytest.fixture
def rows_file(tmp_path: Path, rows: list[Row]) -> Path:
    file = tmp_path / 'rows.jsonl'
    write_rows(file, rows)
    return file


@pytest.fixture
def pairs(rows: list[Row]) -> list[Pair]:
    """Of answers that begin alike or not, of one length or two."""
    return [
        Pair(row.prompt, row.completion, ((30 + n, 2), (*row.completion[:1], 40 + n, 41, 2))[n % 2])
        for n, row in enumerate(rows)
    ]


@pytest.fixture
def scored(rows: list[Row]) -> list[Scored]:
    """Two answers to each prompt, the better one second."""
    return [
        answer
        for n, row in enumerate(rows)
        for answer in (Scored(row.prompt, row.completion, -1.0), Scored(row.prompt, (50 + n, 60, 61, 2), 0.5 + n / 4))
    ]


def write_rows(file: Path, rows: Sequence[Example]) -> None:
    file.write_text(''.join(json.dumps(asdict(row)) + '\n' for row in rows))


def command(**changes: object) -> dict[str, object]:
    """A valid `train` command."""
    return {
        'type': 'train',
        'job': 'job-1',
        'rows': 'rows.jsonl',
        'out': 'out',
        'parent': None,
        'epochs': 2,
        'learning_rate': 0.01,
        'schedule': 'linear',
        'batch_size': 4,
        'rank': 4,
        'alpha': 8,
        'targets': 'all-linear',
        'seed': 0,
        **changes,
    }


@pytest.fixture
def make_job(rows_file: Path, tmp_path: Path) -> Callable[..., Job]:
    def make(**changes: object) -> Job:
        return parse_job(command(**{'rows': str(rows_file), 'out': str(tmp_path / 'out'), **changes}))

    return make
