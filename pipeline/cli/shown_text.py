"""Makes text of a dataset safe to show: nothing in it can move the cursor, turn the writing direction or hide.

What cannot be printed is written as `\\xNN` (a byte that is no UTF-8, or a control character) or `\\u{NNNN}`. JSON has
neither form, so nobody mistakes them for what stands in the file.
"""

_SPACES = " \u3000"  # the ideographic space is everyday text in Chinese and Japanese; other odd spaces are worth seeing
_VARIATION_SELECTORS = "\ufe0e\ufe0f"  # terminals disagree about the width of what they select


def shown(text: str) -> str:
    """The text as it may be printed; lone surrogates stand for bytes, as `os.fsdecode` makes them."""
    return text if text.isascii() and text.isprintable() else "".join(map(glyph, text))


def glyph(character: str) -> str:
    """One character as it may be printed; empty for one that only selects how another looks."""
    if character.isprintable() or character in _SPACES:
        return "" if character in _VARIATION_SELECTORS else character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{{{code:x}}}"
