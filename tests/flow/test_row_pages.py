"""Rows of a dataset as people look at them: the ones that fit, with all that they say, and the rejected ones."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.contract.row_values import RowQuery
from pipeline.dataset.browsing import language_search, row_reading, row_tables
from pipeline.errors import LakeError, UsageError
from pipeline.flow.found_rows import FoundRows
from pipeline.flow.pages_of_rows import accepted_page, rejected_page
from tests.browsed import CALL, browsed

ACCEPTED = [row for row in range(1, 68) if row not in (5, 7)]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return browsed(tmp_path_factory.mktemp("rows"))


def places(rows, limit=50, page=1, **asked):
    return [each.row for each in accepted_page(rows.tables, RowQuery(**asked), page, limit).items]


def test_every_accepted_row_is_on_one_page(rows):
    pages = [accepted_page(rows.tables, RowQuery(), page, 30) for page in (1, 2, 3, 4)]

    assert [each.row for page in pages for each in page.items] == ACCEPTED
    assert [(len(page.items), page.total) for page in pages] == [(30, 65), (30, 65), (5, 65), (0, 65)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"row": 4}, [4]),
        ({"row": 5}, []),  # it was rejected
        ({"role": "tool"}, [1]),
        ({"role": "nobody"}, []),
        ({"turns_min": 3}, [1]),
        ({"turns_max": 2, "words_min": 14}, [3, 4, 6]),
        ({"words_max": 3}, []),
        ({"finding": "unknown-role"}, [6]),
        ({"finding": "mixed-languages"}, []),  # of the whole file
        ({"finding": "malformed-json"}, []),
        ({"text": "oslo"}, [1, 4, 6]),  # in a call, in a turn, in any case
        ({"text": "TOOL SAYS"}, [1]),  # in a thought
        ({"text": "שלום"}, [2]),
        ({"text": ".*"}, []),
        ({"text": "(1)</script>"}, [6]),
        ({"text": "oslo", "role": "narrator"}, [6]),
        ({"split": "train", "role": "tool"}, [1]),
        ({"cluster": 8, "text": "question 59"}, []),
    ],
)
def test_rows_that_fit_all_that_is_asked(rows, asked, expected):
    assert places(rows, **asked) == expected


def test_both_sides_of_the_split_are_all_rows_and_clusters_name_their_first_row(rows):
    of_sides = [accepted_page(rows.tables, RowQuery(split=side), 1, 50) for side in ("train", "validation")]
    alike = accepted_page(rows.tables, RowQuery(row=8), 1, 1).items[0]

    assert sum(page.total for page in of_sides) == 65
    assert {each.split for each in of_sides[1].items} == {"validation"}
    assert len(places(rows, cluster=alike.cluster)) == min(50, alike.cluster_size)


def test_a_row_says_all_that_it_has(rows):
    [row] = accepted_page(rows.tables, RowQuery(row=1), 1, 1).items

    user, call, result, answer = row.turns
    assert (user.content, user.media, user.is_learned) == ("What is this?", ["image_url: cat.png"], False)
    assert (call.content, call.tool_calls.replace(" ", "")) == (
        "",
        str(CALL).replace("'", '"').replace(" ", "").replace('"{"city":"Oslo"}"', '"{\\"city\\":\\"Oslo\\"}"'),
    )
    assert (result.role, result.tool_call_id) == ("tool", "c1")
    assert (answer.reasoning, answer.is_learned, answer.characters) == ("The tool says so.", True, 12)
    assert "weather" in row.tools
    assert "unsupported-content-part" in [each.code for each in row.findings]


def test_long_conversations_are_cut_and_say_how_much_they_have(rows, monkeypatch):
    monkeypatch.setattr(row_reading, "MAX_CHARACTERS", 20)
    monkeypatch.setattr(row_reading, "MAX_TURNS", 1)

    [row] = accepted_page(rows.tables, RowQuery(row=4), 1, 1).items

    assert (row.turn_count, len(row.turns)) == (2, 1)
    monkeypatch.setattr(row_reading, "MAX_TURNS", 2)
    [row] = accepted_page(rows.tables, RowQuery(row=4), 1, 1).items
    assert [(len(turn.content), turn.characters) for turn in row.turns] == [(14, 14), (6, 83)]


def test_a_language_is_told_row_by_row_and_says_where_to_go_on(rows, monkeypatch):
    found = accepted_page(rows.tables, RowQuery(language="de"), 1, 1)
    monkeypatch.setattr(language_search, "MOST_LOOKED_AT", 2)
    none_yet = accepted_page(rows.tables, RowQuery(language="de"), 1, 1)
    then = accepted_page(rows.tables, RowQuery(language="de"), 1, 1, none_yet.next_after)
    among = accepted_page(rows.tables, RowQuery(language="en", text="oslo"), 1, 5, 1)

    assert ([each.row for each in found.items], found.total, found.next_after) == ([3], None, 3)
    assert (none_yet.items, none_yet.looked_at, none_yet.next_after) == ([], 2, 2)
    assert [each.row for each in then.items] == [3]
    assert ([each.row for each in among.items], among.looked_at, among.next_after) == ([4], 2, None)


def test_rows_are_found_the_same_in_pieces(rows, monkeypatch):
    monkeypatch.setattr(row_tables, "_PIECE_ROWS", 3)

    assert places(rows, text="answer 5") == [13, *range(58, 68)]
    assert places(rows, role="user", limit=3, page=20) == [61, 62, 63]


def test_rejected_rows_stand_as_they_are_with_their_marks(rows):
    page = rejected_page(rows.tables, rows.lines, None, 1, 10)
    second = rejected_page(rows.tables, None, None, 2, 1)

    assert [(each.row, [found.code for found in each.findings]) for each in page.items] == [
        (5, ["wrong-type"]),
        (7, ["malformed-json"]),
    ]
    assert [(each.text.marked, each.text.column) for each in page.items] == [("1", 43), ("n", 2)]
    assert ([each.row for each in second.items], second.items[0].text, second.total) == ([7], None, 2)
    assert rejected_page(rows.tables, rows.lines, "wrong-type", 1, 10).total == 1


def test_what_cannot_be_asked_and_what_the_lake_has_not_is_said(rows):
    with pytest.raises(UsageError, match=r"finding: expected a code of docs/findings.md, found 'nonsense'"):
        places(rows, finding="nonsense")

    Path(rows.tables.lake.uri("turns", rows.dataset.id)).write_bytes(b"no Parquet at all")
    with pytest.raises(LakeError, match="cannot be read"):
        places(rows)


def test_found_rows_are_kept_up_to_a_number_the_ones_asked_for_last():
    kept, asked = FoundRows(most_rows=5), []

    def find(name, count):
        return kept.of(name, lambda: asked.append(name) or np.arange(count))

    for name, count in (("a", 2), ("b", 2), ("a", 2), ("c", 3), ("a", 2), ("b", 2), ("large", 6), ("large", 6)):
        assert len(find(name, count)) == count
    assert asked == ["a", "b", "c", "b", "large", "large"]
    assert kept.of("all", lambda: None) is None


def test_queries_that_find_nothing_are_kept_up_to_a_number_too():
    kept, asked = FoundRows(most_rows=5, most_queries=2), []

    for name in ("a", "b", "a", "c", "a", "b"):
        kept.of(name, lambda name=name: asked.append(name) or np.arange(0))

    assert asked == ["a", "b", "c", "b"]


def test_what_two_threads_found_at_once_is_counted_once():
    kept, asked = FoundRows(most_rows=3), []

    kept.of("a", lambda: kept.of("a", lambda: np.arange(2)))
    kept.of("b", lambda: np.arange(1))
    kept.of("a", lambda: asked.append("a") or np.arange(2))

    assert asked == []
