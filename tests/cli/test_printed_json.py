"""JSON for other programs that is safe to see."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.printed_json import json_text


@given(st.recursive(st.text(st.characters()) | st.integers(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_any_value_comes_back(value):
    """Also lone surrogates, which stand for bytes of a file name."""
    assert json.loads(json_text(value).encode()) == value


def test_it_is_compact_and_readable_and_harmless():
    value = {"path": "é\udcff", "text": "好\u202e\x9b\u2028"}

    assert json_text(value) == '{"path":"é\\udcff","text":"好\\u202e\\u009b\\u2028"}'
