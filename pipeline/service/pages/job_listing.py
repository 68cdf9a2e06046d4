"""The list of training jobs: what was asked for, the filters with their counts, the rows, the way to other pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from pipeline.service.pages.job_page import BADGES, JobLine
from pipeline.service.pages.listing import Filter
from pipeline.service.pages.pager import Pager, pager
from pipeline.state.catalog.statuses import JobStatus

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class JobQuery:
    """What a list was asked for."""

    status: JobStatus | None = None
    """Empty for all."""
    search: str = ""
    """Empty for all."""
    page: int = 1
    """From 1."""

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return self.status is not None or bool(self.search)

    @property
    def url(self) -> str:
        """The address of the list; what is left to its default is not in it."""
        parts = {"status": self.status, "search": self.search, "page": self.page if self.page > 1 else None}
        asked = urlencode({name: value for name, value in parts.items() if value}, errors="replace")
        return f"/jobs?{asked}" if asked else "/jobs"


@dataclass(frozen=True, slots=True)
class JobListing:
    """The page of training jobs."""

    query: JobQuery
    filters: tuple[Filter, ...]
    jobs: tuple[JobLine, ...]
    pager: Pager
    is_empty: bool
    """This person has none at all, whatever was asked for."""

    @property
    def is_changing(self) -> bool:
        """Whether a line of it changes by itself."""
        return any(job.is_changing for job in self.jobs)


def job_listing(query: JobQuery, jobs: Sequence[JobLine], total: int, counts: Mapping[JobStatus, int]) -> JobListing:
    """The page. jobs: of the page asked for; total: of all its pages; counts: without any filter."""
    return JobListing(
        query=query,
        filters=tuple(_filters(query, counts)),
        jobs=tuple(jobs),
        pager=pager(query.page, total, PAGE_SIZE, lambda page: JobQuery(query.status, query.search, page).url),
        is_empty=not sum(counts.values()),
    )


def _filters(query: JobQuery, counts: Mapping[JobStatus, int]) -> list[Filter]:
    """Only those that some job has: there are many."""

    def link(status: JobStatus | None, label: str, count: int, tone: str) -> Filter:
        return Filter(label, count, JobQuery(status, query.search).url, query.status == status, tone)

    shown = [status for status, count in counts.items() if count or status == query.status]
    each = (link(status, BADGES[status].label, counts[status], BADGES[status].tone) for status in shown)
    return [link(None, "All", sum(counts.values()), ""), *each]
