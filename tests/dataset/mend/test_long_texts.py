"""Long texts that lie in a file while their row is mended: nothing but memory shows it."""

import gzip
import json
import os
import re
import subprocess
import sys
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.formats.blocks_of_lines import BYTE_ORDER_MARK
from pipeline.dataset.mend import long_texts
from pipeline.dataset.mend.long_texts import LongTexts
from pipeline.dataset.model.conversation import Limits
from tests.dataset.mend.planting import Mended, mend_bytes, planted_rows
from tests.properties.formats_rows import KINDS, Kind
from tests.properties.hostile_files import files

LONGEST = Limits().max_line_bytes
PEAK_BYTES = 350_000_000  # beside what the program takes without any rows
LONG = "Tea, as Grüße from 茶 tell, 😀 is hot.\n" * 3_000
MEASURED = """
import resource, subprocess, sys

ended = subprocess.run(sys.argv[1:])
unit = 1 if sys.platform == "darwin" else 1024
print(ended.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit)
"""


def row(content: str, role: str = "user", identity: str = "a", *, is_ascii: bool = False) -> bytes:
    turns = [{"role": role, "content": "Hi"}, {"role": "assistant", "content": content}]
    return json.dumps({"conversation_id": identity, "turns": turns}, ensure_ascii=is_ascii).encode() + b"\n"


def filled(unit: bytes, *, role: bytes = b"user", end: bytes = b'."}]}') -> bytes:
    """A line of the greatest length, of which nearly all is one answer."""
    head = (
        b'{"conversation_id": "a", "turns": [{"role": "%b", "content": "Hi"}, {"role": "assistant", "content": "' % role
    )
    return head + unit * ((LONGEST - len(head) - len(end)) // len(unit)) + end + b"\n"


def with_all_long(data: bytes):
    """What comes of a file when texts of a few words are long ones already."""
    with patch.multiple(long_texts, LONG_BYTES=20, _EDGE_CHARACTERS=2, _PIECE_BYTES=16):
        return mend_bytes(data)


def what_came(mended: Mended) -> tuple[object, ...]:
    """All but words of messages, and the style of rows that were written again: where a text is long, it stays."""
    text = mended.out.removeprefix(BYTE_ORDER_MARK)
    rows = [text] if mended.mending.reading.container == "json-array" else text.split(b"\n")
    aside = [{**row, "findings": [each["code"] for each in row["findings"]]} for row in mended.aside]
    changes = [{**row, "after": None} for row in mended.changes]
    return mended.mending, [json.loads(row, parse_int=str) for row in rows if row.strip()], aside, changes


@given(data=files)
def test_a_hostile_file_is_mended_the_same_with_long_texts(data):
    plain = mend_bytes(data)

    assert what_came(with_all_long(data)) == what_came(plain)


@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32), as_array=st.booleans())
def test_rows_of_any_format_are_mended_the_same_with_long_texts(kind: Kind, seed, as_array):
    rows = planted_rows(kind, Random(seed), 4)
    data = b"[" + b",\n ".join(rows) + b"]" if as_array else b"".join(each + b"\n" for each in rows)

    assert what_came(with_all_long(data)) == what_came(mend_bytes(data))


@pytest.mark.parametrize("is_ascii", [True, False])
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_a_long_answer_is_trimmed_and_its_role_known_and_all_else_stays(is_ascii, name):
    mended = mend_bytes(row(f"  {LONG}", "human", is_ascii=is_ascii), name=name)

    out = gzip.decompress(mended.out) if name.endswith(".gz") else mended.out
    assert (out, mended.mending.is_ready) == (row(LONG.strip(), is_ascii=is_ascii), True)


def test_a_long_answer_that_repeats_another_once_both_are_trimmed_is_put_aside():
    again = row(f"\n {LONG}", identity="b", is_ascii=True)

    mended = mend_bytes(row(LONG) + again)

    assert (mended.out, [each["text"] for each in mended.aside]) == (row(LONG.strip()), [again.decode().strip()])


def test_a_long_row_that_repeats_is_put_aside_as_it_stood():
    again = row(LONG.strip(), identity="b")

    mended = mend_bytes(row(LONG.strip()) + again)

    assert (mended.out, [each["text"] for each in mended.aside]) == (row(LONG.strip()), [again.decode().strip()])


@pytest.mark.parametrize(
    ("content", "is_shortened"),
    [
        ("a" * 70_000, True),
        ("a" * 60_000, False),  # short
        ('{"a": "' + "a" * 70_000, False),  # may be a call
        (" " * 70_000, False),  # may be nothing
        ("a" * 70_000 + "\n\t " * 600, True),
        ("a" * 70_000 + " " * 5_000, False),  # white at its end
        ("a" * 35_000 + "\0" + "a" * 35_000, False),
        ("a" * 35_000 + "\ud83d" + "a" * 35_000, False),
        ("\\" * 70_001, True),
    ],
)
def test_only_texts_that_nobody_looks_into_are_shortened(tmp_path, content, is_shortened):
    text = json.dumps({"conversation_id": "a", "turns": [{"role": "user", "content": content}]}).encode()

    with LongTexts(tmp_path / "texts", Limits()) as kept:
        short, places = kept.shortened(text)
        whole = b"".join(kept.whole(short, places))

    assert (len(short) < 5_000, bool(places), whole == text) == (is_shortened, is_shortened, True)


def test_a_text_without_an_end_is_looked_at_once(tmp_path):
    """Hours, if each of its quotes were a beginning."""
    row = b'{"text": "' + rb"\"" * 400_000

    with LongTexts(tmp_path / "texts", Limits()) as kept:
        assert kept.shortened(row) == (row, {})


def test_a_row_that_its_new_id_would_make_too_long_keeps_its_id():
    first, again = row(LONG.strip()), row(f"{LONG}!")
    longest = Limits(max_line_bytes=len(again) - 1)

    mended = mend_bytes(first + again, limits=longest)

    assert (mended.out, mended.mending.is_ready) == (first + again, True)
    assert mend_bytes(first + again).out != mended.out


@pytest.fixture(scope="module")
def usual_bytes(tmp_path_factory):
    """What the program takes without any rows."""
    _, peak_bytes = _mended(tmp_path_factory.mktemp("short") / "short.jsonl", b'{"messages": []}\n')
    return peak_bytes


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: filled(rb"caf\u00e9 \ud83d\ude00 \n", role=b"human"), 0),
        (lambda: filled(b"The quick brown fox. ", end=b'."}') * 2, 1),
    ],
    ids=["escapes", "two-invalid"],
)
def test_a_line_of_the_greatest_length_takes_bounded_memory(tmp_path, usual_bytes, make, code):
    """A process between ours and the command, since a child's peak begins with the size of its parent."""
    ended, peak_bytes = _mended(tmp_path / "long.jsonl", make())

    assert ended == code
    assert peak_bytes - usual_bytes <= PEAK_BYTES


def _mended(path, content):
    """The exit code, and the most memory; how much of libraries is counted depends on the kernel."""
    path.write_bytes(content)
    command = [sys.executable, "-m", "pipeline.cli", "mend", str(path), "-o", str(path.with_suffix(".out"))]
    told = subprocess.run([sys.executable, "-c", MEASURED, *command], capture_output=True, check=True, env=os.environ)
    return map(int, re.findall(rb"\d+", told.stdout.splitlines()[-1]))
