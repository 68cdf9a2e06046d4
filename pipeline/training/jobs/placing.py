"""Places a job on its GPU: the method and the micro batch that fit, or what would."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from pipeline.catalogues.gpus import Gpu
from pipeline.trainers.workload import LossKernel, Method, Workload
from pipeline.training.estimates.result import Estimate, Fits
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.training.jobs.job_refusals import Change, DoesNotFit
from pipeline.training.jobs.preset_rules import cut_sentence
from pipeline.wording import count_of

Estimator = Callable[[Workload], Estimate]

_MICRO_BATCHES = (8, 4, 2, 1)  # more rows at once no longer make a step faster where a row fills the GPU
_FILLING_TOKENS = 4_096  # of a micro batch: matrix products of an 8B model reach their speed on every GPU (rule)
_KERNELS: tuple[LossKernel, ...] = ("full", "chunked")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be placed."""

    workload: Workload
    """Carries everything else."""
    batch: int
    """Rows of a step, over all GPUs."""
    method: Method | None = None
    """None where the GPU decides."""
    micro_batch: int | None = None
    """None where the GPU decides."""
    loss_kernel: LossKernel | None = None
    """None where the GPU decides."""
    least_micro_batch: int = 1
    """Rows that the loss needs at once."""
    is_checkpointing: bool | None = None
    """None where the GPU decides."""
    methods: tuple[Method, ...] = ("lora", "qlora")
    """Those to choose from."""
    can_shard: bool = False
    """Whether the trainers can share out weights over GPUs."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A workload with what the estimate says of it."""

    workload: Workload
    fits: Fits
    memory_because: str
    """A sentence on the micro batch."""
    extrapolated: tuple[str, ...] = ()
    """What lies beyond the measured runs, a sentence each."""


def place(wish: Wish, estimate: Estimator) -> Placement | None:
    """The quickest set-up that surely fits, else one that may; None where none does."""
    tight: Placement | None = None
    for workload in _candidates(wish):
        result = estimate(workload)
        beyond = result.rests_on.extrapolated
        placement = Placement(workload, result.fits, _sentence(workload, result), beyond)
        if result.fits == "yes":
            return placement
        is_frugal = workload.has_gradient_checkpointing or wish.is_checkpointing is False
        if result.fits == "tight" and tight is None and is_frugal:
            tight = placement
    return tight


def explain_misfit(wish: Wish, estimate: Estimator, facts: DatasetFacts, gpus: Sequence[Gpu]) -> DoesNotFit:
    """By how much the smallest set-up is too large, and what would fit; gpus: others to try."""
    smallest = list(_candidates(wish))[-1]
    memory, gpu = estimate(smallest).peak_memory_gb, smallest.gpu
    needed_gb = memory.expected if memory.expected > gpu.memory_gb else memory.high
    changes = [*_other_method(wish, estimate), *_shorter(wish, estimate, facts), *_other_gpu(wish, estimate, gpus)]
    return DoesNotFit(gpu.name, needed_gb, gpu.memory_gb, tuple(changes))


def _candidates(wish: Wish) -> Iterator[Workload]:
    """Set-ups by preference; the smallest last: replicas before weights shared out, all kept before recomputed."""
    methods = (wish.method,) if wish.method else wish.methods
    kernels = (wish.loss_kernel,) if wish.loss_kernel else _KERNELS
    recomputing = (True, False) if wish.is_checkpointing is None else (wish.is_checkpointing,)
    sharing = (False, True) if wish.can_shard and wish.workload.gpu_count > 1 else (False,)
    for is_sharded, method in product(sharing, methods):
        if is_sharded and method == "qlora" and wish.workload.model.experts > 1:
            continue  # Axolotl quantises experts as they reach a GPU, before they could be shared out
        sizes = list(product(kernels, _micro_batches(wish)))
        for is_checkpointing in sorted(recomputing):
            for kernel, micro_batch in sizes if is_checkpointing else _filling(sizes, wish):
                yield replace(
                    wish.workload,
                    method=method,
                    rank=0 if method == "full" else wish.workload.rank,
                    loss_kernel=kernel,
                    micro_batch=micro_batch,
                    gradient_accumulation=max(1, wish.batch // (micro_batch * wish.workload.gpu_count)),
                    has_gradient_checkpointing=is_checkpointing,
                    is_sharded=is_sharded,
                )


def _filling(sizes: list[tuple[LossKernel, int]], wish: Wish) -> list[tuple[LossKernel, int]]:
    """Those worth keeping all activations for: it saves a third, but too few tokens at once leave a GPU idle."""
    if wish.is_checkpointing is False:
        return sizes
    largest = max(size for _, size in sizes)
    length = wish.workload.sequence_length
    return [each for each in sizes if each[1] == largest or each[1] * length >= _FILLING_TOKENS]


def _micro_batches(wish: Wish) -> list[int]:
    """Powers of two that divide a GPU's share of the batch, the largest first."""
    if wish.micro_batch:
        return [wish.micro_batch]
    share = max(1, wish.batch // wish.workload.gpu_count)
    sizes = [size for size in _MICRO_BATCHES if share % size == 0 and size >= wish.least_micro_batch]
    return sizes or [wish.least_micro_batch]


def _sentence(workload: Workload, result: Estimate) -> str:
    memory = result.peak_memory_gb
    return (
        f"{count_of(workload.micro_batch, 'row')} of {workload.sequence_length:,} tokens: {memory.expected:.1f} GB "
        f"({memory.low:.1f} to {memory.high:.1f}) of the {workload.gpu.memory_gb:g} GB of a {workload.gpu.name}"
    )


def _other_method(wish: Wish, estimate: Estimator) -> Iterator[Change]:
    others: Iterable[Method] = {"full": ("lora", "qlora"), "lora": ("qlora",)}.get(wish.method or "", ())  # type: ignore[assignment]
    for method in others:
        if method in wish.methods and place(replace(wish, method=method), estimate):
            yield Change("method", method)
            return


def _shorter(wish: Wish, estimate: Estimator, facts: DatasetFacts) -> Iterator[Change]:
    length = wish.workload.sequence_length
    for row in reversed(facts.truncation):
        if row["max_length"] < length:
            workload = replace(wish.workload, sequence_length=row["max_length"])
            if place(replace(wish, workload=workload), estimate):
                yield Change("max_length", str(row["max_length"]), cut_sentence(facts, row["max_length"]))
                return


def _other_gpu(wish: Wish, estimate: Estimator, gpus: Sequence[Gpu]) -> Iterator[Change]:
    for gpu in sorted(gpus, key=lambda gpu: (gpu.memory_gb, gpu.name)):
        if gpu.memory_gb > wish.workload.gpu.memory_gb and place(
            replace(wish, workload=replace(wish.workload, gpu=gpu)), estimate
        ):
            yield Change("gpu", gpu.name, f"{gpu.memory_gb:g} GB")
            return
