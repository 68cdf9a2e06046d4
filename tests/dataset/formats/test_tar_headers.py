"""A tar whose headers would cost the reader hours, or lead it astray, is refused before it sees them."""

import io
import json
import tarfile

import pytest

from pipeline.dataset.formats import tar_headers
from tests.dataset.formats.test_archive_text import OPENAI, ROWS, finding_of, report_of, tarred, zipped
from tests.dataset.formats.test_containers import gz

END = b"\0" * 1024


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = abs(size), kind
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    if size < 0:
        block[124:136] = size.to_bytes(12, "big", signed=True)
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def member(name: str, data: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    return header(name, len(data), kind) + data + b"\0" * (-len(data) % 512)


FILE = member("a.jsonl", OPENAI)
LONG_NAME = member("././@LongLink", b"b.jsonl\0", tarfile.GNUTYPE_LONGNAME)
NOTE = member("x", b"11 note=ab\n", tarfile.XHDTYPE)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (member("x", b"1" * 80_000, tarfile.XHDTYPE), "archive-not-read"),
        (member("x", b"1" * 80_000, tarfile.XGLTYPE), "archive-not-read"),
        (member("x", b"1" * 10_000, tarfile.XHDTYPE), "broken-archive"),
        (member("x", b"1010 note=" + b"1" * 999 + b"\n", tarfile.XHDTYPE), "broken-archive"),
        (member("x", b"11 note=abc", tarfile.XHDTYPE), "broken-archive"),
        (member("x", b"22 GNU.sparse.major=1\n", tarfile.XHDTYPE), "archive-not-read"),
        (header("a", 0, tarfile.GNUTYPE_SPARSE), "archive-not-read"),
        (LONG_NAME * 3_000, "archive-not-read"),
        (LONG_NAME * 9, "archive-not-read"),
        (member("././@LongLink", b"a" * 20_000, tarfile.GNUTYPE_LONGNAME), "archive-not-read"),
        (header("x", -1024, tarfile.XHDTYPE), "broken-archive"),
        (header("a.jsonl", -1024), "broken-archive"),
        (header("a", -512, tarfile.DIRTYPE), "broken-archive"),
        (member("x", b"14 size=-1024\n", tarfile.XHDTYPE), "broken-archive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_leads_the_reader_astray_is_refused(data, code, tmp_path):
    assert finding_of(data + FILE + END, tmp_path / "tar")[0] == code
    assert finding_of(gz(data + FILE + END), tmp_path / "gz")[0] == code


def test_of_one_whose_later_header_is_damaged_the_rows_before_are_read(tmp_path):
    report = report_of(FILE + header("b.jsonl", -1024) + END, tmp_path)

    assert (report["finding_counts"]["broken-archive"], report["conversations"]) == (1, 20)


@pytest.mark.parametrize(
    "data", [NOTE + FILE, LONG_NAME + FILE, NOTE + LONG_NAME + FILE, member("x", b"11 note=ab\n", b"g") + NOTE + FILE]
)
def test_one_with_headers_of_its_names_and_notes_is_read(data, tmp_path):
    report = report_of(data + END, tmp_path)

    assert (report["status"], report["finding_counts"], report["conversations"]) == ("ready", {}, 20)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_one_with_long_names_is_read(form, tmp_path):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for name in ("b", "a"):
            info = tarfile.TarInfo("d" * 200 + "/" + "é" * 90 + f"{name}.jsonl")
            info.size = len(ROWS[0])
            archive.addfile(info, io.BytesIO(ROWS[0]))

    assert report_of(made.getvalue(), tmp_path)["conversations"] == 2


def test_headers_of_many_files_are_bounded_together(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_headers, "_MOST_BYTES_TOGETHER", 30)

    data = b"".join(NOTE + member(f"{number}.jsonl", OPENAI) for number in range(3))

    assert finding_of(data + END, tmp_path)[1] == "expected at most 0 MiB of headers, found more"


@pytest.mark.parametrize("pack", [bytes, gz, lambda text: zipped({"a.jsonl": text}), lambda text: tarred({"a": text})])
def test_a_text_with_the_mark_of_a_tar_is_a_text(pack, tmp_path):
    row = json.loads(ROWS[0])
    row["messages"][0]["content"] = ""
    at = json.dumps(row).index('"content": "') + len('"content": "')
    row["messages"][0]["content"] = " " * (257 - at) + "ustar is a format"
    text = json.dumps(row).encode() + b"\n" + OPENAI
    assert text[257:262] == b"ustar"

    assert report_of(pack(text), tmp_path)["conversations"] == 21
