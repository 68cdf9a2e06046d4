"""Gives each target's files of a job to the trainer's own classes: `python check_configs.py FOLDER TARGET…`.

Runs in the trainers' environment. Prints one JSON object: by target, what the class made of the values, or its error.
"""

import json
import sys
from pathlib import Path

import yaml


def trl(folder):
    from peft import LoraConfig
    from trl import SFTConfig

    config = yaml.safe_load((folder / "config.yaml").read_text())
    args = SFTConfig(**config["training"] | {"use_cpu": True, "bf16": False, "fp16": False})
    lora = LoraConfig(**config["lora"])
    return {"learning_rate": args.learning_rate, "max_length": args.max_length, "rank": lora.r}


def axolotl(folder):
    from axolotl.utils.schemas.config import AxolotlInputConfig

    config = AxolotlInputConfig(**yaml.safe_load((folder / "config.yaml").read_text()))
    return {"learning_rate": config.learning_rate, "max_length": config.sequence_len, "rank": config.lora_r}


def together(folder):
    from together.lib.types.fine_tuning import FinetuneRequest
    from together.lib.utils.files import check_file

    request = FinetuneRequest.model_validate_json((folder / "request.json").read_text(), strict=True)
    reports = [check_file(path) for path in sorted(folder.glob("[tv]*.jsonl"))]
    assert all(report["is_check_passed"] for report in reports), reports
    rank = request.training_type.lora_r
    return {"learning_rate": request.learning_rate, "max_length": request.max_seq_length, "rank": rank}


def openai(folder):
    import pydantic
    from openai.types.fine_tuning.job_create_params import JobCreateParams

    body = pydantic.TypeAdapter(JobCreateParams).validate_json((folder / "request.json").read_text())
    return body["method"]["supervised"]["hyperparameters"]


def main():
    folder, results = Path(sys.argv[1]), {}
    for target in sys.argv[2:]:
        try:
            results[target] = globals()[target](folder / target)
        except Exception as error:
            results[target] = f"{type(error).__name__}: {error}"
    print(json.dumps(results))


main()
