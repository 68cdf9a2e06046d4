"""The list of batches of conversations, and whether anybody can be asked for one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.contract.generation_values import BatchSummary
from pipeline.service.pages.batch_figures import BatchLine, batch_line
from pipeline.service.pages.pager import Pager, pager

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class BatchListing:
    """The page of batches."""

    batches: tuple[BatchLine, ...]
    pager: Pager
    asks: str
    """Whom the installation asks, empty for nobody."""

    @property
    def is_changing(self) -> bool:
        """Whether a line of it changes by itself."""
        return any(batch.is_changing for batch in self.batches)

    @property
    def url(self) -> str:
        """Where this page of the list is."""
        return _url(self.pager.page)


def batch_listing(batches: Sequence[BatchSummary], page: int, total: int, asks: str, now: datetime) -> BatchListing:
    """The page. batches: of the page asked for; total: of all its pages."""
    lines = tuple(batch_line(batch, now) for batch in batches)
    return BatchListing(lines, pager(page, total, PAGE_SIZE, _url), asks)


def _url(page: int) -> str:
    return f"/generation?page={page}" if page > 1 else "/generation"
