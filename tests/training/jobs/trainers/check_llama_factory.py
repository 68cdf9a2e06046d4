"""Gives a job's files to LLaMA-Factory: `python check_llama_factory.py FOLDER MODEL`, in its own environment.

Its arguments are read by its own `get_train_args`, the data by its own loader: what it would learn is printed too.
"""

import json
import os
import sys
from pathlib import Path

import yaml

folder, model = sys.argv[1:]
os.chdir(folder)
os.environ["DISABLE_VERSION_CHECK"] = "1"  # the environment has only what reading arguments and data needs

import sound  # noqa: E402, F401  # before LLaMA-Factory
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer  # noqa: E402  # the variable comes first
from llamafactory.hparams import get_train_args  # noqa: E402
from llamafactory.model import load_tokenizer  # noqa: E402

config = yaml.safe_load(Path("train.yaml").read_text())
given = config | {"model_name_or_path": model, "bf16": False, "fp16": False, "use_cpu": True}
model_args, data_args, training_args, finetuning_args, _ = get_train_args(given)
tokenizer_module = load_tokenizer(model_args)
tokenizer = tokenizer_module["tokenizer"]
template = get_template_and_fix_tokenizer(tokenizer, data_args)
data = get_dataset(template, model_args, data_args, training_args, stage="sft", **tokenizer_module)
learned = [
    tokenizer.decode([label for label in row["labels"] if label != -100])
    for row in data["train_dataset"].select(range(4))
]
print(
    json.dumps(
        {
            "learning_rate": training_args.learning_rate,
            "max_length": data_args.cutoff_len,
            "rank": finetuning_args.lora_rank,
            "rows": len(data["train_dataset"]),
            "learned": learned,
        }
    )
)
