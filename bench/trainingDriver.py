"""One LoRA training on the CPU, measured, by BetterTogether's trainer or by TRL's SFTTrainer.

    python bench/trainingDriver.py '{"by": "ours" | "trl", "sources", "model", "base", "rows", "folder", "threads", …}'

Both get the same token ids and settings; clocks start when packages are imported and the model is loaded. Ours includes
what the adapter takes to be written. Writes one JSON object to standard output; what else is printed goes to standard
error.
"""

import json
import os
import random
import resource
import sys
import time
from pathlib import Path

asked = json.loads(sys.argv[1])
sys.path.insert(0, asked["sources"])
os.environ["HF_HUB_OFFLINE"] = "1"
_out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import bettertogether_trainer  # noqa: E402, F401 - sets the environment before torch is imported
import torch  # noqa: E402
from bettertogether_trainer.rows import Row  # noqa: E402
from bettertogether_trainer.source import load_source  # noqa: E402
from bettertogether_trainer.text_rows import TextRows  # noqa: E402

torch.set_num_threads(asked["threads"])
cpu = torch.device("cpu")


def measured(train) -> dict:
    """Seconds of `train`, in the world and of all its threads, beside what it returns: the loss of its last epoch."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    loss = train()
    after, seconds = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - began
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu": used, "loss": loss, "peak": after.ru_maxrss // 1024}


def ours(rows: list[Row], base) -> dict:
    from bettertogether_trainer.job import parse_job
    from bettertogether_trainer.train import train_rows

    command = {
        "type": "train",
        "job": "bench",
        "rows": asked["rows"],
        "out": str(Path(asked["folder"]) / "adapter"),
        "parent": None,
        "epochs": asked["epochs"],
        "learning_rate": asked["learningRate"],
        "schedule": "linear",
        "batch_size": asked["batchSize"],
        "rank": asked["rank"],
        "alpha": asked["alpha"],
        "targets": "all-linear",
        "seed": 0,
    }
    return measured(lambda: train_rows(base, parse_job(command), rows, lambda _: None, lambda: False).loss)


def trl(rows: list[Row], tokenizer) -> dict:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    tokens = [
        {"input_ids": list(row.tokens), "completion_mask": [0] * len(row.prompt) + [1] * len(row.completion)}
        for row in rows
    ]
    steps = -(-len(rows) // asked["batchSize"])
    settings = SFTConfig(
        output_dir=str(Path(asked["folder"]) / "trl"),
        num_train_epochs=asked["epochs"],
        per_device_train_batch_size=asked["batchSize"],
        learning_rate=asked["learningRate"],
        lr_scheduler_type="linear",
        completion_only_loss=True,
        gradient_checkpointing=False,
        use_cpu=True,
        bf16=False,
        save_strategy="no",
        report_to="none",
        logging_steps=steps,
        dataloader_pin_memory=False,
        seed=0,
    )
    lora = LoraConfig(
        r=asked["rank"], lora_alpha=asked["alpha"], lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    model = AutoModelForCausalLM.from_pretrained(asked["base"], dtype=torch.float32)
    trainer = SFTTrainer(
        model=model, args=settings, train_dataset=Dataset.from_list(tokens), processing_class=tokenizer, peft_config=lora
    )
    torch.set_num_threads(asked["threads"])
    result = measured(lambda: trainer.train() and None)
    return {**result, "loss": [entry["loss"] for entry in trainer.state.log_history if "loss" in entry][-1]}


base, tokenizer = load_source(asked["model"], cpu, torch.float32)
rows = TextRows(tokenizer).read(Path(asked["rows"]), base.config.max_position_embeddings)
random.Random(0).shuffle(rows)
result = ours(rows, base) if asked["by"] == "ours" else trl(rows, tokenizer)
tokens = asked["epochs"] * sum(len(row.tokens) for row in rows)
_out.write(json.dumps({**result, "tokens": tokens}))
_out.flush()
