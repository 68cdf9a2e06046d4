"""The list: filters that keep the search, a search that keeps the filter, pages that keep both."""

import pytest

from pipeline.service.pages.listing import Filter, Query, list_url, listing
from pipeline.service.pages.pager import Pager, pager
from tests.service.pages.attempt_cases import NOW
from tests.service.pages.dataset_cases import COUNTS, DATASETS


@pytest.mark.parametrize(
    ("query", "url"),
    [
        (Query(), "/datasets"),
        (Query("ready"), "/datasets?status=ready"),
        (Query("error", "a&b c", 3), "/datasets?status=error&search=a%26b+c&page=3"),
        (Query(search="\ud800"), "/datasets?search=%3F"),
    ],
)
def test_an_address_has_what_was_asked_for(query, url):
    assert list_url(query) == url


def test_filters_count_everything_and_keep_the_search():
    shown = listing(Query("ready", "talk", 2), [], 0, COUNTS, NOW)

    assert shown.filters == (
        Filter("All", 8, "/datasets?search=talk", False, ""),
        Filter("Uploading", 1, "/datasets?status=uploading&search=talk", False, "info"),
        Filter("Validating", 2, "/datasets?status=validating&search=talk", False, "warning"),
        Filter("Ready", 1, "/datasets?status=ready&search=talk", True, "good"),
        Filter("Error", 3, "/datasets?status=error&search=talk", False, "bad"),
        Filter("Not validated", 1, "/datasets?status=failed&search=talk", False, "bad"),
    )


def test_only_who_has_nothing_at_all_sees_the_beginning():
    nothing = dict.fromkeys(COUNTS, 0)

    assert listing(Query(search="x"), [], 0, COUNTS, NOW).is_empty is False
    assert listing(Query(), [], 0, nothing, NOW).is_empty is True
    assert [card.name for card in listing(Query(), DATASETS, 8, COUNTS, NOW).cards] == [d.name for d in DATASETS]


@pytest.mark.parametrize(
    ("page", "total", "shown"),
    [
        (1, 0, Pager(1, 1, 0, 0, 0, "", "")),
        (1, 10, Pager(1, 1, 1, 10, 10, "", "")),
        (1, 11, Pager(1, 2, 1, 10, 11, "", "p2")),
        (2, 11, Pager(2, 2, 11, 11, 11, "p1", "")),
        (9, 11, Pager(9, 2, 11, 11, 11, "p2", "")),
    ],
)
def test_the_way_through_pages(page, total, shown):
    assert pager(page, total, 10, lambda number: f"p{number}") == shown
