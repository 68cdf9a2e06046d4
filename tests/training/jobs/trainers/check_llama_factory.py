"""Gives jobs to LLaMA-Factory: `python check_llama_factory.py MODEL FOLDER…`, in its own environment.

Its arguments are read by its own `get_train_args`, the data by its own loader. Prints one JSON object: by folder, what
it made of the values, and what it would learn of the first rows; and all its templates.
"""

import json
import os
import sys
from pathlib import Path

os.environ["DISABLE_VERSION_CHECK"] = "1"  # the environment has only what reading arguments and data needs

import sound  # noqa: F401  # before LLaMA-Factory
import yaml
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.data.template import TEMPLATES
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer


def check(folder, model):
    os.chdir(folder)
    given = yaml.safe_load(Path("train.yaml").read_text()) | {"model_name_or_path": model}
    given |= {"bf16": False, "fp16": False, "use_cpu": True}
    model_args, data_args, training_args, finetuning_args, _ = get_train_args(given)
    tokenizer_module = load_tokenizer(model_args)
    tokenizer = tokenizer_module["tokenizer"]
    template = get_template_and_fix_tokenizer(tokenizer, data_args)
    data = get_dataset(
        template,
        model_args,
        data_args,
        training_args,
        stage={"dpo": "rm"}.get(given["stage"], given["stage"]),
        **tokenizer_module,
    )
    rows = data["train_dataset"].select(range(2))
    values = {
        "learning_rate": training_args.learning_rate,
        "max_length": data_args.cutoff_len,
        "rank": finetuning_args.lora_rank,
        "learned": [LEARNED[given["stage"]](row, tokenizer) for row in rows],
    }
    if given["stage"] == "sft":
        return values
    values["objective"] = OBJECTIVES[finetuning_args.stage]
    return values | ({"beta": finetuning_args.pref_beta} if "pref_beta" in given else {})


def learned(tokenizer, labels):
    return tokenizer.decode([label for label in labels if label != -100])


# What would be learned of a row, by stage: an answer; both; an answer and whether it was liked; a piece of text.
LEARNED = {
    "sft": lambda row, tokenizer: learned(tokenizer, row["labels"]),
    "dpo": lambda row, tokenizer: [learned(tokenizer, row[f"{side}_labels"]) for side in ("chosen", "rejected")],
    "kto": lambda row, tokenizer: [learned(tokenizer, row["labels"]), row["kto_tags"]],
    "pt": lambda row, tokenizer: tokenizer.decode(row["input_ids"]),
}
OBJECTIVES = {"dpo": "preference", "kto": "kto", "pt": "text"}


model, *folders = sys.argv[1:]
print(json.dumps({"jobs": {folder: check(folder, model) for folder in folders}, "templates": sorted(TEMPLATES)}))
