"""Trains an emitted job of LLaMA-Factory by ZeRO-3 in two processes on CPUs: `share_out.py FOLDER MODEL`.

Five steps of its train.yaml with its ds_z3_config.json. The processes are forks of this one, for importing all that is
needed takes longer than training. Prints a JSON object: what accelerate calls the distribution, and the log.
"""

import json
import os
import shutil
import socket
import sys
from pathlib import Path

os.environ |= {"DISABLE_VERSION_CHECK": "1", "DS_ACCELERATOR": "cpu"}

import deepspeed
import sound  # noqa: F401  # before LLaMA-Factory
import yaml
from accelerate.state import AcceleratorState
from llamafactory.train.tuner import run_exp
from transformers import AutoConfig, AutoModelForCausalLM

STEPS = 5
TEMPLATE_TOKENS = 64  # more than a template adds to the tokenizer: models that it is for have them


def train(rank, port, folder, model):
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.chdir(folder)
    sys.modules["deepspeed.comm.torch"].build_shm_op = lambda: None  # would be compiled
    deepspeed.init_distributed("gloo", verbose=False)
    given = yaml.safe_load(Path("train.yaml").read_text()) | {"model_name_or_path": model, "bf16": False}
    run_exp(given | {"max_steps": STEPS, "save_steps": STEPS, "eval_steps": STEPS})
    kind = AcceleratorState._shared_state["distributed_type"].value
    state = json.loads(Path("output/trainer_state.json").read_text()) if rank == 0 else {}
    return {"kind": kind, "log": state.get("log_history")}


def wider(model):
    folder = Path(model).with_name("wider")
    shutil.copytree(model, folder)
    config = AutoConfig.from_pretrained(model)
    config.vocab_size += TEMPLATE_TOKENS
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return str(folder)


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


model, port = wider(sys.argv[2]), free_port()
other = os.fork()
found = train(1 if other == 0 else 0, port, sys.argv[1], model)
if other == 0:
    os._exit(0)
_, status = os.waitpid(other, 0)
assert os.waitstatus_to_exitcode(status) == 0
print(json.dumps(found))
