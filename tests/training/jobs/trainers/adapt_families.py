"""Loads, quantises and adapts tiny models as jobs do: `adapt_families.py TRAIN.py JOBS.json`, a line of JSON a job.

JOBS.json: for each job `model` (a folder), `config` (of TRL's config.yaml, or what Axolotl's says the same way) and
`has_experts_quantised`. TRAIN.py is an emitted script, whose `load_model` is used.
"""

import importlib.util
import json
import re
import sys
from pathlib import Path

import torch
import transformers
from axolotl.monkeypatch import moe_quant
from bitsandbytes.nn.parametrize import replace_parameter_4bit
from peft import LoraConfig, get_peft_model

TOWERS = re.compile("vision|audio|multi_modal")

transformers.logging.set_verbosity_error()


def main():
    spec = importlib.util.spec_from_file_location("train", sys.argv[1])
    train = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(train)
    for job in json.loads(Path(sys.argv[2]).read_text()):
        model = train.load_model(job["model"], job["config"], False)
        # Towers are quantised, too; their share is estimated at 16 bits, which is the safe side.
        quantised = sum(
            parameter.quant_state.shape.numel()
            for name, parameter in model.named_parameters()
            if type(parameter).__name__ == "Params4bit" and not TOWERS.search(name)
        )
        if job["has_experts_quantised"]:
            quantised += quantise_experts(model)
        model = get_peft_model(model, LoraConfig(**job["config"]["lora"]))
        adapted = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
        trainable = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
        names = {type(module).__name__ for module in model.modules()}
        wrapped = [job["layer_class"]] if job["layer_class"] else model.base_model.model._no_split_modules
        missing = sorted(set(wrapped or ()) - names)
        loss = loss_of(model)
        print(
            json.dumps(
                {"quantised": quantised, "trainable": trainable, "adapted": adapted, "loss": loss, "missing": missing}
            )
        )


def quantise_experts(model):
    """As Axolotl does while it loads (moe_quant.py), which it does on a GPU alone."""
    moe_quant.patch_peft_target_parameters_matching()
    count = 0
    for name, module in list(model.named_modules()):
        if name.endswith("experts"):
            for key, parameter in list(module.named_parameters(recurse=False)):
                if parameter.ndim >= 3:
                    count += parameter.numel()
                    replace_parameter_4bit(module, key, compress_statistics=True, quant_type="nf4")
    return count


def loss_of(model):
    """Of one row, with gradients for every adapter."""
    rows = torch.arange(1, 25).unsqueeze(0)
    model.train()
    loss = model(input_ids=rows, attention_mask=torch.ones_like(rows), labels=rows).loss
    loss.backward()
    without = [name for name, each in model.named_parameters() if each.requires_grad and each.grad is None]
    return {"value": loss.item(), "without_gradient": without}


main()
