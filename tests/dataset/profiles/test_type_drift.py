import json

import pytest

from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.profiles.type_drift import MAX_PATHS, ColumnTypes, measure_types
from pipeline.dataset.reading.columns import read_columns
from tests.engine_blocks import LIMITS, block_of

TURNS = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


def types_of(*values: object) -> ColumnTypes:
    """Of a field x in rows of their own; broken text is no row."""
    rows = [json.dumps({"x": value, "messages": TURNS}) if value != "broken" else "{" for value in values]
    block = block_of("".join(f"{row}\n" for row in rows).encode())
    return measure_types(block, read_columns(block, LIMITS, BY_NAME["openai"])[1], ("x",))


def drift(*values: object) -> list[tuple[int, str, str]]:
    return [(each.row, each.path, each.fault) for each in types_of(*values).findings("line")]


@pytest.mark.parametrize("values", [(1, 2.5), ("a", None), (None, {}), ([], [1], [2.5]), ({"a": 1}, {"b": "c"})])
def test_a_column_that_keeps_its_type_is_no_finding(values):
    assert drift(*values) == []


@pytest.mark.parametrize(
    ("values", "path", "fault"),
    [
        ((1, 2, "3"), "$.x", "expected a number, as in line 1, found a string"),
        ((None, {}, []), "$.x", "expected an object, as in line 2, found an array"),
        (("broken", True, 1), "$.x", "expected a boolean, as in line 2, found a number"),
        (({"t": 1}, {}, {"t": "a"}), "$.x.t", "expected a number, as in line 1, found a string"),
        (([1], [], ["a"]), "$.x[]", "expected a number, as in line 1, found a string"),
    ],
)
def test_a_column_that_changes_its_type_is_told_at_the_first_other_row(values, path, fault):
    assert drift(*values) == [(3, path, fault)]


def test_parts_know_together_what_the_whole_knows():
    left, right = types_of(1, 2), types_of("a", 1)

    assert (left + right).places["$.x"] == {"a number": (1, 1, 0), "a string": (1, 1, 0)}
    assert left + ColumnTypes() == left == ColumnTypes() + left


def test_of_two_columns_that_change_in_one_row_the_same_is_told_however_the_file_was_cut():
    first, second, third = (
        {"$.b": {"a number": (1, 1, 0)}},
        {"$.a": {"a number": (2, 2, 9)}},
        {path: {"a string": (3, 3, 18)} for path in ("$.a", "$.b")},
    )
    ways = [ColumnTypes(first) + ColumnTypes(second) + ColumnTypes(third), ColumnTypes(second) + ColumnTypes(third)]
    ways[1] = ColumnTypes(first) + ways[1]
    ways.append(ColumnTypes({path: dict(ways[0].places[path]) for path in ("$.a", "$.b")}))

    assert [[(each.row, each.path) for each in way.findings("line")] for way in ways] == [[(3, "$.a")]] * 3


def test_objects_used_as_arguments_are_looked_at():
    calls = [[{"function": {"name": "f", "arguments": {"time": time}}}] for time in ("8:00", 8)]
    rows = [json.dumps({"messages": [TURNS[0], {"role": "assistant", "tool_calls": call}]}) for call in calls]
    block = block_of("".join(f"{row}\n" for row in rows).encode())

    types = measure_types(block, read_columns(block, LIMITS, BY_NAME["openai"])[1], ())

    (found,) = types.findings("line")
    assert (found.row, found.path) == (2, "$.messages[].tool_calls[].function.arguments.time")


def test_rows_of_ever_new_names_are_bounded_and_do_not_depend_on_the_parts():
    rows = [{f"k{number:05}": 1} for number in range(2 * MAX_PATHS)]

    whole = types_of(*rows)

    assert len(whole.places) == MAX_PATHS
    assert set((types_of(*rows[:700]) + types_of(*rows[700:])).places) == set(whole.places)
