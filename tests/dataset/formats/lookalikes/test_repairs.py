"""A line that is no row becomes the rows that it can only mean, or stays as it is."""

import pytest

from pipeline.dataset.formats.lookalikes.repairs import MOST_BYTES, repaired

ROW = '{"text": "a, ]"}'


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        (f"{ROW},", [ROW]),
        (f"{ROW}}}", [ROW]),
        (f"{ROW}{ROW}", [ROW, ROW]),
        (f"{ROW}, {ROW}", [ROW, ROW]),
        (f"data: {ROW}", [ROW]),
        (f"\u00a0{ROW}\u00a0", [ROW]),
        (f"\ufeff{ROW}", [ROW]),
        (f"[{ROW}, {ROW}]", [ROW, ROW]),
        (f"[{ROW}][{ROW}]", [ROW, ROW]),
        ('{"text": "a", "tags": [1, 2, ], }', ['{"text": "a", "tags": [1, 2 ] }']),
        ('{"text": "NaN", "n": NaN}', ['{"text": "NaN", "n": null}']),
        ('{"text": "a\tb"}', ['{"text": "a\\tb"}']),
        ("```json", []),
        ("data: [DONE]", []),
        ("event: message", []),
        ("// mine", []),
    ],
)
def test_a_line_becomes_the_rows_that_it_can_only_mean(line, rows):
    assert repaired(line.encode()) == [row.encode() for row in rows]


@pytest.mark.parametrize(
    "line",
    [
        ROW,
        '[{"role": "user", "content": "a"}]',
        "hello",
        "1 2",
        f"INFO {ROW}",
        f"{ROW}}}}}",
        '{"n": -Infinity, "m": -NaN}',
        "{'text': 'a'}",
        '{"text": "a',
        "\u00a0",
        "[" * 2_000,
        '{"text": "' + "a" * MOST_BYTES + '",}',
    ],
)
def test_a_line_of_which_nobody_can_say_what_it_means_stays(line):
    assert repaired(line.encode()) is None


@pytest.mark.parametrize(
    ("line", "count"),
    [(b'{"text": "' + rb"\"" * 200_000, None), (b"{}" * 200_000, 200_000)],
    ids=["a text without an end", "many rows"],
)
def test_a_line_is_gone_through_once(line, count):
    """Hours, if each quote were a beginning; minutes, if the rest of the line were copied for each row."""
    rows = repaired(line)

    assert (rows and len(rows)) == count


def test_bytes_of_another_encoding_stay():
    assert repaired(b'{"text": "caf\xe9",}') is None
