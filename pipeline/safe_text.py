"""Text that others wrote, made safe to show: nothing in it can move a cursor, turn the writing direction or hide.

Each place has its own form. A terminal gets `\\xNN` (a byte that is no UTF-8, or a control character) or `\\u{NNNN}`:
JSON has neither, so nobody mistakes them for what stands in the file. A page gets a sign, and keeps its line breaks. A
file that we write gets spaces.
"""

import re
from typing import Final

_SPACES = " \u3000"  # the ideographic space is everyday text in Chinese and Japanese; other odd spaces are worth seeing
_VARIATION_SELECTORS = "\ufe0e\ufe0f"  # terminals disagree about the width of what they select
_IN_CELLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\u200d": "\u200d"}  # the last holds the parts of an emoji together
# Controls but tab and newline; what turns the writing direction; what nobody sees; halves of surrogate pairs; private
# characters. Not among them: joiners and the selectors of emoji, which many scripts and pictures need.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff]"
    # Between words of scripts without spaces a zero-width space says where a line may break.
    "|(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b|\u200b(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])"
)


def shown(text: str) -> str:
    """The text as a terminal may print it; lone surrogates stand for bytes, as `os.fsdecode` makes them."""
    return text if text.isascii() and text.isprintable() else "".join(map(glyph, text))


def shown_in_cell(text: str) -> str:
    """The same in a table, where a text is one line: breaks and tabs as people write them, emoji whole."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_IN_CELLS.get(each) or glyph(each) for each in text)


def glyph(character: str) -> str:
    """One character as it may be printed; empty for one that only selects how another looks."""
    if character.isprintable() or character in _SPACES:
        return "" if character in _VARIATION_SELECTORS else character
    return escaped(character)


def escaped(character: str) -> str:
    """What stands for a character that cannot be printed; a lone surrogate is a byte that is no UTF-8."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{{{code:x}}}"


def visible(text: str) -> str:
    """The text for a page, with a sign in place of each character that has none.

    >>> visible("a\\x00b\\u202ec")
    'a‹U+0000›b‹U+202E›c'
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(lambda match: f"‹U+{ord(match[0]):04X}›", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Text that cannot leave the comment or cell it stands in, whatever a person named their file.

    >>> one_line("a\\nimport os")
    'a import os'
    """
    return "".join(character if character.isprintable() else " " for character in text)
