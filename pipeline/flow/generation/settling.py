"""What a person says about requests of which nobody else can tell whether they are at the provider."""

from datetime import datetime

from pipeline.errors import Conflicting, UsageError
from pipeline.llm.wire import LONGEST_SUBMIT_S
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import Batch, Submission


def settle(catalog: Catalog, batch: Batch, submission_id: str, external_id: str | None, now: datetime) -> None:
    """Take a batch at the provider as a submission's, or send the submission again; then its batch may be started.

    external_id: as the provider calls it; None where nothing of it is there. What was taken wrongly is noticed by the
    ids in its results, and put aside.

    Raises:
        UsageError: the batch has no such submission under way.
        Conflicting: nothing is to be settled of it, it may still be on its way, or that batch is another's.
    """
    submission = next(
        (each for each in catalog.submissions_of(batch.id, only_open=True) if each.id == submission_id), None
    )
    if submission is None:
        raise UsageError(f"expected a submission of {batch.id} that is under way, found {submission_id!r}")
    _check_settleable(submission, now)
    if submission.state == "sent":
        is_settled = _is_gone(catalog, submission, external_id, now)
    elif external_id is None:
        is_settled = catalog.take_back(submission.id, now)
    elif external_id in catalog.known_external_ids(submission.provider, submission.id):
        raise Conflicting(f"expected a batch that nobody has, found {external_id}, which is another submission's")
    else:
        is_settled = catalog.note_sent(submission.id, external_id, now)
    if not is_settled:
        raise Conflicting(f"{submission.id} was settled just now: look again")


def _is_gone(catalog: Catalog, submission: Submission, external_id: str | None, now: datetime) -> bool:
    """Its requests count at the most that they may have cost, once its batch is worked on."""
    if external_id is not None:
        raise Conflicting(
            f"expected a submission of which nobody knows, found {submission.id} {submission.external_id}"
        )
    return catalog.note_answered(submission.id, now)


def _check_settleable(submission: Submission, now: datetime) -> None:
    if submission.state == "sent" and submission.state_reason is not None:
        return  # its provider knows nothing of it
    if submission.state not in ("sending", "doubtful"):
        raise Conflicting(f"expected a submission of which nobody knows, found {submission.id} {submission.state}")
    since = submission.sending_at or submission.created_at
    left_s = LONGEST_SUBMIT_S - (now - since).total_seconds()
    if left_s > 0:
        raise Conflicting(f"{submission.id} may still be on its way: try again in {left_s:,.0f} s")
