"""Whose place a dataset takes that replaces another, and when."""

from dataclasses import replace

import pytest

from pipeline.errors import Conflicting
from pipeline.state.catalog.dataset_records import AnnouncedUpload
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, READY


@pytest.fixture
def old(catalog):
    announced(catalog, "old")
    decided(catalog, "old")
    return "old"


def announced(catalog, dataset_id, replaces=None):
    path = f"uploads/ann/{dataset_id}/talk.jsonl"
    wanted = AnnouncedUpload(dataset_id, dataset_id, "bucket", path, "talk.jsonl", 100, replaces=replaces)
    catalog.create_upload(wanted, "ann", NOON)
    catalog.confirm_upload(dataset_id, "ann", f"bytes-of-{dataset_id}", f"seen-{dataset_id}", NOON)


def decided(catalog, dataset_id, now=LATER, **verdict):
    found = replace(READY, dataset_id=dataset_id, content_version=f"bytes-of-{dataset_id}", **verdict)
    catalog.record_verdict(found, now)


def is_there(catalog, dataset_id):
    return catalog.get(dataset_id).deleted_at is None


def test_what_is_brought_back_stays_whatever_is_validated_again(catalog, old):
    announced(catalog, "new", old)
    decided(catalog, "new")
    assert not is_there(catalog, old)
    catalog.restore(old, "ann", LATER)
    catalog.request_again(["new"], MUCH_LATER)
    decided(catalog, "new", MUCH_LATER, run_id="another")

    assert is_there(catalog, old)


def test_what_was_deleted_meanwhile_takes_no_place(catalog, old):
    announced(catalog, "new", old)
    catalog.soft_delete("new", "ann", NOON)
    decided(catalog, "new")

    assert is_there(catalog, old)


def test_two_do_not_take_the_same_place(catalog, old):
    announced(catalog, "new", old)
    with pytest.raises(Conflicting, match="old is being replaced by new: replace that one"):
        announced(catalog, "other", old)
    decided(catalog, "new", status="error")
    announced(catalog, "other", old)  # the first came to nothing
    decided(catalog, "other")

    assert (is_there(catalog, old), is_there(catalog, "other")) == (False, True)
