"""What would make a workload fit that does not: one change each, and cheap ones together where one is too little."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipeline.catalogues.gpus import Gpu
from pipeline.trainers.workload import Workload
from pipeline.training.estimates.constants import Constants
from pipeline.training.estimates.estimate import peak_memory
from pipeline.training.estimates.extrapolating import has_several_gpus, is_offered
from pipeline.training.estimates.fitted import fitted
from pipeline.training.estimates.result import Range

_LENGTHS = (16384, 8192, 4096, 2048, 1024, 512)
_GPU_COUNTS = (2, 4, 8)  # of one machine


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change that makes it fit."""

    what: str
    options: str
    """What to type."""
    workload: Workload
    """What it is then."""
    peak_memory_gb: Range

    @property
    def is_safe(self) -> bool:
        """Whether even the high estimate fits."""
        return self.peak_memory_gb.high <= self.workload.gpu.memory_gb


def remedies(workload: Workload, gpus: Mapping[str, Gpu], constants: Constants | None = None) -> tuple[Remedy, ...]:
    """What would fit, gentlest first; of each kind the smallest change. Empty if it fits already."""
    known = constants or fitted()
    if _fits(peak_memory(workload, known), workload):
        return ()
    alone = _each(_changes(workload), known)
    machines = _each([_more_gpus(workload), _other_gpus(workload, gpus)], known)
    return (*alone, *machines) if alone else (*machines, *_combined(workload, gpus, known))


def _combined(workload: Workload, gpus: Mapping[str, Gpu], constants: Constants) -> tuple[Remedy, ...]:
    """All cheap changes, and one more where they are too little."""
    frugal = list(_together(workload))
    if together := _first_fitting(iter(frugal), constants):
        return (together,)
    what, options, least = frugal[-1] if frugal else ("", "", workload)
    further = [_shorter_rows(least), _more_gpus(least), _other_gpus(least, gpus)]
    found = _each(further, constants) or _each([_other_machines(least, gpus)], constants)
    return tuple(
        replace(each, what=f"{what}; {each.what}".lstrip("; "), options=f"{options} {each.options}".strip())
        for each in found
    )


_Change = tuple[str, str, Workload]


def _changes(workload: Workload) -> list[Iterator[_Change]]:
    return [
        _checkpointing(workload),
        _chunked_loss(workload),
        _smaller_batches(workload),
        _shorter_rows(workload),
        _four_bits(workload),
    ]


def _checkpointing(workload: Workload) -> Iterator[_Change]:
    if not workload.has_gradient_checkpointing:
        changed = replace(workload, has_gradient_checkpointing=True)
        yield "gradient checkpointing, a third slower", "--gradient-checkpointing", changed


def _chunked_loss(workload: Workload) -> Iterator[_Change]:
    if workload.loss_kernel == "full":
        yield "a chunked loss (Liger, Unsloth, torchtune)", "--loss-kernel chunked", _with_chunked_loss(workload)


def _smaller_batches(workload: Workload) -> Iterator[_Change]:
    batch = workload.micro_batch
    while batch > 1:
        batch = max(1, batch // 2)
        accumulation = -(-workload.micro_batch * workload.gradient_accumulation // batch)
        options = f"--micro-batch {batch} --gradient-accumulation {accumulation}"
        changed = replace(workload, micro_batch=batch, gradient_accumulation=accumulation)
        yield "smaller micro batches, as many rows a step", options, changed


def _shorter_rows(workload: Workload) -> Iterator[_Change]:
    for length in _LENGTHS:
        if length < workload.sequence_length:
            yield "shorter rows", f"--sequence-length {length}", replace(workload, sequence_length=length)


def _four_bits(workload: Workload) -> Iterator[_Change]:
    if workload.method == "full" and is_offered(workload, "lora"):
        yield "LoRA in place of full fine-tuning", "--method lora", replace(workload, method="lora", rank=16)
    if workload.method != "qlora" and is_offered(workload, "qlora"):
        changed = replace(workload, method="qlora", rank=workload.rank or 16)
        yield "QLoRA: the frozen weights in 4 bits", "--method qlora", changed


def _more_gpus(workload: Workload) -> Iterator[_Change]:
    if not has_several_gpus(workload):
        return
    for count in _GPU_COUNTS:
        if count > workload.gpu_count:
            yield "more GPUs that share the weights", f"--gpus {count}", replace(workload, gpu_count=count)


def _other_gpus(workload: Workload, gpus: Mapping[str, Gpu]) -> Iterator[_Change]:
    for gpu in sorted(gpus.values(), key=lambda each: (each.memory_gb, each.peak_tflops, each.name)):
        if gpu.memory_gb > workload.gpu.memory_gb and gpu.maker == workload.gpu.maker:
            yield "a GPU with more memory", f"--gpu {gpu.name}", replace(workload, gpu=gpu)


def _other_machines(workload: Workload, gpus: Mapping[str, Gpu]) -> Iterator[_Change]:
    same_maker = [gpu for gpu in gpus.values() if gpu.maker == workload.gpu.maker]
    counts = _GPU_COUNTS if has_several_gpus(workload) else ()
    machines = [(count * gpu.memory_gb, count, gpu) for gpu in same_maker for count in counts]
    for _, count, gpu in sorted(machines, key=lambda each: (each[0], each[1], each[2].name)):
        yield "more and other GPUs", f"--gpu {gpu.name} --gpus {count}", replace(workload, gpu=gpu, gpu_count=count)


def _together(workload: Workload) -> Iterator[_Change]:
    """Cheap changes on top of one another, until nothing is left to change."""
    what, options, changed = [], [], workload
    for step in (_checkpointing, _chunked_loss, _smaller_batches, _four_bits):
        for name, option, result in list(step(changed))[-1:]:
            what.append(name)
            options.append(option)
            changed = result
            yield "; ".join(what), " ".join(options), changed


def _each(kinds: Iterable[Iterator[_Change]], constants: Constants) -> tuple[Remedy, ...]:
    return tuple(remedy for kind in kinds if (remedy := _first_fitting(kind, constants)))


def _first_fitting(changes: Iterator[_Change], constants: Constants) -> Remedy | None:
    for what, options, changed in changes:
        memory = peak_memory(changed, constants)
        if _fits(memory, changed):
            return Remedy(what, options, changed, memory)
    return None


def _with_chunked_loss(workload: Workload) -> Workload:
    """Of an unknown trainer it would be read as another, leaner one; the change is the loss alone."""
    return replace(workload, loss_kernel="chunked", trainer=workload.trainer or "trl")


def _fits(memory: Range, workload: Workload) -> bool:
    return memory.expected <= workload.gpu.memory_gb
