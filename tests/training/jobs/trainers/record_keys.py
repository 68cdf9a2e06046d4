"""Prints the keys that the trainers' classes know, as each `keys.json` records them: `python record_keys.py TARGET…`.

With what each trainer's package asks for, and the versions of all that is installed.

Runs in the environment that has them.
"""

import dataclasses
import importlib.metadata
import inspect
import json
import sys


def fields(kind):
    return sorted(field.name for field in dataclasses.fields(kind) if field.init)


def trl():
    from accelerate.commands.config.config_args import ClusterConfig
    from accelerate.commands.launch import launch_command_parser
    from peft import LoraConfig
    from transformers import BitsAndBytesConfig
    from trl import DPOConfig, KTOConfig, SFTConfig

    parser = launch_command_parser()
    fsdp = {action.dest for action in parser._actions if action.dest.startswith("fsdp_")}
    quantization = set(inspect.signature(BitsAndBytesConfig).parameters) - {"kwargs"}
    return {
        "training": fields(SFTConfig),
        "training-preference": fields(DPOConfig),
        "training-kto": fields(KTOConfig),
        "lora": fields(LoraConfig),
        "quantization": sorted(quantization),
        "accelerate": fields(ClusterConfig),
        "accelerate.fsdp_config": sorted(fsdp),
    }


def axolotl():
    from axolotl.utils.schemas.config import AxolotlInputConfig
    from axolotl.utils.schemas.datasets import SFTDataset
    from axolotl.utils.schemas.fsdp import FSDPConfig

    return {
        "": sorted(AxolotlInputConfig.model_fields),
        "datasets": sorted(SFTDataset.model_fields),
        "fsdp_config": sorted(FSDPConfig.model_fields),
    }


def together():
    from together.lib.types import fine_tuning as types

    schedules = types.LinearLRSchedulerArgs.model_fields | types.CosineLRSchedulerArgs.model_fields
    return {
        "": sorted(types.FinetuneRequest.model_fields),
        "training_type": sorted(types.LoRATrainingType.model_fields),
        "training_method": sorted(types.TrainingMethodSFT.model_fields),
        "lr_scheduler": sorted(types.LinearLRScheduler.model_fields),
        "lr_scheduler.lr_scheduler_args": sorted(schedules),
    }


def openai():
    from openai.types.fine_tuning import job_create_params as types
    from openai.types.fine_tuning.supervised_hyperparameters_param import SupervisedHyperparametersParam
    from openai.types.fine_tuning.supervised_method_param import SupervisedMethodParam

    return {
        "": sorted(types.JobCreateParams.__annotations__),
        "method": sorted(types.Method.__annotations__),
        "method.supervised": sorted(SupervisedMethodParam.__annotations__),
        "method.supervised.hyperparameters": sorted(SupervisedHyperparametersParam.__annotations__),
    }


def llama_factory():
    from llamafactory.hparams.parser import _TRAIN_ARGS

    return {"": sorted({name for kind in _TRAIN_ARGS for name in fields(kind)})}


PACKAGES = {
    "trl": ("trl", "peft", "transformers"),
    "axolotl": ("axolotl",),
    "together": ("together",),
    "openai": ("openai",),
    "llama-factory": ("llamafactory",),
}
installed = {found.name.lower().replace("_", "-"): found.version for found in importlib.metadata.distributions()}
print(
    json.dumps(
        {
            target: {
                "versions": {name: importlib.metadata.version(name) for name in PACKAGES[target]},
                "needs": importlib.metadata.requires(PACKAGES[target][0]),
                "installed": installed,
                "keys": globals()[target.replace("-", "_")](),
            }
            for target in sys.argv[1:]
        }
    )
)
