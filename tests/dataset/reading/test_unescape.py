"""JSON strings become the text that a JSON library reads in them."""

import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.dataset.reading import unescape as unescape_module
from pipeline.dataset.reading.unescape import unescape

characters = st.one_of(
    st.sampled_from('"\\/\b\f\n\r\tu0é中😀\U0010ffff\x7f\x80\u07ff\u0800\uffff'), st.characters(codec="utf-8")
)
SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def as_units(char: str, upper: bool) -> str:
    units = char.encode("utf-16-be")
    digits = [f"{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)]
    return "".join("\\u" + (four.upper() if upper else four) for four in digits)


@st.composite
def literals(draw) -> bytes:
    """A JSON string, each character written in one of the ways there are."""
    written = []
    for char in draw(st.text(characters, max_size=12)):
        ways = [as_units(char, upper=False), as_units(char, upper=True)]
        ways += [SHORT[char]] if char in SHORT else []
        ways += [char] if char >= " " and char not in '"\\' else []
        written.append(draw(st.sampled_from(ways)))
    return f'"{"".join(written)}"'.encode()


def texts(of: list[bytes]) -> list[str]:
    data, starts = unescape(of)
    return [data[start:end].tobytes().decode() for start, end in pairwise(starts)]


@given(st.lists(literals(), max_size=6), st.sampled_from([13, 14, 17, 24, 2**20]))
@example([], 13)
@example([b'""'], 13)
@example([b'""', rb'"\\"', b'""', rb'"\\\\\""'], 13)
def test_each_text_is_what_a_json_library_reads_in_pieces_of_any_size(of, piece_bytes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unescape_module, "_PIECE_BYTES", piece_bytes)

        assert texts(of) == [json.loads(literal) for literal in of]


def test_every_character_may_be_escaped():
    """The widths of UTF-8 change at U+0080, U+0800 and U+10000; and pairs begin there."""
    codes = [*range(0xD800), *range(0xE000, 0x10400), *range(0x10FC00, 0x110000)]
    characters = [chr(code) for code in codes]

    assert texts([f'"{as_units(char, upper=False)}"'.encode() for char in characters]) == characters


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5))
def test_runs_of_backslashes_are_halved_and_never_reach_into_the_next_string(pairs):
    of = [b'"' + rb"\\" * count + rb"n\n" + rb"\\" * count + b'"' for count in pairs]

    assert texts(of) == ["\\" * count + "n\n" + "\\" * count for count in pairs]


@pytest.mark.parametrize("other", [b"1", b"null", b"[]", b'{"a":"b"}', b"true"])
def test_another_value_is_refused(other):
    with pytest.raises(ValueError, match=r"^expected JSON strings$"):
        unescape([b'"a"', other])


def test_the_literals_stay_as_they_are():
    literal = bytearray(rb'"a\nb"')

    unescape([literal, literal])

    assert literal == rb'"a\nb"'
