"""Rows that come again and again are what each of them is alone, and each is looked at once a block."""

import io
from random import Random

import pyarrow.parquet as pq
import pytest

from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.profiles.part import ANSWERS, FINGERPRINTS, SIGNATURES, profile_part
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.reading import rows_again
from pipeline.dataset.reading.rows_again import read_once
from tests.engine_blocks import LIMITS, block_of
from tests.properties.mutated_rows import file_of

ODD = (
    b"",
    b"1",
    b"{",
    b'{"messages":[]}',
    b'{"text":"a","text":"b"}',
    b'{"text":"a","n":1e999}',
    b'{"text":"<image>"}',
)
FORMS = ("openai", "preference", "kto", "native", "sharegpt", "plain-text", "guanaco", "openai")


def repeated(form: str, random: Random) -> bytes:
    """Some rows of the format, and others that are wrong or odd, each many times."""
    example = BY_NAME[form].example.encode().replace(b"\n", b" ")
    changed = file_of(random)[1].splitlines()[:3]
    rows = [example, example.replace(b"e", b"i"), *random.sample(ODD, 3), *changed]
    return b"".join(row + b"\n" for row in random.choices(rows, k=300))


def left_by(data: bytes, form: str, folder) -> tuple[object, ...]:
    """All that reading the data gives and leaves."""
    folder.mkdir()
    totals = profile_part(io.BytesIO(data), folder, Rules(), Reading(form=BY_NAME[form], others=("text", "n")))
    tables = [pq.read_table(path).to_pylist() for path in sorted(folder.glob("*.parquet"))]
    spilt = [(folder / name).read_bytes() for name in (FINGERPRINTS, SIGNATURES, ANSWERS, "signatures.bands")]
    tokens = totals.tokens
    counted = (tokens.tokens, tokens.lengths.counts.tolist(), tokens.sample.totals.tolist(), tokens.sample.windows)
    kept = sorted(text for text in tokens.sample.turns.to_pylist() if text)
    return totals.statistics, totals.quality, totals.together, totals.types, counted, kept, tables, spilt


@pytest.mark.parametrize(("seed", "form"), [*enumerate(FORMS)])
def test_a_block_is_what_its_rows_are_alone(seed, form, tmp_path, monkeypatch):
    """Verdicts, figures, rows of tables and records for duplicates, of right rows, wrong ones and odd ones."""
    data = repeated(form, Random(seed))
    found = left_by(data, form, tmp_path / "again")

    monkeypatch.setattr(rows_again, "_FEWEST", 2**20)

    assert found == left_by(data, form, tmp_path / "alone")


def test_each_row_is_read_once_a_block(monkeypatch):
    """A megabyte can be half a million rows of two cells."""
    sizes: list[int] = []
    read = rows_again.read_columns
    monkeypatch.setattr(
        rows_again, "read_columns", lambda block, *more: sizes.append(block.line_count) or read(block, *more)
    )
    rows = b'{"text":"a"}\n{"text":"b"}\n1\n'

    verdicts, columns = read_once(block_of(rows * 100), LIMITS, BY_NAME["plain-text"])
    read_once(block_of(b"".join(b'{"text":"%d"}\n' % number for number in range(300))), LIMITS, BY_NAME["plain-text"])

    assert sizes == [3, 300]
    assert (len(verdicts.accepted), verdicts.rejected_count, len(columns.again.different.rows)) == (200, 100, 2)
    assert columns.again.row_counts.tolist() == [100, 100]


def test_a_mark_before_the_file_is_told_of_its_first_row():
    block, form = block_of(b"\xef\xbb\xbf" + b'{"text":"a"}\n' * 99), BY_NAME["plain-text"]

    verdicts, columns = read_once(block, LIMITS, form)

    assert [(each.line, each.code) for each in verdicts.findings] == [(1, "byte-order-mark")]
    assert (len(columns.ids), columns.again) == (99, None)
