"""Promises of `pipeline.state.catalog.quotas`."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pipeline.errors import OverQuota
from pipeline.state.catalog.catalog import Catalog
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, start_upload, upload


def test_current_datasets_count_from_the_announcement_on(catalog):
    catalog.register_uploads([replace(upload("dropped"), file_size=1)], NOON)
    for number, dataset_id in enumerate(["uploading", "deleted", "expired", "replaced"]):
        start_upload(catalog, dataset_id, file_size=10 ** (number + 1))
    start_upload(catalog, "of-bob", user_id="bob", file_size=7)
    before = catalog.used_bytes("ann")

    catalog.soft_delete("deleted", "ann", LATER)
    catalog.confirm_upload("replaced", "ann", "bytes", "seen", NOON)
    path = catalog.get("replaced").storage_path
    catalog.register_uploads([replace(upload("newer", path=path), file_size=100_000)], LATER)
    catalog.confirm_upload("uploading", "ann", "bytes", "seen", NOON)
    for each in catalog.unconfirmed(LATER):
        catalog.give_up_upload(each.id, "not all bytes arrived", LATER)

    assert (before, catalog.used_bytes("ann"), catalog.used_bytes("bob")) == (11_111, 100_011, 0)


def test_an_upload_that_does_not_fit_leaves_no_row(catalog):
    start_upload(catalog, "first", file_size=900, quota_bytes=1_000)

    with pytest.raises(OverQuota) as caught:
        start_upload(catalog, "second", file_size=101, quota_bytes=1_000)
    start_upload(catalog, "third", file_size=100, quota_bytes=1_000)

    assert str(caught.value) == (
        "expected at most 100 bytes, which is what is left of your 1,000, found 101: delete datasets, or ask the "
        "operator for more (LORA_QUOTA_BYTES)"
    )
    assert {each.id for each in catalog.list_datasets("ann").items} == {"first", "third"}


def test_the_same_announcement_again_needs_no_more_room(catalog):
    first = start_upload(catalog, "first", file_size=900, quota_bytes=1_000)

    assert start_upload(catalog, "first", file_size=900, quota_bytes=1_000) == first


def test_of_many_at_once_only_those_come_in_that_fit(url):
    def announce(number: int) -> bool:
        with Catalog.open(url) as catalog:
            try:
                start_upload(catalog, f"d{number}", file_size=300, quota_bytes=1_000)
            except OverQuota:
                return False
            return True

    Catalog.open(url).close()
    with ThreadPoolExecutor(8) as pool:
        came_in = list(pool.map(announce, range(16)))

    with Catalog.open(url) as catalog:
        assert (sum(came_in), catalog.used_bytes("ann")) == (3, 900)


def test_a_deleted_dataset_needs_room_to_come_back(catalog):
    start_upload(catalog, "first", file_size=900)
    catalog.soft_delete("first", "ann", LATER)
    start_upload(catalog, "second", file_size=900)

    with pytest.raises(OverQuota):
        catalog.restore("first", "ann", MUCH_LATER, 1_000)

    assert catalog.get("first").deleted_at == LATER
    assert catalog.restore("second", "ann", MUCH_LATER, 1_000).deleted_at is None  # it is there already
    catalog.soft_delete("second", "ann", MUCH_LATER)
    assert catalog.restore("first", "ann", MUCH_LATER, 1_000).deleted_at is None


def test_a_file_that_replaces_another_needs_room_for_the_difference(catalog):
    catalog.register_uploads([replace(upload("d1", path="uploads/ann/a.jsonl"), file_size=900)], NOON)

    catalog.check_quota("ann", "uploads/ann/a.jsonl", 1_000, 1_000)

    with pytest.raises(OverQuota):
        catalog.check_quota("ann", "uploads/ann/b.jsonl", 101, 1_000)
    with pytest.raises(OverQuota):
        catalog.check_quota("ann", "uploads/ann/a.jsonl", 1_001, 1_000)
