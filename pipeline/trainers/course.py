"""The course of a training, the same with every trainer: when it is evaluated, what of it is kept, what shares a batch.

How each trainer is told stands in its folder; the sentences that say why stand here.
"""

from pipeline.trainers.job import TrainingJob
from pipeline.trainers.survey import Survey

EVALUATIONS = 10
"""In all, and as many checkpoints: each evaluation is of a checkpoint that can be kept."""


def is_grouped(job: TrainingJob, has_own_order: bool = False) -> bool:
    """Whether rows of like length come into one batch.

    Not where rows are packed, nor where a batch is one row: nothing is padded there. Not of judgements either: TRL's
    KTO insists on the order of its rows, and its DPO keeps the question and both answers apart, so no length is known.
    has_own_order: the script draws the order; left to the trainer, each of several GPUs may draw another.
    """
    if job.is_packed or job.objective not in ("sft", "text") or job.optimisation.micro_batch == 1:
        return False
    return has_own_order or job.hardware.gpu_count == 1


def grouping_note(job: TrainingJob, has_own_order: bool = False) -> list[str]:
    """Why rows are grouped by length."""
    if not is_grouped(job, has_own_order):
        return []
    said = (
        "Rows of like length share a batch (`group_by_length`), because every row of a batch is padded to its longest; "
        "the order within a pass is a little less random for it."
    )
    if not has_own_order:
        said += " After a break within a later pass another order is drawn, so some rows come twice, others not at all."
    return [said]


def can_keep_best(job: TrainingJob) -> bool:
    """Whether FSDP can go back to the best checkpoint.

    Not to one of parts, which a whole model has: transformers 5.23 asks whether its folder is there before it is made,
    the processes may find otherwise, and then each waits for the others for ever.
    """
    return job.adapter is not None or not job.hardware.is_sharded


def keeping_note(survey: Survey, has_best: bool = True) -> list[str]:
    """What the validation rows are for. has_best: whether the trainer goes back to the best checkpoint at the end."""
    if not survey.validation_rows:
        return []
    said = (
        "The validation rows are evaluated before the first step, which gives the loss of the base model to compare "
        f"with, and about {EVALUATIONS} times on the way, each time with a checkpoint. "
    )
    if has_best:
        return [said + "The one of the lowest `eval_loss` is kept, because a later one may have learned by heart."]
    return [said + "The last one is kept, as the trainer knows no other way here: look for the lowest `eval_loss`."]
