"""What is learned from a dataset follows from its format; here is what each objective asks for beyond answers (SFT).

How it is told to each trainer is in its folder, what it costs more in `pipeline/training/job_estimate.py`.
"""

from collections.abc import Iterable, Mapping

from pipeline.errors import UsageError
from pipeline.trainers.overrides import Overrides
from pipeline.trainers.trainer import Objective
from pipeline.trainers.workload import Method

_OF_FORMAT: Mapping[str, Objective] = {"preference": "preference", "kto": "kto", "plain-text": "text"}
JUDGED: frozenset[Objective] = frozenset({"preference", "kto"})
TITLES: Mapping[Objective, str] = {
    "sft": "answers (SFT)",
    "preference": "the better of two answers (DPO)",
    "kto": "answers liked or not (KTO)",
    "text": "plain texts (continued pre-training)",
}
# LLaMA-Factory's example of pre-training (examples/train_lora/llama3_lora_pretrain.yaml). Packed texts are not cut off
# at the length, so a larger one is only dearer.
TEXT_MAX_LENGTH = 2_048


def objective_of(form: str) -> Objective:
    """What is learned from a dataset of that format."""
    return _OF_FORMAT.get(form, "sft")


def sequences_per_row(objective: Objective) -> int:
    """How many the trainer holds of a row at once: of a preference the question with either answer."""
    return 2 if objective == "preference" else 1


def least_micro_batch(objective: Objective) -> int:
    """KTO compares each answer with another of its micro batch (trl 1.16.0, KTOTrainer)."""
    return 2 if objective == "kto" else 1


def check_settings(objective: Objective, own: Overrides, method: Method | None, can_chunk: bool) -> None:
    """Insist that what was set by hand is something for the objective. can_chunk: whether all trainers' losses do.

    Raises:
        UsageError: it is not; names all of it.
    """
    if problems := list(_problems(objective, own, method, can_chunk)):
        raise UsageError(f"{TITLES[objective]}: " + "; ".join(problems))


def _problems(objective: Objective, own: Overrides, method: Method | None, can_chunk: bool) -> Iterable[str]:
    if can_chunk and own.text("loss_kernel") == "full":
        yield "loss_kernel: expected chunked, found full: the trainers never hold all logits of a micro batch"
    if objective not in JUDGED:
        if own.number("beta") is not None:
            yield "expected no beta, found one: it is for preferences and single judgements"
        return
    if method == "full":
        yield (
            "method: expected lora or qlora, found full: the base model under the adapter is what answers are compared "
            "with, and a second copy of it would be needed"
        )
    if own.switch("is_packed"):
        yield "is_packed: expected false, found true: rows are compared one by one"
    if own.text("loss_kernel") == "chunked" and not can_chunk:
        yield "loss_kernel: expected full, found chunked, which of the trainers only TRL has for this"
    least, micro_batch = least_micro_batch(objective), own.integer("micro_batch")
    if micro_batch is not None and micro_batch < least:
        yield f"micro_batch: expected {least} or more, found {micro_batch}: answers are compared within one"
