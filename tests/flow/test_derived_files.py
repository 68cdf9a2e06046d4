"""Files made of a dataset's upload: the same bytes, mended, in another format; and what mending would change."""

import json

import pytest
import zstandard

from pipeline.contract.mend_values import MendCount
from pipeline.dataset.model.conversation import Limits
from pipeline.errors import ObjectChanged, TooLarge
from pipeline.flow import derived_files
from pipeline.flow.derived_files import converted_pieces, mend_preview, mended_file, original_pieces
from pipeline.state.store import make_store
from tests.browsed import browsed, chat

HUMAN = chat(("human", "Hello"), ("assistant", "Hi there."))
CONTENT = b"".join(
    (*(chat(("user", f"Question {n}?"), ("assistant", f"Answer {n}.")) for n in range(200)), HUMAN, b"\n")
)


@pytest.fixture(scope="module")
def upload(tmp_path_factory):
    found = browsed(tmp_path_factory.mktemp("derived"), CONTENT)
    return make_store(found.settings), found.dataset


def test_the_original_is_the_same_bytes_and_other_bytes_are_none(tmp_path):
    found = browsed(tmp_path, CONTENT)
    store = make_store(found.settings)

    assert b"".join(original_pieces(store, found.dataset)) == CONTENT
    store.local_path(found.dataset.storage_path).write_bytes(CONTENT.swapcase())
    with pytest.raises(ObjectChanged, match="does not hold the bytes"):
        original_pieces(store, found.dataset)


def test_accepted_rows_are_written_in_another_format(upload):
    rows = [json.loads(line) for line in b"".join(converted_pieces(*upload, "sharegpt", Limits())).splitlines()]

    assert len(rows) == 201
    assert rows[1] == {
        "conversations": [{"from": "human", "value": "Question 1?"}, {"from": "gpt", "value": "Answer 1."}]
    }


def test_a_preview_says_what_the_mended_file_then_is(upload):
    preview = mend_preview(*upload, Limits())
    with mended_file(*upload, Limits()) as (path, mending):
        mended = path.read_bytes()

    assert (preview.lines_in, preview.lines_out, preview.lines_changed, preview.lines_aside) == (202, 201, 1, 1)
    assert (preview.is_ready, mending.is_ready, path.name) == (True, True, "rows.mended.jsonl")
    assert preview.mended == [
        MendCount(code="blank-line", what="put aside", count=1),
        MendCount(code="unknown-role", what="role written as trainers know it", count=1),
    ]
    example = next(each for each in preview.examples if each.code == "unknown-role")
    assert (example.row, '"human"' in example.before, '"user"' in example.after) == (201, True, True)
    assert mended == CONTENT.replace(b'"human"', b'"user"')[:-1]


def test_only_the_first_examples_of_a_kind_are_kept(tmp_path):
    found = browsed(tmp_path, HUMAN.replace(b"Hello", b"1") + HUMAN.replace(b"Hello", b"2") + HUMAN * 4)

    preview = mend_preview(make_store(found.settings), found.dataset, Limits())

    assert [each.row for each in preview.examples if each.code == "unknown-role"] == [1, 2, 3]


def test_a_large_upload_is_mended_in_the_terminal(upload, monkeypatch):
    monkeypatch.setattr(derived_files, "MOST_MENDED_BYTES", 10)

    with pytest.raises(TooLarge, match="at most 10 bytes to be mended here"):
        mend_preview(*upload, Limits())


BOMB = zstandard.compress(
    b"".join(chat(("human", f"Question {n}?"), ("assistant", "Hi. " * 500)) for n in range(2_000))
)


@pytest.fixture(scope="module")
def bomb(tmp_path_factory):
    found = browsed(tmp_path_factory.mktemp("bomb"), BOMB)
    return make_store(found.settings), found.dataset


def test_what_validation_does_not_unpack_is_not_unpacked_to_convert_or_mend_it(bomb):
    limits = Limits(max_unpacked_bytes=2**20)

    converted = sum(map(len, converted_pieces(*bomb, "sharegpt", limits)))
    preview = mend_preview(*bomb, limits)

    assert converted < 2**20
    assert preview.refusal.startswith("expected at most 1,048,576 bytes of text in the archive, found more")
    assert preview.lines_in == 0


def test_a_small_archive_of_much_text_is_mended_in_the_terminal(bomb, monkeypatch):
    monkeypatch.setattr(derived_files, "MOST_MENDED_BYTES", 2**20)

    with pytest.raises(TooLarge, match=r"at most 1\.0 MB to be mended here, found an archive with more text: mend"):
        mend_preview(*bomb, Limits())
