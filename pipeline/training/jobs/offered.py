"""What trainers can do with a base model: the methods that are offered for it, and why one is not."""

from collections.abc import Iterable

from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.models import BaseModelSpec
from pipeline.errors import UsageError
from pipeline.trainers.registry import BY_NAME, HOSTED, WRITTEN
from pipeline.trainers.workload import Method
from pipeline.training.estimates.extrapolating import MACHINE
from pipeline.training.jobs.job_refusals import TargetRefuses
from pipeline.wording import count_of

MOST_GPUS = MACHINE
"""Of one machine: files for several machines are not written."""
_CHOSEN_FROM: tuple[Method, ...] = ("lora", "qlora")


def offered_methods(
    model: BaseModelSpec, gpu: Gpu, gpu_count: int, method: Method | None, targets: Iterable[str]
) -> tuple[Method, ...]:
    """The methods to choose from that every trainer offers for the model. method: the one asked for, None for any.

    Raises:
        TargetRefuses: none is, or a trainer uses one GPU alone, or the model overflows on the GPU; says what would do.
        UsageError: the number of GPUs is none that files are written for.
    """
    own = [target for target in targets if target not in HOSTED]
    if not own:
        return _CHOSEN_FROM
    if not 1 <= gpu_count <= MOST_GPUS:
        raise UsageError(f"GPUs: expected 1 to {MOST_GPUS}, which one machine has, found {gpu_count}")
    for target in own:
        if gpu_count > 1 and not BY_NAME[target].has_several_gpus:
            able = ", ".join(name for name in WRITTEN if BY_NAME[name].has_several_gpus and name not in HOSTED)
            said = f"{target}: expected 1 GPU, which its files use, found {gpu_count}; {able} use several"
            raise TargetRefuses(said, target, ("several-gpus",))
    if not gpu.has_bf16 and not model.family.has_fp16:
        raise TargetRefuses(
            f"{own[0]}: expected a GPU that computes in BF16 for {model.name}, whose activations overflow in FP16 and "
            f"make the loss NaN, found {gpu.name}; every GPU since the A100, L4 and RTX 3000 does",
            own[0],
            ("half-precision",),
        )
    wanted = (method,) if method else _CHOSEN_FROM

    def are_able(way: Method) -> bool:
        is_for_nvidia = way == "qlora" and model.experts > 1  # Axolotl quantises experts on NVIDIA's alone
        if is_for_nvidia and gpu.maker != "NVIDIA":
            return False
        return all(target in model.family.trainers_for(way) for target in own)

    if any(map(are_able, wanted)):
        return tuple(filter(are_able, _CHOSEN_FROM))
    unable = (each for each in own if not any(each in model.family.trainers_for(way) for way in wanted))
    target = next(unable, own[0])
    raise TargetRefuses(_not_offered(model, gpu, wanted, target), target, tuple(f"method-{each}" for each in wanted))


def _not_offered(model: BaseModelSpec, gpu: Gpu, wanted: tuple[Method, ...], target: str) -> str:
    family = model.family
    ways = [
        f"{name} with {' or '.join(methods)}"
        for name in WRITTEN
        if (methods := [each for each in ("lora", "qlora", "full") if name in family.trainers_for(each)])
    ]
    return f"{target} does not train {model.name} with {' or '.join(wanted)}: {_why(model, gpu, wanted, target)}; " + (
        f"{', '.join(ways)} do" if ways else "no trainer that files are written for does"
    )


def _why(model: BaseModelSpec, gpu: Gpu, wanted: tuple[Method, ...], target: str) -> str:
    family = model.family
    if not family.lora:
        return "it needs code of its own to load, which the trainers' files do not allow"
    if all(target in family.trainers_for(way) for way in wanted):
        return f"experts are quantised on NVIDIA's GPUs alone, and a {gpu.name} is of {gpu.maker}"
    if family.own_quantisation and "qlora" in wanted:
        return f"its weights come in {family.own_quantisation}, which other 4 bits do not go with"
    if family.experts and "qlora" in wanted and len(wanted) == 1:
        experts = count_of(model.experts, "expert")
        return f"its {experts} a layer are no linear layers and would stay in 16 bits"
    if family.experts and "full" not in wanted:
        return "its files do not reach the experts, which are most of the model"
    return f"nobody has tried its files with models of the family {family.name}"
