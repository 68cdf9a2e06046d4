"""Prints what Axolotl would learn of a job's rows: `python learned_axolotl.py MODEL FOLDER…`.

Its own chat-template strategy makes the labels, as the emitted config asks for it. Prints one JSON object: by folder,
a list of learned texts for each of the first rows.
"""

import json
import sys
from itertools import islice
from pathlib import Path

import yaml
from axolotl.prompt_strategies.chat_template import load
from axolotl.utils.dict import DictDefault
from transformers import AutoTokenizer


def learned(tokenizer, row):
    runs, tokens = [], []
    for token, label in [*zip(row["input_ids"], row["labels"], strict=True), (0, None)]:
        if label == token:
            tokens.append(token)
        elif tokens:
            runs.append(tokenizer.decode(tokens))
            tokens = []
    return runs


def check(folder, tokenizer):
    config = DictDefault(yaml.safe_load((folder / "config.yaml").read_text()))
    strategy = load(tokenizer, config, ds_cfg=dict(config.datasets[0]))
    with (folder / "train.jsonl").open() as lines:
        return [learned(tokenizer, strategy.tokenize_prompt(json.loads(line))) for line in islice(lines, 2)]


model, *folders = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(model)
print(json.dumps({folder: check(Path(folder), tokenizer) for folder in folders}))
