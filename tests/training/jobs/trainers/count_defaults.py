"""Writes the config.json that Transformers has by default for each type and counts its model without making it.

`count_defaults.py FOLDER TYPE…` prints a line of JSON with the parameters of each.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText

transformers.logging.set_verbosity_error()


def main():
    folder, counts = Path(sys.argv[1]), {}
    for name in sys.argv[2:]:
        config = AutoConfig.for_model(name)
        with torch.device("meta"):
            is_known = type(config) in AutoModelForCausalLM._model_mapping
            model = (AutoModelForCausalLM if is_known else AutoModelForImageTextToText).from_config(config)
        config.save_pretrained(folder / name)
        counts[name] = sum(parameter.numel() for parameter in model.parameters())
    print(json.dumps(counts))


main()
