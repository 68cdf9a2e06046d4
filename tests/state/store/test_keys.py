"""Names that people type become keys that every store takes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.state.store.keys import check_key, is_listed, key_problem, safe_file_name, safe_key, safe_owner

# The characters that have meaning somewhere come often.
names = st.text(st.one_of(st.sampled_from("/\\.~-_ \0\n\u202eé😀a"), st.characters()), max_size=300)


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [
        ("train.jsonl", "train.jsonl"),
        ("My chats (final) #2.jsonl", "My chats (final) #2.jsonl"),
        ("客服对话.jsonl", "客服对话.jsonl"),
        ("cafe\u0301.jsonl", "caf\u00e9.jsonl"),
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\train.jsonl", "train.jsonl"),
        ("folder/", "folder"),
        (".hidden.jsonl", "hidden.jsonl"),
        ("a\nb\tc\0d.jsonl", "a b cd.jsonl"),
        ("lnosj.\u202etrain", "lnosj.train"),
        ("half.part", "half.part_"),
        ("notes~", "notes~_"),
        ("", "upload"),
        ("...", "upload"),
        ("x" * 300 + ".jsonl", "x" * 194 + ".jsonl"),
        ("é" * 300 + ".jsonl", "é" * 97 + ".jsonl"),
        ("a." + "x" * 300, "a." + "x" * 198),
    ],
)
def test_a_file_name_stays_readable_and_becomes_safe(file_name, expected):
    assert safe_file_name(file_name) == expected


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("ana", "ana"),
        ("ana@example.org", "ana@example.org"),
        ("team/ana", "team-ana~6b2e27279e92870e"),
        ("team-ana", "team-ana"),
        ("", "owner~e3b0c44298fc1c14"),
        ("..", "owner~5ec1f7e700f37c3d"),
    ],
)
def test_an_owner_becomes_a_folder_name(owner, expected):
    assert safe_owner(owner) == expected


def test_a_key_names_owner_and_file_and_the_dataset_if_the_service_made_one():
    assert safe_key("ana", "a.jsonl") == "uploads/ana/a.jsonl"
    assert safe_key("ana", "a.jsonl", "set-1") == "uploads/ana/set-1/a.jsonl"


@given(owner=names, file_name=names, dataset_id=st.one_of(st.just(""), names))
def test_every_safe_key_is_accepted_listed_short_and_normal(owner, file_name, dataset_id):
    key = safe_key(owner, file_name, dataset_id)

    check_key(key)
    assert is_listed(key)
    assert len(key.split("/")) == (4 if dataset_id else 3)
    assert max(len(part.encode()) for part in key.split("/")) <= 220
    assert unicodedata.is_normalized("NFC", key)
    assert not any(unicodedata.category(c) == "Cc" for c in key)


@given(key=names)
def test_what_is_listed_is_valid_visible_and_finished(key):
    is_visible = not any(part.startswith(".") for part in key.split("/"))
    is_finished = not key.endswith((".part", ".tmp", "~"))

    assert is_listed(key) == (is_visible and is_finished and key_problem(key) == "")


@given(name=names)
def test_a_safe_file_name_is_left_as_it_is(name):
    safe = safe_file_name(name)

    assert safe_file_name(safe) == safe


@given(one=names, other=names)
def test_two_owners_never_share_a_folder(one, other):
    folders = {safe_owner(owner) for owner in (one, other, safe_owner(one), safe_owner(other))}
    owners = {one, other, safe_owner(one), safe_owner(other)}

    assert len(folders) == len(owners)
