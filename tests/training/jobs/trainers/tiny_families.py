"""Writes a tiny random model of each family into a folder of its own: `tiny_families.py FOLDER CONFIGS.json`.

CONFIGS.json: for each name, `model_type` and the fields that make it tiny; `text_config` for models that see.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText

transformers.logging.set_verbosity_error()


def main():
    folder = Path(sys.argv[1])
    for name, fields in json.loads(Path(sys.argv[2]).read_text()).items():
        torch.manual_seed(0)
        config = AutoConfig.for_model(fields.pop("model_type"), **fields)
        is_known = type(config) in AutoModelForCausalLM._model_mapping
        model = (AutoModelForCausalLM if is_known else AutoModelForImageTextToText).from_config(config)
        model.to(torch.bfloat16).save_pretrained(folder / name)
        config.save_pretrained(folder / name)  # of the whole, where the language model alone was made
        counted = sum(parameter.numel() for parameter in model.parameters())
        print(json.dumps({"name": name, "class": type(model).__name__, "parameters": counted}))


main()
