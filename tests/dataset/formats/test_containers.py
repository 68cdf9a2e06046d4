"""A packed file gives what the plain one gives; where an archive breaks, the rows before the break are kept."""

import gzip
import hashlib
import io
import json
import re
from functools import cache
from random import Random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.formats import containers
from pipeline.dataset.formats.containers import FREE_BYTES, Compression, Expanded, compression_of
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.properties.formats_rows import BY_KIND, KINDS

STRUCTURE = Rules().structure_only()
OF_THE_BYTES = ("path", "bytes", "content_sha256", "compression")


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def zst_streamed(data: bytes) -> bytes:
    """Without the size of the content in its head, as a stream is packed."""
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(data) + packer.flush()


def gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)  # the same bytes at any second


PACKERS = {"gzip": gz, "zstd": zst, "zstd-streamed": zst_streamed}
packers = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)


@cache
def lines(name: str, count: int) -> bytes:
    return b"".join(line + b"\n" for line in BY_KIND[name].lines(Random(count), count))


def report_of(data: bytes, folder, rules: Rules = STRUCTURE):
    folder.mkdir(exist_ok=True)
    return profile_stream(io.BytesIO(data), folder, rules).as_dict("some.jsonl")


def unpacked(data: bytes, size: int = 2**16) -> tuple[bytes, str | None]:
    stream = Expanded(io.BytesIO(data), compression_of(data))
    text = b"".join(iter(lambda: stream.read(size), b""))
    return text, stream.broken.code if stream.broken else None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_packed_file_has_the_report_of_the_plain_one(kind, tmp_path):
    """But for what speaks of its bytes."""
    rows = kind.lines(Random(3), 20)
    data = b"\n".join([*rows, b'{"a": 1}', rows[0], b""])
    plain = report_of(data, tmp_path / "plain")
    assert (plain["compression"], plain["conversations"]) == ("none", 21)

    at = KINDS.index(kind) % len(PACKERS)  # no packer knows what is in it
    for name, pack in [*PACKERS.items()][at : at + 1]:
        packed = report_of(pack(data), tmp_path / name)

        assert packed["compression"] == ("gzip" if pack is gz else "zstd")
        assert (packed["bytes"], packed["content_sha256"]) == (len(pack(data)), hashlib.sha256(pack(data)).hexdigest())
        assert {k: v for k, v in packed.items() if k not in OF_THE_BYTES} == {
            k: v for k, v in plain.items() if k not in OF_THE_BYTES
        }, name


@packers
def test_a_packed_array_is_read(pack, tmp_path):
    data = json.dumps([BY_KIND["alpaca"].make(Random(n), n) for n in range(9)], indent=1).encode()

    report = report_of(pack(data), tmp_path)

    assert (report["container"], report["format"], report["conversations"]) == ("json-array", "alpaca", 9)


@packers
@given(pieces=st.lists(st.binary(max_size=40), max_size=4), size=st.integers(1, 50))
def test_members_are_joined_in_any_reading(pack, pieces, size):
    data = b"".join(map(pack, [b"x", *pieces]))

    assert unpacked(data, size) == (b"".join([b"x", *pieces]), None)


@packers
@given(text=st.binary(min_size=1, max_size=300), share=st.floats(0.3, 0.99))
def test_an_archive_that_is_cut_off_gives_its_beginning_and_says_so(pack, text, share):
    packed = pack(text)
    cut = max(4, int(share * len(packed)))

    beginning, code = unpacked(packed[:cut])

    assert text.startswith(beginning)
    assert code == "broken-archive"


@packers
def test_rows_before_the_break_are_kept(pack, tmp_path):
    data = lines("openai", 40_000)
    packed = pack(data)

    report = report_of(packed[: len(packed) // 2], tmp_path)

    (broken,) = [finding for finding in report["findings"] if finding["code"] == "broken-archive"]
    assert report["status"] == "error"
    assert report["conversations"] > 5_000
    assert (broken["line"], broken["severity"], broken["path"]) == (report["lines"], "error", "$")
    assert broken["message"].startswith("expected the archive's end, found it cut off; ")
    assert report["conversations"] + report["rejected_lines"] == report["lines"]


def test_an_archive_with_a_spoilt_byte_says_so(tmp_path):
    packed = bytearray(gzip.compress(lines("openai", 200)))
    packed[-6] ^= 1

    report = report_of(bytes(packed), tmp_path)

    assert report["finding_counts"] == {"broken-archive": 1}
    assert (report["status"], report["conversations"]) == ("error", 200)


@packers
def test_a_bomb_is_not_unpacked(pack, tmp_path):
    """What it would grow to is not read; what was read is kept."""
    row = lines("openai", 1)
    bomb = pack(row + b" " * (8 * FREE_BYTES))

    report = report_of(bomb, tmp_path)

    assert report["status"] == "error"
    assert report["finding_counts"]["expands-too-much"] == 1
    assert report["conversations"] == 1


def zst_long(data: bytes, *, is_size_known: bool) -> bytes:
    """As `zstd --long=31` packs, from a file or from a pipe."""
    settings = zstandard.ZstdCompressionParameters.from_level(3, window_log=31, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=settings).compressobj(size=len(data) if is_size_known else -1)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("is_size_known", [True, False])
def test_a_long_window_is_read_as_far_as_memory_allows(tmp_path, is_size_known):
    """It is taken as text comes, so what is smaller is read whole, whatever window it asks for."""
    data = lines("openai", 300)

    report = report_of(zst_long(data, is_size_known=is_size_known), tmp_path)

    assert zstandard.get_frame_parameters(zst_long(data, is_size_known=False)).window_size == 2**31
    assert (report["status"], report["conversations"]) == ("ready", 300)


@pytest.mark.parametrize("is_size_known", [True, False])
def test_a_window_that_is_too_large_says_what_to_do(tmp_path, monkeypatch, is_size_known):
    """And is not called a broken archive."""
    monkeypatch.setattr(containers, "MAX_WINDOW_BYTES", 2**20)
    data = lines("openai", 40_000)
    assert len(data) > 2**22

    report = report_of(zst_long(data, is_size_known=is_size_known) * 2, tmp_path)

    [found] = [finding for finding in report["findings"] if finding["code"] == "window-too-large"]
    assert (report["status"], report["finding_counts"].get("broken-archive")) == ("error", None)
    said = r"expected a Zstandard window of at most 1 MiB, found [\d,]+ MiB; pack it again: .*"
    assert re.fullmatch(said, found["message"])
    assert is_size_known or 1_000 < report["conversations"] < 40_000


def test_the_head_of_a_frame_may_come_in_pieces(tmp_path):
    class Dripping(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 3))

    packed = zst_long(lines("openai", 3), is_size_known=False)

    expanded = Expanded(Dripping(packed * 2), Compression.ZSTD)
    text = b"".join(iter(lambda: expanded.read(1_000), b""))

    assert (text, expanded.broken) == (lines("openai", 3) * 2, None)


@packers
@pytest.mark.parametrize("size", [1, 20, 4_096, 8_192])
def test_members_are_read_to_the_last_wherever_one_ends(pack, size, tmp_path):
    """Also just where what is at hand does: 3,000 small ones end at every place of it."""
    row = lines("plain-text", 1)
    packed = pack(row)
    stream = io.BytesIO(packed * 3_000 + b"\0" * 20_000)
    text = Expanded(stream, compression_of(packed))

    data = b"".join(iter(lambda: text.read(size), b""))

    assert (text.broken, data == row * 3_000) == (None, True)


@packers
def test_an_archive_of_more_text_than_is_taken_is_read_so_far(pack, tmp_path):
    data = lines("openai", 3_000)
    rules = Rules(Limits(max_unpacked_bytes=len(data) - 1))

    report = profile_stream(io.BytesIO(pack(data)), tmp_path, rules).as_dict("x")

    (finding,) = [each for each in report["findings"] if each["code"] == "unpacked-too-large"]
    assert (report["status"], finding["severity"], finding["path"]) == ("error", "error", "$")
    expected = f"expected at most {len(data) - 1:,} bytes of text in the archive, found more; "
    assert finding["message"].startswith(expected)
    assert report["conversations"] + report["rejected_lines"] == report["lines"]


@packers
def test_a_small_file_of_one_repeated_row_is_no_bomb(pack, tmp_path):
    data = lines("plain-text", 1) * 20_000

    report = report_of(pack(data), tmp_path)

    assert (report["conversations"], report["rejected_lines"]) == (20_000, 0)


@packers
def test_nothing_packed_is_an_empty_file(pack, tmp_path):
    assert report_of(pack(b""), tmp_path)["finding_counts"] == {"empty-file": 1}


def test_zeros_after_a_gzip_archive_are_padding():
    """As tape blocks leave them."""
    assert unpacked(gzip.compress(b"abc") + bytes(100)) == (b"abc", None)


@pytest.mark.parametrize("tail", [b"tail", b"\0\0x"])
def test_other_bytes_after_an_archive_are_a_fault(tail):
    assert unpacked(gzip.compress(b"abc") + tail) == (b"abc", "broken-archive")


@pytest.mark.parametrize(
    ("head", "compression"),
    [
        (gzip.compress(b"", mtime=0), Compression.GZIP),
        (zst(b""), Compression.ZSTD),
        (b"{}", Compression.NONE),
        (b"", Compression.NONE),
        (b"\x1f", Compression.NONE),
    ],
)
def test_the_first_bytes_say_how_it_is_packed(head, compression):
    assert compression_of(head) == compression


@packers
def test_an_archive_in_an_archive_is_no_text(pack, tmp_path):
    assert report_of(gzip.compress(pack(b"{}\n")), tmp_path)["finding_counts"] == {"binary-file": 1}


@packers
def test_workers_do_not_matter_to_a_packed_file(pack, tmp_path):
    path = tmp_path / "some.jsonl"
    path.write_bytes(pack(lines("sharegpt", 300)))
    reports = []
    for workers in (1, 3):
        folder = tmp_path / str(workers)
        folder.mkdir()
        reports.append(profile_path(path, folder, STRUCTURE, workers).as_dict("some.jsonl"))

    assert reports[0] == reports[1]
    assert reports[0]["conversations"] == 300
