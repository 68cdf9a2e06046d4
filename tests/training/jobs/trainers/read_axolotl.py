"""Prints what Axolotl makes of rows that are no answers: `python read_axolotl.py MODEL FOLDER…`.

Its own strategies transform the first row, as the emitted config asks for it. Prints one JSON object, by folder.
"""

import json
import sys
from pathlib import Path

import yaml
from axolotl.prompt_strategies import completion
from axolotl.prompt_strategies.dpo import load as load_dpo
from axolotl.prompt_strategies.kto import load as load_kto
from axolotl.utils.dict import DictDefault
from transformers import AutoTokenizer


def check(folder, tokenizer):
    config = DictDefault(yaml.safe_load((folder / "config.yaml").read_text()))
    dataset = config.datasets[0]
    with (folder / dataset.path).open() as lines:
        row = json.loads(lines.readline())
    if config.rl == "dpo":
        transform, _ = load_dpo(dataset.type, config, dataset_idx=0)
        return transform(row, tokenizer=tokenizer)
    if config.rl == "kto":
        return load_kto(dataset.type, config, dataset_idx=0)(row)
    tokens = completion.load(tokenizer, config, dict(dataset)).tokenize_prompt({"text": [row["text"]]})
    return [tokenizer.decode(piece) for piece in tokens["labels"]]


model, *folders = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(model)
print(json.dumps({folder: check(Path(folder), tokenizer) for folder in folders}))
