"""What of an estimate lies beyond the runs that were measured: said with it, because a figure alone looks known."""

from collections.abc import Iterator

from pipeline.trainers.registry import BY_NAME, WRITTEN
from pipeline.trainers.workload import Method, Workload
from pipeline.training.estimates.calibration import Calibration
from pipeline.training.estimates.sharing import is_sharded

MACHINE = 8
"""GPUs of one machine: beyond it speed is not estimated."""


def extrapolations(workload: Workload, calibration: Calibration) -> Iterator[str]:
    """A sentence for each such thing; none where the model, the GPU and the set-up are like measured ones."""
    model, family = workload.model, workload.model.family
    if not is_offered(workload, workload.method):
        who = ", ".join(family.trainers_for(workload.method))
        yield (
            f"files for {workload.method} of {model.name} are not written for "
            + (f"{workload.trainer}; {who} can" if who else "any trainer")
        )
    if workload.gpu_count > 1 and not has_several_gpus(workload):
        yield f"files for {workload.trainer} use one GPU"
    if not workload.gpu.has_bf16 and not family.has_fp16:
        yield f"{model.name} overflows in FP16, and a {workload.gpu.name} has no BF16: the loss would be NaN"
    if workload.gpu_count > MACHINE:
        yield (
            f"speed, hours and cost of {workload.gpu_count} GPUs are not known: more than the {MACHINE} of one "
            "machine, where the network and the trainer's way to share out decide"
        )
    if model.experts > 1:
        yield (
            "mixture of experts: speed, hours and cost are not known but for the order of magnitude, as the trainer's "
            "kernels for experts decide a factor of ten; memory is by rule, not fitted"
        )
    if _has_few_softmax_layers(workload):
        yield f"{family.name}: its layers without full attention are timed by their matrix products; no run is measured"
    if family.reader == "latent-mixture":
        yield "latent attention is timed by its matrix products; no run is measured"
    if model.experts > 1 and is_sharded(workload):
        yield "experts shared out over GPUs (FSDP): no run is measured"
    if calibration.is_from_data_sheet and workload.gpu_count <= MACHINE:
        yield f"{workload.gpu.name}: its speed is from the data sheet, no run on one is measured"


def is_offered(workload: Workload, method: Method) -> bool:
    """Whether the trainer trains the model so; of one that files are not written for, or of none, whether any does."""
    offering = workload.model.family.trainers_for(method)
    return workload.trainer in offering if workload.trainer in WRITTEN else bool(offering)


def has_several_gpus(workload: Workload) -> bool:
    """Whether the trainer uses more than one GPU."""
    trainer = BY_NAME.get(workload.trainer or "")
    return trainer is None or trainer.has_several_gpus


def _has_few_softmax_layers(workload: Workload) -> bool:
    model = workload.model
    whole = model.layers * model.attention_heads * model.head_size
    return model.structure.attention_width < 0.9 * whole and model.family.reader not in ("latent-mixture", "gemma4")
