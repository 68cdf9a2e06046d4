"""Prints what an emitted train.py would learn: `python learned_text.py TRAIN_PY MODEL`, one JSON list of texts a row.

Everything up to the training itself runs; then the labels of each row are decoded.
"""

import json
import runpy
import sys

from trl import SFTTrainer


def report(trainer):
    decode = trainer.processing_class.decode
    for row in trainer.train_dataset:
        runs, tokens = [], []
        for token, label in zip(row["input_ids"], row["labels"], strict=True):
            if label == token:
                tokens.append(token)
            elif tokens:
                runs.append(decode(tokens))
                tokens = []
        if tokens:
            runs.append(decode(tokens))
        print("LEARNED", json.dumps(runs))
    raise SystemExit(0)


SFTTrainer.train = report
script, model = sys.argv[1:]
sys.argv = [script, "--model", model, "--set", "max_length=512"]
runpy.run_path(script, run_name="__main__")
