"""The way through the pages of any list."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pager:
    """Where one is, and the neighbours; empty addresses where there are none."""

    page: int
    pages: int
    first: int
    """Items shown, from 1."""
    last: int
    """Items shown, from 1."""
    total: int
    previous_url: str
    next_url: str


def pager(page: int, total: int, size: int, url: Callable[[int], str]) -> Pager:
    """The pager of a page. size: items on a page. A page past the end leads back to the last one."""
    pages = max(1, -(-total // size))
    return Pager(
        page=page,
        pages=pages,
        first=min((page - 1) * size + 1, total),
        last=min(page * size, total),
        total=total,
        previous_url=url(min(page - 1, pages)) if page > 1 else "",
        next_url=url(page + 1) if page < pages else "",
    )
