import pytest

from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.reading import repeated_keys as looked_for
from pipeline.dataset.reading.columns import read_columns
from pipeline.dataset.reading.repeated_keys import RepeatedKey
from tests.engine_blocks import LIMITS, block_of

ASKED = '{"role": "user", "content": "a"}'
ANSWERED = '{"role": "assistant", "content": "b"}'
PLAIN = f'{{"messages": [{ASKED}, {ANSWERED}]}}'


def repeated(*rows: str, form: str = "openai", others: tuple[str, ...] = ()) -> dict[int, RepeatedKey]:
    block = block_of("".join(f"{row}\n" for row in rows).encode())
    return dict(read_columns(block, LIMITS, BY_NAME[form], others)[1].repeated)


def test_a_list_of_turns_that_stands_twice_is_found_in_its_row():
    twice = f'{{"messages": [{ASKED}], "messages": [{ASKED}, {ANSWERED}]}}'

    assert repeated(PLAIN, twice, PLAIN) == {1: RepeatedKey("$", "messages", 2)}


def test_a_content_that_stands_twice_is_found_in_its_turn():
    twice = '{"role": "assistant", "content": "draft", "content": "b"}'

    assert repeated(f'{{"messages": [{ASKED}, {twice}]}}') == {0: RepeatedKey("$.messages[1]", "content", 2)}


def test_rows_that_are_read_one_by_one_are_looked_at_too():
    twice = '{"role": "assistant", "content": "draft", "content": "b", "name": "ann"}'

    assert repeated("{", f'{{"messages": [{ASKED}, {twice}]}}') == {0: RepeatedKey("$.messages[1]", "content", 2)}


@pytest.mark.parametrize(
    "row",
    [
        f'{{"messages": [{ASKED}, {ANSWERED}], "meta": {{"content": 1, "messages": 2}}}}',
        '{"messages": [{"role": "user", "content": "{\\"content\\": 1, \\"content\\": 2}"}, ' + f"{ANSWERED}]}}",
        f'{{"messages": [{ASKED}, {ANSWERED}], "meta": {{"a": 1, "a": 2}}}}',
    ],
)
def test_the_same_name_in_other_objects_and_in_texts_is_none(row):
    assert repeated(row) == {}


def test_fields_of_texts_are_looked_at_as_well():
    row = '{"instruction": "a", "output": "b", "output": "c"}'

    assert repeated(row, form="alpaca") == {0: RepeatedKey("$", "output", 2)}


def test_a_number_of_more_digits_than_python_takes_is_no_obstacle():
    twice = '{"role": "assistant", "content": "draft", "content": "b"}'
    row = f'{{"messages": [{ASKED}, {twice}], "x": {"1" * 5_000}}}'

    assert repeated(row) == {0: RepeatedKey("$.messages[1]", "content", 2)}


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ('{"text": "a", "x": 1, "x": 2}', {0: RepeatedKey("$", "x", 2)}),
        ('{"text": "a", "x": {"x": 1}, "y": [{"x": 1}]}', {}),
        ('{"text": "a \\"x\\":1 \\"x\\": 2", "x": 1}', {}),
        ('{"text": "a", "x": {"x": 1, "x": 2}}', {0: RepeatedKey("$.x", "x", 2)}),
        ('{"text": "a", "x": 1' + "0" * 400 + ', "x": 2}', {0: RepeatedKey("$", "x", 2)}),
    ],
)
def test_fields_beside_those_that_are_read_are_looked_at_too(row, found):
    assert repeated(row, form="plain-text", others=("x", "y")) == found


def test_a_key_without_a_name_is_looked_at_as_any_other():
    once, twice = '{"text": "a", "": 1, "a\\"": 2}', '{"text": "a", "": 1, "": 2}'

    assert repeated(once, twice, form="plain-text", others=("",)) == {1: RepeatedKey("$", "", 2)}


def test_shapes_are_looked_for_once_a_block_and_only_where_a_name_comes_back(monkeypatch):
    """Else a valid file with names that stand within its fields as well takes twice as long."""
    asked, first_alike = [], looked_for.first_alike
    monkeypatch.setattr(
        looked_for, "first_alike", lambda *given: asked.append(given[1].tolist()) or first_alike(*given)
    )
    names = ("id", "name", "score")
    usual = '{"text": "a", "id": 1, "name": "b", "score": 2}'
    nested = '{"text":"a","id":1,"name":"b","score":2,"more":{"id":%d,"name":"c","score":3}}'

    assert repeated(usual, usual, form="plain-text", others=names) == {}
    assert asked == []
    rows = (usual, nested % 1, usual, nested % 2, '{"text":"a","id":1,"id":2}', '{"text":"a","id":1,"id":3}')
    assert repeated(*rows, form="plain-text", others=names) == dict.fromkeys((4, 5), RepeatedKey("$", "id", 2))
    assert asked == [[1, 3, 4, 5]]
