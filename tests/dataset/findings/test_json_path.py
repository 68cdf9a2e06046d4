"""Following a JSON path through a line's bytes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.findings.json_path import MAX_STEPS, Span, locate
from pipeline.dataset.model.printable import printable

KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=".["), max_size=8).filter(
    lambda key: printable(key) == key
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))
LAYOUTS = st.sampled_from(
    [{"separators": (",", ":")}, {"separators": (" ,\t", " :  ")}, {"indent": 1}, {"ensure_ascii": False}]
)


def paths(value, path="$"):
    """Every path in a value, with what stands there."""
    yield path, value
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, f"{path}.{key}")


@given(VALUES, LAYOUTS)
def test_every_path_of_any_json_leads_to_its_value(value, layout):
    text = json.dumps(value, **layout).encode("utf-8", "surrogatepass")

    for path, expected in paths(value):
        span = locate(text, path)

        assert span is not None
        assert json.loads(text[span.start : span.stop].decode("utf-8", "surrogatepass")) == expected


@given(VALUES, st.data())
def test_a_cut_line_gives_the_same_place_or_none(value, data):
    """What can be seen of a long line is never marked in the wrong place."""
    text = json.dumps(value).encode()
    path, _ = data.draw(st.sampled_from(list(paths(value))))
    cut = data.draw(st.integers(0, len(text)))
    whole = locate(text, path)

    span = locate(text[:cut], path)

    assert span is None or span in (whole, Span(whole.start, cut)) or span.start == cut


@given(st.binary(), st.sampled_from(["$", "$.a", "$[0]", "$.turns[1].role", "$..", "$.a[", "x"]))
def test_any_bytes_give_a_place_inside_or_none(text, path):
    span = locate(text, path)

    assert span is None or 0 <= span.start <= span.stop <= len(text)


@given(st.lists(st.sampled_from(['{"a":', "[", "]", "}", '"', "\\", ",", ":", "1", " ", '"a"'])).map("".join))
def test_nearly_json_gives_a_place_inside_or_none(text):
    for path in ["$", "$.a", "$.a[0].a", "$[0]"]:
        span = locate(text.encode(), path)

        assert span is None or 0 <= span.start <= span.stop <= len(text)


def test_a_line_with_too_many_parts_is_not_searched_for_ever():
    text = b"[" + b"[]," * MAX_STEPS + b"1]"

    assert locate(text, f"$[{MAX_STEPS}]") is None


def test_a_deep_path_is_found_or_given_up():
    text = b"[" * 2_000 + b"]" * 2_000

    assert locate(text, "$" + "[0]" * 1_900) is None
