"""Turns that end in mid-word or mid-sentence: valid JSON does not say that a model finished what it wrote.

A model that runs out of room, or that is held to a schema, closes its quotes wherever it is. What is a sure sign is
told by `cut_sign`; what only is no proper end, by `is_closed`.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# What no sentence ends with, in the languages whose texts end so most often.
_NEVER_LAST = frozenset("and or the a an because your my their our which whose although unless und oder der".split())
_OPENS = frozenset(",:([{<“‘«„&\\")
_SAD = re.compile(r"[:;=8]['’]?[-^]?[(\[{]$")  # a face, which is no bracket
_CLOSING = ("Pe", "Pf", "So", "Sk", "Lo", "Mn", "Mc")  # categories of Unicode; Lo: letters without case
_DASH = re.compile(r"\w[-–—]$|\s[-–—]$")
_LIST_ITEM = re.compile(r"^\s*(?:[-*•+]|\d{1,3}[.)])\s")
_MARKUP = "*_`~ \t\n"
_LEAST_WORDS = 12  # of an answer whose end is looked at: shorter ones may well be titles, names or numbers
_LEAST_LETTERS = 2  # of a piece of a word


def cut_sign(text: str, is_answer: bool, known_words: Collection[str]) -> str | None:
    """What shows that a text ends too early, as it follows "ends with"; None where nothing does.

    known_words: of the other texts beside it, in small letters: a piece of one of them that is none itself is cut.
    """
    if text.count("```") % 2:
        return "a code block that is not closed"
    end = text.rstrip(_MARKUP)
    if not end or is_closed(text):
        return None
    if end[-1] in _OPENS and not _SAD.search(end):
        return repr(end[-1])
    if _DASH.search(end):
        return "a dash"
    last = _last_word(end)
    if last in _NEVER_LAST:
        return f"the word {last!r}"
    if is_answer and is_prose(text) and _is_piece(last, known_words):
        return f"{last!r}, a piece of a word"
    return None


def is_closed(text: str) -> bool:
    """Whether a text ends as sentences do: with a mark, a bracket, a picture, or in a script that has no marks."""
    end = text.rstrip(_MARKUP)
    if not end:
        return False
    kind = unicodedata.category(end[-1])
    return kind in _CLOSING or (kind == "Po" and end[-1] not in _OPENS)


def is_prose(text: str) -> bool:
    """Whether a text is long enough, and its last line no item of a list, to be expected to end as sentences do."""
    last_line = text.rstrip().rpartition("\n")[2]
    return not _LIST_ITEM.match(last_line) and len(_WORD.findall(text)) >= _LEAST_WORDS


def words_of(texts: Sequence[str]) -> list[str]:
    """All words of the texts, in small letters."""
    return [word.casefold() for text in texts for word in _WORD.findall(text)]


def _last_word(text: str) -> str:
    words = _WORD.findall(text[-100:])
    return words[-1].casefold() if words and text.endswith(words[-1]) else ""


def _is_piece(word: str, known_words: Collection[str]) -> bool:
    if len(word) < _LEAST_LETTERS or word in known_words:
        return False
    return any(known.startswith(word) for known in known_words)
