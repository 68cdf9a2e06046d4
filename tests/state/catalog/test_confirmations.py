"""Promises of `pipeline.state.catalog.confirmations`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.errors import DatasetNotFound, ObjectChanged, UsageError
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, start_upload, upload


def test_an_announced_upload_waits_for_its_bytes(catalog):
    dataset = start_upload(catalog, "d1")

    assert dataset == catalog.get("d1")
    assert (dataset.status, dataset.file_size, dataset.content_version, dataset.created_at) == (
        "uploading",
        100,
        None,
        NOON,
    )


def test_announcing_an_upload_twice_changes_nothing(catalog):
    first = start_upload(catalog, "d1")
    confirmed = catalog.confirm_upload("d1", "ann", "v1", "etag-1", LATER)

    assert first.status == "uploading"
    assert start_upload(catalog, "d1") == confirmed


@pytest.mark.parametrize(
    ("dataset_id", "path", "user_id"),
    [("d1", "elsewhere", "ann"), ("d2", "taken", "ann"), ("d1", "taken", "bob")],
)
def test_an_id_or_path_that_is_taken_is_refused(catalog, dataset_id, path, user_id):
    start_upload(catalog, "d1", path="taken")

    with pytest.raises(UsageError) as caught:
        start_upload(catalog, dataset_id, path=path, user_id=user_id)

    expected = (
        f"expected an id and a path that are free, found another dataset with the id {dataset_id} or at {path}: "
        f"start the upload again, with a new id"
    )
    assert str(caught.value) == expected


def test_confirming_an_upload_starts_its_validation(catalog):
    started = start_upload(catalog, "d1")

    confirmed = catalog.confirm_upload("d1", "ann", "v1", "etag-1", LATER, file_size=99)

    expected = replace(
        started,
        status="validating",
        content_version="v1",
        observed_version="etag-1",
        updated_at=LATER,
        file_size=99,
    )
    assert confirmed == expected
    assert catalog.unrequested(10, NOON) == [expected]


def test_confirming_twice_changes_nothing(catalog):
    start_upload(catalog, "d1")
    first = catalog.confirm_upload("d1", "ann", "v1", "etag-1", LATER)

    assert catalog.confirm_upload("d1", "ann", "v1", "etag-1", MUCH_LATER) == first


def test_confirming_other_bytes_is_refused(catalog):
    start_upload(catalog, "d1", path="p")
    catalog.confirm_upload("d1", "ann", "v1", "etag-1", LATER)

    with pytest.raises(ObjectChanged) as caught:
        catalog.confirm_upload("d1", "ann", "v2", "etag-2", MUCH_LATER)

    expected = (
        "p: expected the content version v1 that was confirmed for 'd1' (id d1), found v2: upload other bytes as a "
        "new dataset"
    )
    assert str(caught.value) == expected


def test_another_users_upload_cannot_be_confirmed(catalog):
    started = start_upload(catalog, "d1")

    with pytest.raises(DatasetNotFound) as caught:
        catalog.confirm_upload("d1", "bob", "v1", "etag-1", LATER)

    assert str(caught.value) == "expected the id of a dataset of bob, found 'd1': list the datasets first"
    assert catalog.get("d1") == started


def test_unconfirmed_uploads_are_listed_once_they_are_old(catalog):
    started = start_upload(catalog, "d1")
    start_upload(catalog, "deleted")
    deleted = catalog.soft_delete("deleted", "ann", NOON)
    start_upload(catalog, "confirmed")
    catalog.confirm_upload("confirmed", "ann", "v1", "etag-1", NOON)
    catalog.register_uploads([upload("dropped")], NOON)

    assert catalog.unconfirmed(NOON) == []
    assert catalog.unconfirmed(NOON + timedelta(seconds=1)) == [started, deleted]


def test_an_upload_that_is_given_up_tells_its_owner_why_once(catalog):
    started = start_upload(catalog, "d1")

    assert catalog.give_up_upload("d1", "expected 100 bytes, found 50", LATER)
    assert not catalog.give_up_upload("d1", "expected 100 bytes, found 50", MUCH_LATER)

    failure = "expected 100 bytes, found 50"
    assert catalog.get("d1") == replace(started, status="error", updated_at=LATER, failure=failure)
    told = [(n.kind, n.dataset_id, n.title, n.message, n.created_at) for n in catalog.notifications("ann")]
    assert told == [
        (
            "upload_expired",
            "d1",
            "Upload of d1 expired",
            "The upload of train.jsonl was started on 2026-03-01 12:00 UTC and never confirmed: expected 100 bytes, "
            "found 50; start it again to have it validated.",
            LATER,
        )
    ]


def test_nobody_hears_of_a_deleted_upload_that_is_given_up(catalog):
    start_upload(catalog, "d1")
    catalog.soft_delete("d1", "ann", NOON)

    assert catalog.give_up_upload("d1", "why", LATER)

    assert (catalog.get("d1").status, catalog.notifications("ann")) == ("error", [])


def test_a_confirmed_upload_is_not_given_up(catalog):
    start_upload(catalog, "d1")
    confirmed = catalog.confirm_upload("d1", "ann", "v1", "etag-1", LATER)

    assert not catalog.give_up_upload("d1", "why", MUCH_LATER)
    assert catalog.get("d1") == confirmed


def test_an_upload_that_was_given_up_comes_back_when_its_bytes_came_late(catalog):
    start_upload(catalog, "d1")
    catalog.give_up_upload("d1", "why", LATER)

    confirmed = catalog.confirm_upload("d1", "ann", "v1", "etag-1", MUCH_LATER)

    assert (confirmed.status, confirmed.content_version) == ("validating", "v1")
    assert catalog.unrequested(10, MUCH_LATER) == [confirmed]


def test_a_file_dropped_at_an_expired_uploads_path_is_a_new_dataset(catalog):
    start_upload(catalog, "d1", path="p")
    catalog.give_up_upload("d1", "why", LATER)

    ids = catalog.register_uploads([upload("d2", path="p")], MUCH_LATER)

    assert ids == ["d2"]
    assert catalog.get("d1").superseded_by == "d2"
