"""Gives the files of jobs to the trainers' own classes: `python check_configs.py FOLDER:TARGET…`.

Runs in the trainers' environment. Prints one JSON object: by argument, what the class made of the values, or its error.
"""

import json
import sys
from pathlib import Path

import yaml


def of_objective(objective, beta):
    """Nothing of SFT; beta where there is one."""
    if objective == "sft":
        return {}
    return {"objective": objective} | ({"beta": beta} if beta is not None else {})


def trl(folder):
    import trl
    from peft import LoraConfig
    from transformers import BitsAndBytesConfig

    config = yaml.safe_load((folder / "config.yaml").read_text())
    if (folder / "accelerate.yaml").exists():
        from accelerate.commands.config.config_args import load_config_from_file

        assert load_config_from_file(str(folder / "accelerate.yaml")).num_processes >= 2
    objective = config.get("objective", "sft")
    classes = {"preference": trl.DPOConfig, "kto": trl.KTOConfig}
    args = classes.get(objective, trl.SFTConfig)(**config["training"] | {"use_cpu": True, "bf16": False, "fp16": False})
    rank = LoraConfig(**config["lora"]).r if "lora" in config else None
    BitsAndBytesConfig(**config.get("quantization", {}))
    found = {"learning_rate": args.learning_rate, "max_length": args.max_length, "rank": rank}
    return found | of_objective(objective, getattr(args, "beta", None))


def axolotl(folder):
    from axolotl.utils.schemas.config import AxolotlInputConfig

    config = AxolotlInputConfig(**yaml.safe_load((folder / "config.yaml").read_text()))
    found = {"learning_rate": config.learning_rate, "max_length": config.sequence_len, "rank": config.lora_r}
    is_text = config.datasets[0].type == "completion"
    objective = {"dpo": "preference", "kto": "kto"}.get(config.rl, "text" if is_text else "sft")
    return found | of_objective(objective, config.rl_beta)


def together(folder):
    from together.lib.types.fine_tuning import FinetuneRequest
    from together.lib.utils.files import check_file

    request = FinetuneRequest.model_validate_json((folder / "request.json").read_text(), strict=True)
    reports = [check_file(path) for path in sorted(folder.glob("[tv]*.jsonl"))]
    assert all(report["is_check_passed"] for report in reports), reports
    rank = getattr(request.training_type, "lora_r", None)
    return {"learning_rate": request.learning_rate, "max_length": request.max_seq_length, "rank": rank}


def openai(folder):
    import pydantic
    from openai.types.fine_tuning.job_create_params import JobCreateParams

    body = pydantic.TypeAdapter(JobCreateParams).validate_json((folder / "request.json").read_text())
    return body["method"]["supervised"]["hyperparameters"]


def main():
    results = {}
    for argument in sys.argv[1:]:
        folder, target = argument.rsplit(":", 1)
        try:
            results[argument] = globals()[target](Path(folder) / target)
        except Exception as error:
            results[argument] = f"{type(error).__name__}: {error}"
    print(json.dumps(results))


main()
