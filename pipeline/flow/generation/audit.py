"""Whether the ledger says what the provider said: its raw results in the lake are read anew and compared, by call.

Calls that were asked one by one leave no results, and are not compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.llm.asking import Answer, Usage
from pipeline.llm.backends import read_results
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import Batch, LedgerRow, Submission
from pipeline.state.lake import Lake

RESULTS = "results.jsonl"
"""The raw results of a submission, among its files in the lake."""
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class UsageAudit:
    """What raw answers say of the ledger."""

    compared: int
    """Calls whose raw answers are there."""
    wrong: tuple[str, ...]
    """Ids of those that are booked otherwise, or not at all."""


def audit_usage(catalog: Catalog, lake: Lake, batch: Batch) -> UsageAudit:
    """Read the results of all that a batch was answered.

    Raises:
        LakeError: it cannot be read.
    """
    booked = {(row.submission_id, row.custom_id): row for row in _ledger(catalog, batch.id)}
    compared, wrong = 0, []
    for submission in catalog.submissions_of(batch.id):
        if submission.state != "ingested" or RESULTS not in lake.made_files("submissions", submission.id):
            continue
        for answer in _paid_answers(lake, batch, submission):
            compared += 1
            row = booked.get((submission.id, answer.custom_id))
            if row is None or not _is_booked_so(row, answer):
                wrong.append(answer.custom_id)
    return UsageAudit(compared, tuple(wrong))


def _ledger(catalog: Catalog, batch_id: str) -> Iterator[LedgerRow]:
    after = 0
    while page := catalog.calls_of(batch_id, after, _PAGE):
        yield from page
        after = page[-1].id


def _paid_answers(lake: Lake, batch: Batch, submission: Submission) -> Iterator[Answer]:
    """The first answer to each request of a submission that was done."""
    seen = set()
    with lake.fetch_made("submissions", submission.id, RESULTS) as path:
        for answer in read_results(batch.provider, path):
            is_ours = answer.custom_id.startswith(f"{submission.id}-")
            if is_ours and answer.usage is not None and answer.custom_id not in seen:
                seen.add(answer.custom_id)
                yield answer


def _is_booked_so(row: LedgerRow, answer: Answer) -> bool:
    if row.outcome == "unknown":
        return True  # its counts cannot be, and it is booked at the most that it may have cost
    booked = Usage(
        row.input_tokens or 0, row.output_tokens or 0, row.cache_write_tokens or 0, row.cache_read_tokens or 0
    )
    return booked == answer.usage
