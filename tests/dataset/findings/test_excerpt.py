"""The piece of a line that a report shows, and where its mark goes."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pipeline.dataset.findings.excerpt import Excerpt, excerpt
from pipeline.dataset.findings.json_path import Span

WIDTH = 40
LINES = st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))


def test_a_line_that_fits_is_shown_whole():
    assert excerpt(b'{"a": 1}', Span(6, 7), WIDTH) == Excerpt('{"a": ', "1", "}")


def test_a_long_line_is_cut_on_both_sides():
    text = b"a" * 100 + b"MARK" + b"b" * 100

    assert excerpt(text, Span(100, 104), WIDTH) == Excerpt("…" + "a" * 23, "MARK", "b" * 11 + "…")


def test_room_that_one_side_does_not_need_goes_to_the_other():
    assert excerpt(b"MARK" + b"b" * 100, Span(0, 4), WIDTH) == Excerpt("", "MARK", "b" * 35 + "…")
    assert excerpt(b"a" * 100 + b"MARK", Span(100, 104), WIDTH) == Excerpt("…" + "a" * 35, "MARK", "")


def test_a_long_string_is_marked_as_far_as_it_is_shown():
    assert excerpt(b"[" + b"x" * 100 + b"]", Span(1, 101), WIDTH) == Excerpt("[", "x" * 25 + "…", "]")


def test_an_object_too_wide_is_marked_at_its_bracket():
    assert excerpt(b"{" + b"x" * 100 + b"}", Span(0, 102), WIDTH) == Excerpt("", "{", "x" * 38 + "…")


def test_carets_stand_under_wide_characters():
    shown = excerpt("你好👍 x".encode(), Span(6, 10), WIDTH)

    assert (shown.before, shown.marked, shown.carets) == ("你好", "👍", "    ^^")


def test_an_empty_span_is_marked_with_one_caret():
    assert excerpt(b"abc", Span(3, 3), WIDTH).carets == "   ^"


def test_without_a_span_the_beginning_is_shown_without_a_mark():
    assert excerpt(b"x" * 100, None, WIDTH) == Excerpt("x" * 39 + "…", "", "", is_marked=False)


def test_a_text_that_was_read_in_part_ends_with_an_ellipsis():
    assert excerpt(b"abc", Span(0, 1), WIDTH, is_cut=True) == Excerpt("", "a", "bc…")


def test_what_cannot_be_printed_is_escaped():
    shown = excerpt(b"\x1b[1m\xe2\x80\xae\xff\t", Span(0, 1), WIDTH)

    assert (shown.marked, shown.after) == ("\\x1b", "[1m\\u{202e}\\xff\\x09")


@given(LINES, st.data(), st.integers(20, 120), st.booleans())
def test_an_excerpt_never_exceeds_its_width(text, data, width, is_cut):
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))

    shown = excerpt(text, Span(start, stop), width, is_cut=is_cut)

    line = shown.before + shown.marked + shown.after
    assert cell_len(line) <= width
    assert cell_len(shown.carets) <= width
    assert all(character.isprintable() or character == "\u3000" for character in line)
