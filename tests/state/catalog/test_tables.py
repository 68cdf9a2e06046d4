"""Promises of `pipeline.state.catalog.tables`."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from pipeline.errors import CatalogError
from pipeline.state.catalog.tables import storable_json, storable_text
from tests.state.catalog.examples import NOON, READY, upload


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("plain", "plain"),
        ("nul\x00byte", "nul\ufffdbyte"),
        ("half\ud83d", "half\ufffd"),
        ("\ud83d\ude42", "🙂"),
        ("name\udcff", "name\ufffd"),
    ],
)
def test_text_that_no_database_stores_is_replaced(text, stored):
    assert storable_text(text) == stored


def test_json_is_cleaned_at_every_depth():
    value = {"a\x00": [1, 2.5, float("inf"), {"b": "\ud800"}], "c": (True, None)}

    assert storable_json(value) == {"a\ufffd": [1, 2.5, None, {"b": "\ufffd"}], "c": [True, None]}


def test_a_verdict_with_nul_and_lone_surrogates_is_stored(catalog):
    catalog.register_uploads([upload("d1", name="odd\x00name")], NOON)

    catalog.record_verdict(replace(READY, sample_data=[{"content": "a\x00b\ud800"}], message="\x00"), NOON)

    dataset = catalog.get("d1")
    assert (dataset.name, dataset.sample_data) == ("odd\ufffdname", [{"content": "a\ufffdb\ufffd"}])
    assert [n.message for n in catalog.notifications("ann")] == ["\ufffd"]


def test_times_come_back_aware_in_utc_to_the_microsecond(catalog):
    in_tokyo = NOON.astimezone(timezone(timedelta(hours=9)))

    catalog.register_uploads([upload("d1")], in_tokyo)

    created_at = catalog.get("d1").created_at
    assert (created_at, created_at.utcoffset()) == (NOON, timedelta(0))


def test_a_time_without_a_zone_is_refused(catalog):
    naive = datetime(2026, 3, 1, 12)  # noqa: DTZ001  that is the point

    with pytest.raises(CatalogError, match="expected a time with a time zone, found 2026-03-01T12:00:00"):
        catalog.register_uploads([upload("d1")], naive)
