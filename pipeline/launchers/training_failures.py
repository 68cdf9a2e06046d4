"""Why trainings fail, by the end of their log: the class, a sentence, and what is changed for another try.

Texts are those of PyTorch, Transformers, huggingface_hub and the kernel, as they print them.
"""

import re
from dataclasses import dataclass

from pipeline.state.catalog.statuses import FailureClass


@dataclass(frozen=True, slots=True)
class Failure:
    """A class of ends."""

    name: FailureClass
    sentence: str
    """What happened."""
    remedy: str
    """What helps, in words."""
    changes: tuple[str, ...] = ()
    """Settings of another job."""


_KNOWN: tuple[tuple[str, Failure], ...] = (
    (
        r"CUDA out of memory|OutOfMemoryError|HIP out of memory|CUBLAS_STATUS_ALLOC_FAILED"
        r"|DefaultCPUAllocator: can't all",
        Failure(
            "out-of-memory",
            "the memory of the GPU was too small",
            "halve the rows a batch, or shorten max_length, or take a GPU with more memory",
            ("micro_batch", "max_length", "gpu"),
        ),
    ),
    (
        r"loss is (not a number|nan)|nan or inf|(loss|grad_norm)['\"]?: ?['\"]?(nan|inf)\b|Expected finite|non-?finite",
        Failure(
            "not-a-number",
            "the loss was not a number any more",
            "halve the learning rate; on a GPU without BF16 train in full precision",
            ("learning_rate",),
        ),
    ),
    (
        r"No space left on device|Disk quota exceeded|OSError: \[Errno 28\]",
        Failure("disk-full", "the disk was full", "make room where the training writes, or give it a larger disk"),
    ),
    (
        r"gated repo|GatedRepoError|401 Client Error|Access to model .* is restricted|403 Client Error.*huggingface",
        Failure(
            "gated-model",
            "the base model may not be read",
            "accept its licence on the model hub, and set HF_TOKEN to a token of that account",
        ),
    ),
    (
        r"CUDA error: (unspecified launch failure|device-side|an illegal memory)|NCCL error|GPU has fallen off|Xid"
        r"|no CUDA-capable device|uncorrectable ECC",
        Failure("lost-gpu", "a GPU stopped working", "start it again, on another machine if it happens twice"),
    ),
    (
        r"ConnectionError|ReadTimeout|Max retries exceeded|LocalEntryNotFoundError|couldn't connect to"
        r"|Name or service not known|is not a local folder and is not a valid model identifier|OfflineModeIsEnabled",
        Failure(
            "download",
            "something could not be downloaded",
            "see that the machine reaches the model hub, or lay a copy of the base model into LORA_BASE_MODELS",
        ),
    ),
)
_KILLED = Failure(
    "interrupted",
    "its process was killed",
    "see whether the machine ran out of memory or was switched off; go on from the last checkpoint",
)
_OTHER = Failure("other", "the trainer ended with an error", "read the end of its log")


def failure_of(log_tail: str, exit_code: int | None = None, hint: FailureClass | None = None) -> Failure:
    """The class of an end. exit_code: of the trainer, negative for a signal. hint: what is known already."""
    for pattern, failure in _KNOWN:
        if re.search(pattern, log_tail, re.IGNORECASE):
            return failure
    if hint is not None:
        return next((failure for _, failure in _KNOWN if failure.name == hint), _OTHER)
    return _KILLED if exit_code is not None and (exit_code < 0 or exit_code == 137) else _OTHER


def remedy_of(name: FailureClass | None) -> Failure | None:
    """The failure of a class; None where there is none."""
    known = (*(failure for _, failure in _KNOWN), _KILLED, _OTHER)
    return next((failure for failure in known if failure.name == name), None)
