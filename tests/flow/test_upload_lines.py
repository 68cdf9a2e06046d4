"""Lines of an upload, read once more: what a finding speaks of is marked, however the upload is packed."""

import gzip
import io
import json
import zipfile
from dataclasses import replace

import pytest

from pipeline.contract.finding_record import FindingRecord
from pipeline.contract.marked_line import MarkedLine
from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.flow import upload_lines
from pipeline.flow.upload_lines import LOOK_BYTES, UploadLines
from pipeline.settings import load_settings
from pipeline.state.store import make_store
from tests.service.pages.dataset_cases import READY_DATASET

ROW = '{"turns": [{"role": "human", "content": "é"}]}\n'.encode()


@pytest.fixture
def upload(tmp_path):
    """Keeps bytes in a store; returns their lines."""
    store = make_store(load_settings(data_dir=tmp_path))

    def kept(content: bytes, container: str = "jsonl", compression: str = "none") -> UploadLines:
        path = tmp_path / "uploads" / "ana" / "file"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        stored = store.stat("uploads/ana/file")
        dataset = replace(
            READY_DATASET,
            storage_path="uploads/ana/file",
            file_size=len(content),
            observed_version=stored.observed_version,
            content_version=store.content_version(stored),
        )
        return UploadLines(store, dataset, container, compression)

    return kept


def found(offset: int, path: str = "$.turns[0].role", code: str = "unknown-role") -> FindingRecord:
    return FindingRecord.of(Finding(1, offset, code, path, Mismatch("x", "y")).as_row())


MARKED = MarkedLine('{"turns": [{"role": ', '"human"', ', "content": "é"}]}', 21)


@pytest.mark.parametrize("distance", [0, LOOK_BYTES - len(ROW), 3 * LOOK_BYTES])
@pytest.mark.parametrize(("pack", "compression"), [(bytes, "none"), (gzip.compress, "gzip")])
def test_each_finding_gets_its_line_wherever_it_stands(upload, pack, compression, distance):
    content = ROW + b" " * distance + ROW + ROW
    lines = upload(pack(content), compression=compression)

    last = len(content) - len(ROW)

    assert lines.marked([found(last), found(0), found(last)]) == [MARKED] * 3


def test_a_row_of_an_array_ends_with_its_value_and_stands_on_one_line(upload):
    rows = json.dumps([{"turns": [{"role": "human"}]}, {"turns": []}], indent=1).encode()

    [line] = upload(rows, "json-array").marked([found(rows.index(b"{"))])

    assert (line.marked, line.after.strip()) == ('"human"', "}   ]  }")


def test_a_row_of_a_table_has_no_mark_as_its_path_leads_nowhere_there(upload):
    assert upload(b"role,content\nhuman,hello\n", "csv").marked([found(13)]) == [
        MarkedLine("human,hello", "", "", None)
    ]


def test_a_long_line_is_cut_and_what_lies_beyond_is_not_shown(upload):
    long = b'{"a": "' + b"x" * 2 * LOOK_BYTES + b'", "turns": 1}\n'

    lines = upload(long).marked([found(0, "$.a"), found(0, "$.turns")], width=40)

    assert (lines[0].marked[:3], lines[0].marked[-1], lines[1]) == ('"xx', "…", None)


def test_what_cannot_be_printed_is_escaped(upload):
    [line] = upload(b'{"a": "\x1b[31m\xe2\x80\xae\xff"}\n').marked([found(0, "$.a")])

    assert line.marked == '"\\x1b[31m\\u{202e}\\xff"'


def test_a_finding_of_the_whole_file_and_one_too_far_into_a_packed_one_have_none(upload, monkeypatch):
    monkeypatch.setattr(upload_lines, "UNPACKED_BYTES", len(ROW) - 1)

    lines = upload(gzip.compress(ROW * 2), compression="gzip")

    assert lines.marked([found(0, "$", "mixed-languages"), found(len(ROW)), found(0)]) == [None, None, MARKED]


def test_other_bytes_and_none_have_no_lines_and_the_same_bytes_with_another_time_have(upload, tmp_path):
    lines = upload(ROW)

    (tmp_path / "uploads" / "ana" / "file").write_bytes(ROW)
    assert lines.marked([found(0)]) == [MARKED]

    (tmp_path / "uploads" / "ana" / "file").write_bytes(ROW.swapcase())
    assert lines.marked([found(0)]) == [None]

    (tmp_path / "uploads" / "ana" / "file").unlink()
    assert lines.marked([found(0)]) == [None]


@pytest.mark.parametrize(("container", "compression"), [("jsonl", "zip"), ("jsonl", "tar"), ("parquet", "none")])
def test_a_large_archive_is_not_copied_to_show_a_line_of_it(upload, monkeypatch, container, compression):
    monkeypatch.setattr(upload_lines, "COPIED_BYTES", len(ROW) - 1)
    monkeypatch.setattr(upload_lines, "open_text", None)  # nothing is opened

    assert upload(ROW, container, compression).marked([found(0)]) == [None]


def test_a_small_archive_shows_its_lines(upload):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("rows.jsonl", ROW)

    assert upload(packed.getvalue(), compression="zip").marked([found(0)]) == [MARKED]
