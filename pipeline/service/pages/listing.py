"""The list of datasets: what was asked for, the filters with their counts, the cards, and the way to other pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from pipeline.service.pages.dataset_card import BADGES, DatasetCard, dataset_card
from pipeline.service.pages.pager import Pager, pager
from pipeline.state.catalog.dataset_records import Dataset, IgnoredPage, IgnoredRow
from pipeline.state.catalog.statuses import STATUSES, Status
from pipeline.state.store.ignored_files import REASONS, what_to_do

PAGE_SIZE = 12  # full rows of one, two and three columns
IGNORED_SHOWN = 20  # files that become no dataset; the API lists the others
_PATH = "/datasets"
_NOTHING = IgnoredPage([], 0)


@dataclass(frozen=True, slots=True)
class Query:
    """What a list was asked for."""

    status: Status | None = None
    """Empty for all."""
    search: str = ""
    """Empty for all."""
    page: int = 1
    """From 1."""

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return self.status is not None or bool(self.search)


@dataclass(frozen=True, slots=True)
class Filter:
    """A link that narrows the list to one status."""

    label: str
    count: int
    url: str
    is_chosen: bool
    tone: str


@dataclass(frozen=True, slots=True)
class IgnoredLine:
    """A file of this person's folder that becomes no dataset."""

    key: str
    why: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The page of datasets."""

    query: Query
    filters: tuple[Filter, ...]
    cards: tuple[DatasetCard, ...]
    pager: Pager
    is_empty: bool
    """This person has none at all, whatever was asked for."""
    ignored: tuple[IgnoredLine, ...] = ()
    ignored_count: int = 0


def listing(
    query: Query,
    datasets: Sequence[Dataset],
    total: int,
    counts: Mapping[Status, int],
    now: datetime,
    ignored: IgnoredPage = _NOTHING,
) -> Listing:
    """The page. datasets: of the page asked for; total: of all its pages; counts: without any filter.

    ignored: the first files that become no dataset, and how many there are.
    """
    return Listing(
        query=query,
        filters=_filters(query, counts),
        cards=tuple(dataset_card(dataset, now) for dataset in datasets),
        pager=pager(query.page, total, PAGE_SIZE, lambda page: list_url(Query(query.status, query.search, page))),
        is_empty=not sum(counts.values()),
        ignored=tuple(_ignored_line(row) for row in ignored.items),
        ignored_count=ignored.total,
    )


def _ignored_line(row: IgnoredRow) -> IgnoredLine:
    reason = REASONS[row.reason]
    return IgnoredLine(row.key, reason.sentence, what_to_do(reason, row.key))


def list_url(query: Query) -> str:
    """The address of a list; what is left to its default is not in it."""
    parts = {"status": query.status, "search": query.search, "page": query.page if query.page > 1 else None}
    asked = urlencode({name: value for name, value in parts.items() if value}, errors="replace")
    return f"{_PATH}?{asked}" if asked else _PATH


def _filters(query: Query, counts: Mapping[Status, int]) -> tuple[Filter, ...]:
    def link(status: Status | None, label: str, count: int, tone: str) -> Filter:
        return Filter(label, count, list_url(Query(status, query.search)), query.status == status, tone)

    each = (link(status, BADGES[status].label, counts[status], BADGES[status].tone) for status in STATUSES)
    return (link(None, "All", sum(counts.values()), ""), *each)
