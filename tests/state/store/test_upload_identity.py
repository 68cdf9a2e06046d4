"""Keys say whose upload it is; ids are readable, valid for Dagster, and stay what they are."""

import doctest
import re

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.state.store import safe_key, upload_identity
from pipeline.state.store.left_out import BACKSLASH, EMPTY_PART, HIDDEN, NOT_UTF8, UNFINISHED
from pipeline.state.store.upload_identity import (
    NO_OWNER,
    NOT_AN_UPLOAD,
    SUBFOLDER,
    UploadKey,
    dataset_id,
    new_dataset_id,
    owner_and_name,
)

MADE_ID = "a-0123456789abcdef"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("uploads/ana/train.jsonl", UploadKey("ana", "train.jsonl")),
        ("uploads/ana/notes.txt", UploadKey("ana", "notes.txt")),
        ("uploads/ana/no extension", UploadKey("ana", "no extension")),
        (f"uploads/ana/{MADE_ID}/train.jsonl", UploadKey("ana", "train.jsonl", MADE_ID)),
        ("uploads/ana/.train.jsonl", HIDDEN),
        ("uploads/ana/..x", HIDDEN),
        ("uploads/.ana/train.jsonl", HIDDEN),
        ("uploads/ana/train.jsonl.part", UNFINISHED),
        ("uploads/ana/../bob/train.jsonl", EMPTY_PART),
        ("uploads//train.jsonl", EMPTY_PART),
        ("uploads/ana/", EMPTY_PART),
        ("", EMPTY_PART),
        ("uploads/ana/a\\b", BACKSLASH),
        ("uploads/ana/caf\udce9", NOT_UTF8),
        ("lake/turns/1.parquet", NOT_AN_UPLOAD),
        ("uploads", NOT_AN_UPLOAD),
        ("uploads/train.jsonl", NO_OWNER),
        ("uploads/ana/spring/train.jsonl", SUBFOLDER),
        (f"uploads/ana/{MADE_ID.upper()}/train.jsonl", SUBFOLDER),
        (f"uploads/ana/{MADE_ID[1:]}/train.jsonl", SUBFOLDER),
        (f"uploads/ana/{'x' * 41}-0123456789abcdef/train.jsonl", SUBFOLDER),
        (f"uploads/ana/{MADE_ID}/b/train.jsonl", SUBFOLDER),
    ],
)
def test_a_key_names_an_upload_or_is_ignored_with_a_reason(key, expected):
    assert owner_and_name(key) == expected


def test_only_a_file_that_nobody_announced_is_a_drop():
    assert UploadKey("ana", "train.jsonl").is_drop
    assert not UploadKey("ana", "train.jsonl", MADE_ID).is_drop


@given(file_name=st.text(min_size=1), made_id=st.one_of(st.just(""), st.just(MADE_ID)))
def test_what_safe_key_makes_is_read_back(file_name, made_id):
    upload = owner_and_name(safe_key("ana", file_name, made_id))

    assert isinstance(upload, UploadKey)
    assert (upload.owner, upload.dataset_id) == ("ana", made_id)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Support Chat.jsonl", "support-chat-@"),
        ("客服对话.jsonl", "dataset-@"),
        ("Café & Bar (v2).final.jsonl", "cafe-bar-v2-final-@"),
        ("README", "readme-@"),
        ("x" * 60 + ".jsonl", "x" * 40 + "-@"),
        ("a" * 39 + "-b.jsonl", "a" * 39 + "-@"),
    ],
)
def test_an_id_begins_with_the_readable_part_of_the_name(name, expected):
    made_id = dataset_id("ana", f"uploads/ana/{name}", "etag:1")

    assert re.sub(r"[0-9a-f]{16}$", "@", made_id) == expected


def test_an_id_never_changes():
    """The examples in the module hold; ids are partition keys and rows of every installation."""
    assert doctest.testmod(upload_identity).failed == 0
    assert dataset_id("ana", "uploads/ana/a.jsonl", "etag:1") == "a-18c307696d0e6717"


parts = st.tuples(st.text(), st.text(), st.text())


@given(parts=parts)
def test_every_id_is_made_of_plain_characters(parts):
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}-[0-9a-f]{16}", dataset_id(*parts))


def test_an_id_is_a_partition_key_that_dagster_takes():
    made_id = dataset_id("ana", "uploads/ana/[a]...\n,b|c.jsonl", "etag:1")

    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("datasets", [made_id])
        assert instance.get_dynamic_partitions("datasets") == [made_id]


@given(one=parts, other=parts)
def test_other_owners_paths_or_versions_have_other_ids(one, other):
    assert (dataset_id(*one) == dataset_id(*other)) == (one == other)


def test_where_one_part_ends_and_the_next_begins_matters():
    assert len({dataset_id("ab", "c", "d"), dataset_id("a", "bc", "d"), dataset_id("a", "b", "cd")}) == 3


@given(file_name=st.text())
def test_each_id_that_is_made_is_known_for_one(file_name):
    for made_id in (new_dataset_id(file_name), dataset_id("ana", file_name, "etag:1")):
        assert owner_and_name(f"uploads/ana/{made_id}/x") == UploadKey("ana", "x", made_id)
