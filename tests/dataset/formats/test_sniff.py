"""A file that is no JSON Lines text at all gets one sentence, and text is never taken for anything else."""

import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.formats.sniff import HEAD_BYTES, sniff


def zip_archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.jsonl", "{}")
    return stream.getvalue()


def parquet_file() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), stream)
    return stream.getvalue()


def arrow_file() -> bytes:
    stream = io.BytesIO()
    table = pa.table({"a": [1]})
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (zip_archive(), "a ZIP archive"),
        (parquet_file(), "a Parquet file"),
        (arrow_file(), "an Arrow file"),
        (gzip.compress(b"{}"), "a gzip archive"),
        (b"\x28\xb5\x2f\xfd" + bytes(9), "a Zstandard archive"),
        (b"BZh91AY&SY", "a bzip2 archive"),
        (b"\xfd7zXZ\0" + bytes(9), "an xz archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(9), "a 7z archive"),
        (b"SQLite format 3\0" + bytes(9), "an SQLite database"),
        (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(9), "a document of old Office"),
        (b"Obj\x01\x04\x14avro.codec", "an Avro file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(9), "an HDF5 file"),
        (b"\x93NUMPY\x01\0v\0{'descr'", "a NumPy array"),
        (b"\x7fELF\x02\x01\x01\0", "a program"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_archive_or_a_table_is_named(data, name):
    finding = sniff(data[:HEAD_BYTES])

    assert finding is not None
    assert (finding.line, finding.byte_offset, finding.code, finding.path) == (1, 0, "binary-file", "$")
    assert finding.fault == f"expected JSON Lines text, found {name}"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_characters_are_noticed_with_or_without_a_mark(encoding):
    finding = sniff('{"conversation_id":'.encode(encoding)[:HEAD_BYTES])

    assert finding is not None
    assert finding.code == "utf16-file"


@pytest.mark.parametrize(
    ("mark", "name"),
    [(b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32")],
)
def test_a_mark_says_which_encoding(mark, name):
    finding = sniff(mark)

    assert finding is not None
    assert finding.fault == f"expected UTF-8, found the byte order mark of {name}"


def test_a_file_of_nothing_but_nul_is_not_taken_for_utf_16():
    """Recoding it would not help."""
    finding = sniff(bytes(HEAD_BYTES))

    assert finding is not None
    assert (finding.code, finding.fault) == (
        "binary-file",
        "expected JSON Lines text, found NUL bytes, as a power cut or a broken copy leaves them",
    )


def test_an_empty_file_is_told():
    finding = sniff(b"")

    assert finding is not None
    assert (finding.code, finding.fault) == ("empty-file", "expected at least one line, found an empty file")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(str.encode))
def test_text_without_nul_is_left_to_the_reader_unless_it_begins_like_an_archive(data):
    finding = sniff(data[:HEAD_BYTES])

    assert finding is None or data.startswith((b"PAR1", b"BZh", b"ARROW1", b"PK\x03\x04"))


@pytest.mark.parametrize("data", [b"\n", b"{", b"\xef\xbb\xbf{}", b'{"a":1}\n', b"\0", b"P", b"\xff", b"\xff{}"])
def test_what_may_be_text_is_read(data):
    assert sniff(data) is None
