"""How all rules over texts run over a block at the price of about one.

One automaton of all suspects (RE2, linear in the text), built once in a process, goes over the text of a block as it
lies, end to end, and picks the few turns that any rule wants to see; only those become Python strings. A rule sees one
turn at a time, so nothing depends on where blocks begin.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.dataset.findings.groups import Group
from pipeline.dataset.frames.flagging import first_places
from pipeline.dataset.model.bit_flags import Flags
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.dataset.rules.text_rules import Place, TextRule

_BEFORE = " \t\n\v\f\r\"“'*"  # what may stand before an opening
_IS_BEFORE = np.isin(np.arange(256), list(_BEFORE.encode()))
_MOST_BEFORE = 8  # bytes; a text that begins with more is looked at
_LOWER_CASE = np.uint32(0x20202020)  # the bits by which ASCII's lower case differs
_MOST_MATCHES = 1_000  # in a block: where numbers of many turns end to end look like one, each is asked by itself


def scan(columns: Columns, rules: tuple[TextRule, ...]) -> Iterator[Group]:
    """The findings of all rules, one a line and code."""
    text, starts, each = columns.text.tobytes(), columns.text_starts.tolist(), _each(rules)
    is_suspect = np.zeros(len(columns.roles), dtype=np.bool_)
    unseen = _flag_anywhere(is_suspect, text, starts, _anywhere(rules))
    if unseen < len(is_suspect):
        is_suspect[unseen:] |= _matches(columns.contents.slice(unseen), _anywhere(rules).pattern)
    _flag_openings(is_suspect, columns, rules)
    of_rules: list[list[int]] = [[] for _ in rules]
    for turn in np.flatnonzero(is_suspect).tolist():
        for number in each.Match(text[starts[turn] : starts[turn + 1]]) or ():
            of_rules[number].append(turn)
    for rule, turns in zip(rules, of_rules, strict=True):
        suspects = (turn for turn in turns if not rule.is_for_answers or columns.is_supervised[turn])
        said = ((turn, text[starts[turn] : starts[turn + 1]].decode()) for turn in suspects)
        places = {turn: place for turn, words in said if (place := rule.locate(words))}
        yield from _at(columns, rule, places)


@cache
def _anywhere(rules: tuple[TextRule, ...]) -> Any:
    """Finds what a rule suspects anywhere in a text."""
    import re2  # 10 ms that the bare structure need not wait for

    return re2.compile("|".join(f"(?:{rule.suspect})" for rule in rules if not rule.openings))


@cache
def _each(rules: tuple[TextRule, ...]) -> Any:
    """Tells which rules suspect a text, by their numbers."""
    import re2

    each = re2.Set.SearchSet()
    for rule in rules:
        each.Add(rf"\A(?:{rule.suspect})" if rule.openings else rule.suspect)
    each.Compile()
    return each


def _flag_anywhere(is_suspect: Flags, text: bytes, starts: Sequence[int], anywhere: Any) -> int:
    """Flag each turn that a match touches, as it may hide another in the last; then look at the turn after it.

    Returns the first turn that was not looked at, as there were too many matches.
    """
    turn = 0
    for _ in range(_MOST_MATCHES):
        match = anywhere.search(text, starts[turn])
        if match is None:
            break
        first = bisect_right(starts, match.start(), turn) - 1
        turn = bisect_left(starts, match.end(), first)
        is_suspect[first:turn] = True
    else:
        return turn
    return len(is_suspect)


def _matches(contents: pa.LargeStringArray, suspect: str) -> Flags:
    """Which texts match, each asked by itself: a tenth of a microsecond each, after two milliseconds."""
    import pyarrow.compute as pc

    found: Flags = pc.match_substring_regex(contents, suspect).to_numpy(zero_copy_only=False)
    return found


def _flag_openings(is_suspect: Flags, columns: Columns, rules: tuple[TextRule, ...]) -> None:
    """Flag each answer that begins as an opening does, by up to four bytes. columns: with a text."""
    answers = np.flatnonzero(columns.is_supervised & (np.diff(columns.text_starts) > 0))
    begins, last = columns.text_starts[answers], len(columns.text) - 1
    for _ in range(_MOST_BEFORE):
        is_before = _IS_BEFORE[columns.text[np.minimum(begins, last)]]
        if not is_before.any():
            break
        begins += is_before
    begun = np.zeros(len(answers), dtype=np.uint32)
    for place in range(4):
        begun |= columns.text[np.minimum(begins + place, last)].astype(np.uint32) << np.uint32(8 * place)
    is_opened = _IS_BEFORE[columns.text[np.minimum(begins, last)]]
    for bits, known in _beginnings(rules):
        is_opened |= np.isin(begun & bits | _LOWER_CASE & bits, known)
    is_suspect[answers[is_opened]] = True


@cache
def _beginnings(rules: tuple[TextRule, ...]) -> list[tuple[np.uint32, npt.NDArray[np.uint32]]]:
    """The first bytes of all openings in any case: those of a length together, with the bits that they have."""
    of_sizes: dict[int, set[int]] = {}
    for opening in (opening for rule in rules for opening in rule.openings):
        for written in map("".join, product(*map(_cases, opening[:4]))):
            begin = written.encode()[:4]
            bits = (1 << 8 * len(begin)) - 1
            of_sizes.setdefault(bits, set()).add(int.from_bytes(begin, "little") | int(_LOWER_CASE) & bits)
    return [(np.uint32(bits), np.array(sorted(known), dtype=np.uint32)) for bits, known in of_sizes.items()]


def _cases(character: str) -> set[str]:
    """What RE2 takes for the character, where case does not count."""
    others = {"s": "ſ", "k": "\u212a"}.get(character, character)
    return {character, character.upper(), character.lower(), others}


def _at(columns: Columns, rule: TextRule, places: dict[int, Place]) -> list[Group]:
    turns = np.array(list(places), dtype=np.int64)

    def says(turn: int) -> Mismatch:
        position, what = places[turn]
        return Mismatch(rule.expected, what, f"at character {position + 1:,}")

    return first_places(columns, turns, rule.kind.code, columns.content_path, says)
