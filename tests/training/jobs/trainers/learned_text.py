"""Prints what emitted train.py scripts would learn: `python learned_text.py TRAIN_PY MODEL [TRAIN_PY MODEL …]`.

Everything up to the training itself runs; then the labels of each row are decoded. Prints one JSON object: by script
and model, a list of learned texts for each row.
"""

import json
import runpy
import sys

from trl import SFTTrainer


class NotTrained(Exception):
    """Stands where training would begin."""


def learned(tokenizer, row):
    runs, tokens = [], []
    for token, label in [*zip(row["input_ids"], row["labels"], strict=True), (0, None)]:
        if label == token:
            tokens.append(token)
        elif tokens:
            runs.append(tokenizer.decode(tokens))
            tokens = []
    return runs


def report(trainer, **_):
    raise NotTrained([learned(trainer.processing_class, row) for row in trainer.train_dataset])


SFTTrainer.train = report
arguments, found = sys.argv[1:], {}
for script, model in zip(arguments[::2], arguments[1::2], strict=True):
    sys.argv = [script, "--model", model, "--set", "max_length=512"]
    try:
        runpy.run_path(script, run_name="__main__")
    except NotTrained as instead:
        found[f"{script} {model}"] = instead.args[0]
print(json.dumps(found))
