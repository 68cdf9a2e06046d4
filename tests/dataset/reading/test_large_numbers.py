"""Numbers that 64 bits do not hold are told of their rows, by path, and refuse none."""

import decimal
import io
import json

import numpy as np
import pytest

from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.dataset.reading import large_numbers
from pipeline.dataset.reading.columns import read_columns
from pipeline.dataset.reading.large_numbers import _SLICE_BYTES, LargeNumber, LargeNumbers, _may_hold_any
from tests.dataset.formats.test_parquet_rows import parquet
from tests.engine_blocks import LIMITS, block_of

CHAT = '"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]'
PLAIN = f"{{{CHAT}}}"
RULES = Rules().structure_only()


def large(*rows: str, form: str = "openai") -> dict[int, LargeNumbers]:
    return dict(read_columns(block_of("".join(f"{row}\n" for row in rows).encode()), LIMITS, BY_NAME[form])[1].large)


def report_of(data: bytes, folder) -> dict:
    return profile_stream(io.BytesIO(data), folder, RULES).as_dict("a")


@pytest.mark.parametrize(
    "digits", ["1e400", "-1e400", "1E+999", "1.5e309", "1" + "0" * 309, "-" + "9" * 5_000, "0.00001e314"]
)
def test_what_no_double_holds_is_found(digits):
    shown = digits[:40] + ("…" if len(digits) > 40 else "")

    assert large(PLAIN, f'{{{CHAT}, "score": {digits}}}') == {1: LargeNumbers(LargeNumber("$.score", shown))}


@pytest.mark.parametrize("digits", ["9223372036854775808", "-9223372036854775809", "1" + "0" * 30])
def test_a_whole_number_of_more_than_64_bits_is_found(digits):
    assert large(f'{{"meta": {{"ids": [1, {digits}]}}, {CHAT}}}', PLAIN) == {
        0: LargeNumbers(None, LargeNumber("$.meta.ids[1]", digits))
    }


@pytest.mark.parametrize(
    "value",
    [
        "9223372036854775807",
        "-9223372036854775808",
        "1e308",
        "1e-400",
        "0.0021060533511106927",
        "123456789012345678901234567890.5",
        '"1e400"',
        '"id: 123456789012345678901234"',
        '", 1e400"',
    ],
)
def test_all_else_is_none(value):
    assert large(f'{{{CHAT}, "x": {value}}}') == {}


@pytest.mark.parametrize("first", range(9))
def test_it_is_found_wherever_it_begins(first):
    assert list(large(f'{{{CHAT}, "x{"y" * first}": 1234567890123456789012}}')) == [0]
    assert list(large(f'{{"x{"y" * first}": 1e400, {CHAT}}}')) == [0]


@pytest.mark.parametrize("digits", ["1e400", "1E+400", "1234567890123456789"])
def test_it_is_found_across_the_slices_in_which_a_block_is_looked_at(digits):
    before = f'{{{CHAT}, "x": "'
    for size in range(_SLICE_BYTES - 40, _SLICE_BYTES + 10, 3):
        assert list(large(f'{before}{"y" * (size - len(before))}", "z": {digits}9}}')) == [0]


def test_fractions_cost_no_second_look_wherever_a_slice_begins():
    texts = [b"0." + b"3" * 40 + b"." + b"y" * size for size in range(_SLICE_BYTES - 80, _SLICE_BYTES, 3)]

    assert not any(_may_hold_any(np.frombuffer(text[::-1], dtype=np.uint8)) for text in texts)
    assert not any(_may_hold_any(np.frombuffer(b"y" * (len(text) - 43) + text, dtype=np.uint8)) for text in texts)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_row_of_each_format_keeps_its_file_and_is_told(name, tmp_path):
    row = json.loads(BY_NAME[name].example) | {"a_score": 0}
    data = json.dumps(row).replace('"a_score": 0', '"a_score": 1e400').encode() + b"\n"

    report = report_of(data, tmp_path)

    assert (report["format"], report["status"]) == (name, "ready")
    assert report["finding_counts"]["number-too-large"] == 1


@pytest.mark.parametrize(
    "pack", [lambda row: row + b"\n", lambda row: b"[" + row + b"]", lambda row: b'{"data": [' + row + b"]}"]
)
def test_a_file_of_nothing_but_such_rows_is_ready(pack, tmp_path):
    report = report_of(pack(f'{{{CHAT}, "score": 1e400}}'.encode()), tmp_path)

    assert (report["format"], report["status"], report["conversations"]) == ("openai", "ready", 1)
    [found] = [row for row in report["findings"] if row["code"] == "number-too-large"]
    assert (found["path"], found["message"]) == (
        "$.score",
        "expected numbers that a double holds, found 1e400; write a smaller number, or a text, or leave the field out",
    )


def test_cells_of_tables_are_texts_and_decimals_of_parquet_as_well(tmp_path):
    table = b"question,answer,score\nWhy,So,1e400\nHow,Thus,1000000000000000000000000000000\n"
    rows = [{"prompt": "a", "completion": "b", "score": decimal.Decimal(10) ** 60}]

    for number, data in enumerate((table, parquet(rows))):
        (tmp_path / str(number)).mkdir()
        report = report_of(data, tmp_path / str(number))
        assert (report["status"], "number-too-large" in report["finding_counts"]) == ("ready", False)


def test_of_rows_that_differ_in_their_digits_alone_one_is_searched(monkeypatch):
    """A megabyte can be twenty thousand; each has its own digits, and numbers in texts are none."""
    searched: list[bytes] = []
    search = large_numbers._Reader.search
    monkeypatch.setattr(large_numbers._Reader, "search", lambda self, text: searched.append(text) or search(self, text))
    rows = [f'{{"text":"a","x":"{n}, 1","n":[{n},-{10**20 + n}]}}' for n in range(1, 31)]
    other = [f'{{"text":"a","n":{10**20 + n}.5}}' for n in range(30)]
    inside = [f'{{"text":"a","n":{{"n":1e400,"m":{10**60 - n}}}}}' for n in range(1, 4)]

    found = large(*rows, *other, *inside, form="plain-text")

    of_rows = {n - 1: LargeNumbers(None, LargeNumber("$.n[1]", f"-{10**20 + n}")) for n in range(1, 31)}
    of_inside = LargeNumbers(LargeNumber("$.n.n", "1e400"), LargeNumber("$.n.m", f"{'9' * 40}…"))
    assert found == of_rows | dict.fromkeys((60, 61, 62), of_inside)
    assert len(searched) == 1 + len(other) + 1
