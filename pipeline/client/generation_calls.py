"""The client's calls about batches of conversations: `client.generation`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from pipeline.client.connection import Connection, given
from pipeline.contract.generation_values import (
    BatchDetails,
    BatchEstimate,
    BatchItems,
    BatchList,
    BatchSummary,
    EstimatedBatch,
    FailedGenerations,
    RetriedItems,
)
from pipeline.state.catalog.statuses import BatchStatus, FailureType, ItemState

if TYPE_CHECKING:
    from pipeline.generation.wish import PlanWish

_PLACE = "/api/generation"


class GenerationCalls:
    """What is wished for is a `PlanWish` of `pipeline.generation.wish`, as in `PlanWish(items=300)`.

    Who writes, annotates and judges is as the installation is set where a model is None; an empty one is nobody.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def estimate(
        self,
        wish: "PlanWish",
        *,
        model: str | None = None,
        annotating_model: str | None = None,
        judging_model: str | None = None,
        is_batched: bool | None = None,
        language: str | None = None,
    ) -> BatchEstimate:
        """What a batch would have and take; nothing is kept.

        Raises:
            RequestRefused: there can be no such plan, or a model has no price or would judge itself.
        """
        models = {"model": model, "annotating_model": annotating_model, "judging_model": judging_model}
        body = _body(wish, models, {"is_batched": is_batched, "language": language})
        return self._connection.ask(BatchEstimate, "POST", f"{_PLACE}/estimate", json=body)

    def plan(
        self,
        wish: "PlanWish",
        *,
        name: str = "",
        model: str | None = None,
        annotating_model: str | None = None,
        judging_model: str | None = None,
        is_batched: bool | None = None,
        budget_usd: float = 0,
        language: str | None = None,
    ) -> EstimatedBatch:
        """Keep a plan as a batch, which costs nothing until it is started.

        Raises:
            RequestRefused: as `estimate` says.
        """
        models = {"model": model, "annotating_model": annotating_model, "judging_model": judging_model}
        others = {"name": name, "is_batched": is_batched, "budget_usd": budget_usd, "language": language}
        body = _body(wish, models, others)
        return self._connection.ask(EstimatedBatch, "POST", f"{_PLACE}/batches", is_repeatable=False, json=body)

    def list(self, status: BatchStatus | None = None, *, page: int = 1, limit: int = 20) -> BatchList:
        """One page of batches, newest first."""
        params = given({"status": status, "page": page, "limit": limit})
        return self._connection.ask(BatchList, "GET", f"{_PLACE}/batches", params=params)

    def status(self, batch_id: str) -> BatchDetails:
        """All that is known of a batch.

        Raises:
            BatchNotFound: there is none of this id.
        """
        return self._connection.ask(BatchDetails, "GET", _place(batch_id))

    def watch(self, batch_id: str) -> Iterator[BatchSummary]:
        """How a batch goes, now and at each change, until nothing of it is under way.

        Raises:
            BatchNotFound: there is none of this id.
            ServiceError: the service cannot be reached.
        """
        goes_on = True
        while goes_on:  # the service ends a stream that is open for long
            for batch in self._connection.events(BatchSummary, f"{_place(batch_id)}/events"):
                goes_on = batch.status == "running" or batch.reserved_nano_usd > 0
                yield batch

    def start(self, batch_id: str, budget_usd: float | None = None) -> EstimatedBatch:
        """Have a batch made, or let it go on, within a budget; None for the one that it has.

        Raises:
            BatchNotFound: there is none of this id.
            RequestRefused: it has ended, or costs money and has no budget.
        """
        body = {"budget_usd": budget_usd}
        return self._connection.ask(EstimatedBatch, "POST", f"{_place(batch_id)}/start", json=body)

    def pause(self, batch_id: str, reason: str | None = None) -> BatchDetails:
        """Ask a model for nothing more until it is started again; what is under way is paid, and comes.

        Raises:
            BatchNotFound: there is none of this id.
            RequestRefused: it is not under way.
        """
        return self._connection.ask(BatchDetails, "POST", f"{_place(batch_id)}/pause", json={"reason": reason})

    def cancel(self, batch_id: str, reason: str | None = None) -> BatchDetails:
        """Give a batch up; what was written stays, for a person to review.

        Raises:
            BatchNotFound: there is none of this id.
            RequestRefused: it has ended.
        """
        return self._connection.ask(BatchDetails, "POST", f"{_place(batch_id)}/cancel", json={"reason": reason})

    def retry(self, batch_id: str, numbers: Sequence[int] | None = None) -> RetriedItems:
        """Draw items that failed anew; None for all of them.

        Raises:
            BatchNotFound: there is none of this id.
        """
        body = {"numbers": None if numbers is None else [*numbers]}
        return self._connection.ask(RetriedItems, "POST", f"{_place(batch_id)}/retry", is_repeatable=False, json=body)

    def settle(self, batch_id: str, submission_id: str, external_id: str | None) -> BatchDetails:
        """Say what requests that may be at the provider became there; None for nothing: they are sent again.

        Raises:
            BatchNotFound: there is none of this id.
            RequestRefused: nothing is to be settled of it, or it may still be on its way.
        """
        body = {"submission_id": submission_id, "external_id": external_id}
        return self._connection.ask(BatchDetails, "POST", f"{_place(batch_id)}/settle", is_repeatable=False, json=body)

    def items(self, batch_id: str, state: ItemState | None = None, *, page: int = 1, limit: int = 50) -> BatchItems:
        """One page of what a batch is to make, by number.

        Raises:
            BatchNotFound: there is none of this id.
        """
        params = given({"state": state, "page": page, "limit": limit})
        return self._connection.ask(BatchItems, "GET", f"{_place(batch_id)}/items", params=params)

    def failures(
        self, batch_id: str, failure_type: FailureType | None = None, *, page: int = 1, limit: int = 10
    ) -> FailedGenerations:
        """One page of the draws that came to nothing, newest first, with the answers as they came.

        Raises:
            BatchNotFound: there is none of this id.
        """
        params = given({"failure_type": failure_type, "page": page, "limit": limit})
        return self._connection.ask(FailedGenerations, "GET", f"{_place(batch_id)}/failures", params=params)

    def download_calls(self, batch_id: str, place: Path, form: Literal["jsonl", "csv"] = "jsonl") -> None:
        """Write the ledger of a batch into a file: every call with its tokens and exact cost.

        Raises:
            BatchNotFound: there is none of this id.
        """
        self._connection.download(f"{_place(batch_id)}/calls?format={form}", place)


def _body(wish: "PlanWish", models: dict[str, str | None], others: dict[str, Any]) -> dict[str, Any]:
    return {**wish.model_dump(mode="json"), **models, **others}


def _place(batch_id: str) -> str:
    return f"{_PLACE}/batches/{quote(batch_id, safe='')}"
