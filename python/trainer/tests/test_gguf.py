from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from bettertogether_trainer import layout
from bettertogether_trainer.errors import TrainerError
from bettertogether_trainer.gguf_adapter import write_gguf_adapter
from bettertogether_trainer.job import Job
from bettertogether_trainer.model import BaseModel, load_base
from bettertogether_trainer.train import train

from .conftest import tiny_llama, write_gguf


def test_rows_of_q_and_k_go_there_and_back() -> None:
    weight = np.arange(16 * 3).reshape(16, 3)
    there = layout.to_gguf_rows(weight, 2)
    assert there[:4, 0].tolist() == [0, 12, 3, 15]  # the halves of the first head, interleaved
    assert np.array_equal(layout.from_gguf_rows(there, 2), weight)


def test_the_base_is_the_model_that_was_written(base: BaseModel) -> None:
    ids = torch.tensor([[1, 5, 9, 40, 3]])
    torch.testing.assert_close(base.model(ids).logits, tiny_llama()(ids).logits, rtol=0, atol=0)


def test_a_tokenizer_in_the_file_is_stepped_over(gguf_file: Path, tmp_path: Path) -> None:
    plain, writer = gguf.GGUFReader(gguf_file), gguf.GGUFWriter(tmp_path / 'whole.gguf', 'llama')
    words = [f'word {number}' * (number % 3) for number in range(3000)]
    writer.add_token_list(words)
    writer.add_token_types([1] * len(words))
    writer.add_token_scores([0.5] * len(words))
    for name, field in plain.fields.items():
        if not name.startswith('GGUF.') and name != 'general.architecture':
            writer.add_key_value(name, field.contents(), field.types[0])
    writer.add_token_merges(['a b', 'c d'])
    for tensor in plain.tensors:
        writer.add_tensor(tensor.name, tensor.data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    whole = load_base(tmp_path / 'whole.gguf', 'whole', torch.device('cpu'), torch.float32)
    expected = load_base(gguf_file, 'tiny', torch.device('cpu'), torch.float32)
    assert whole.config.to_dict() == {**expected.config.to_dict(), '_name_or_path': whole.config._name_or_path}
    for name, weight in expected.model.state_dict().items():
        assert torch.equal(whole.model.state_dict()[name], weight)


def test_a_file_that_was_cut_off_is_named(gguf_file: Path, tmp_path: Path) -> None:
    cut = tmp_path / 'cut.gguf'
    cut.write_bytes(gguf_file.read_bytes()[:400])
    with pytest.raises(TrainerError, match=r'cannot read .*cut\.gguf as GGUF'):
        load_base(cut, 'cut', torch.device('cpu'), torch.float32)


def test_the_base_is_what_transformers_reads(base: BaseModel, gguf_file: Path) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(str(gguf_file.parent), gguf_file=gguf_file.name, dtype=torch.float32)
    ours = base.model.state_dict()
    assert ours.keys() == theirs.state_dict().keys()
    assert all(torch.equal(ours[name], weight) for name, weight in theirs.state_dict().items())


def test_the_gguf_adapter_does_to_the_gguf_what_peft_does_to_the_model(
    base: BaseModel, gguf_file: Path, make_job: Callable[..., Job], tmp_path: Path
) -> None:
    """Adds alpha / rank x B A to the base's tensors as llama.cpp does, and reads the sum as a model."""
    job = make_job()
    train(base, job, lambda _: None, lambda: False)
    adapter = gguf.GGUFReader(job.out / 'adapter.gguf')
    assert adapter.get_field('general.type').contents() == 'adapter'
    assert adapter.get_field('adapter.type').contents() == 'lora'
    lora = {tensor.name: tensor.data for tensor in adapter.tensors}
    assert len(lora) == 2 * 2 * 7
    scale = adapter.get_field('adapter.lora.alpha').contents() / lora['blk.0.attn_q.weight.lora_a'].shape[0]

    merged_file = tmp_path / 'merged.gguf'
    merged_file.write_bytes(gguf_file.read_bytes())
    merged = gguf.GGUFReader(merged_file, 'r+')
    for tensor in merged.tensors:
        if f'{tensor.name}.lora_a' in lora:
            tensor.data[...] += scale * lora[f'{tensor.name}.lora_b'] @ lora[f'{tensor.name}.lora_a']
    merged.data.flush()
    served = load_base(merged_file, 'merged', torch.device('cpu'), torch.float32).model

    ids = torch.tensor([[1, 5, 9, 40, 3, 77]])
    plain = base.model(ids).logits
    tuned = PeftModel.from_pretrained(base.model, str(job.out / 'peft'))(ids).logits
    assert (tuned - plain).abs().max() > 0.1
    torch.testing.assert_close(served(ids).logits, tuned, rtol=1e-4, atol=1e-4)


def test_other_architectures_are_named(tmp_path: Path, base: BaseModel) -> None:
    file = tmp_path / 'other.gguf'
    write_gguf(tiny_llama(), file, 'qwen2')
    with pytest.raises(TrainerError, match=r"other\.gguf has the architecture 'qwen2'"):
        load_base(file, 'other', torch.device('cpu'), torch.float32)
    config = tiny_llama().config
    config.model_type = 'gemma'
    with pytest.raises(TrainerError, match='not for gemma'):
        write_gguf_adapter(tmp_path / 'a.gguf', {}, 8, config, 'a')


def test_a_file_that_is_no_gguf_is_named(tmp_path: Path) -> None:
    file = tmp_path / 'model.gguf'
    file.write_bytes(b'something else entirely' * 10)
    with pytest.raises(TrainerError, match=r'cannot read .*model\.gguf as GGUF'):
        load_base(file, 'model', torch.device('cpu'), torch.float32)
