"""Runs an emitted train.py with FSDP though there is no GPU: `accelerate launch … on_cpus.py TRAIN_PY [OPTION …]`.

Accelerate shares a model out over devices of any kind but CPUs; here it is told that the processes have others.
"""

import runpy
import sys

from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedType

begin = AcceleratorState.__init__


def begin_as_devices(state, *arguments, **named):
    shared = PartialState._shared_state
    if shared.get("distributed_type") == DistributedType.MULTI_CPU:
        shared["distributed_type"] = DistributedType.MULTI_XPU
    begin(state, *arguments, **named)
    assert state.distributed_type == DistributedType.FSDP


AcceleratorState.__init__ = begin_as_devices
script = sys.argv.pop(1)
sys.argv[0] = script
runpy.run_path(script, run_name="__main__")
