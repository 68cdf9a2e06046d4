"""Windows are chosen by content alone, reach every byte alike, and add up to the text they cover."""

from functools import reduce
from itertools import pairwise

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.tokens import windows
from pipeline.dataset.tokens.sample import first_windows
from pipeline.dataset.tokens.windows import pick_windows, widen
from tests.dataset.tokens.texts import KINDS, write_lines
from tests.engine_blocks import columns_of, line_of

texts = st.text(st.sampled_from("ab 1.,\n'/你好，。（🙂é\t"), min_size=1, max_size=400)


def covered(text, cuts):
    """The text of the windows between neighbouring cuts, put together."""
    size = len(text)
    return b"".join(
        widen(text[: end + windows.REACH_BYTES], begin, end, begin == 0, end + windows.REACH_BYTES >= size)
        for begin, end in pairwise(cuts)
    )


@given(texts, st.integers(1, 150))
def test_windows_side_by_side_are_the_text(text, width):
    """No byte is counted twice and none is left out, wherever the borders are."""
    data = text.encode()

    assert covered(data, [*range(0, len(data), width), len(data)]) == data


@given(texts, st.integers(0, 400))
def test_a_window_begins_with_a_whole_character(text, begin):
    data = text.encode()

    piece = widen(data, min(begin, len(data)), len(data), False, True)

    assert data.endswith(piece)
    assert text.endswith(piece.decode())


def test_every_byte_is_as_likely_as_any_other():
    """The first and last bytes of turns too: each of 8,000 is in a window with the same probability."""
    text = "".join(f"{index:03}" for index in range(83))
    columns = columns_of(*(line_of(str(number), ("user", f"{text}{number:06}")) for number in range(8_000)))
    seen = [0] * 255

    for row in pick_windows(columns, 10**6).to_pylist():
        found = row["text"].decode()[row["begins"] : row["ends"]]
        is_cut = len(found) < windows.WINDOW_BYTES
        at = 0 if row["is_first"] else 255 - len(found) if is_cut else text.index(found[:80])
        for index in range(at, at + len(found)):
            seen[index] += 1

    expected = 8_000 * windows.WINDOW_BYTES / windows.STEP_BYTES
    assert max(abs(count - expected) for count in seen) < 5 * expected**0.5


def test_the_choice_is_by_content():
    """Not by id, not by place in the file: the same conversations give the same windows."""
    lines = [write_lines(kind, 20, 1) for kind in KINDS]
    renamed = b"".join(reversed(lines)).replace(b'"conversation_id": "', b'"conversation_id": "other-')

    one = pick_windows(columns_of(b"".join(lines)), 10**6)
    other = pick_windows(columns_of(renamed), 10**6)

    assert len(one) > 20
    assert one.sort_by("order").equals(other.sort_by("order"))


def test_the_first_in_the_order_are_kept():
    columns = columns_of(write_lines("mixed", 200, 2))

    all_of_them, some = pick_windows(columns, 10**6).sort_by("order"), pick_windows(columns, 50).sort_by("order")

    assert some.equals(all_of_them.slice(0, 50).combine_chunks())


def test_texts_cut_into_turns_at_different_places_are_kept_in_one_order():
    """Their windows have one order, so which of them stay depends on the file alone, not on its blocks."""
    texts = [" ".join(f"{word} of {number}" for word in range(30)) for number in range(60)]
    lines = [
        line_of("a", ("user", text[:cut]), ("assistant", text[cut:])) for text in texts for cut in (90, 40, 170, 120)
    ]
    shuffled = [lines[7 * place % len(lines)] for place in range(len(lines))]

    for limit in (50, 181):
        whole = pick_windows(columns_of(*shuffled), limit)
        for size in (1, 100):
            parts = (columns_of(*shuffled[at : at + size]) for at in range(0, len(shuffled), size))
            kept = reduce(
                lambda held, part: first_windows(pa.concat_tables([held, part]), limit),
                (pick_windows(part, limit) for part in parts),
            )
            assert kept.equals(whole)
