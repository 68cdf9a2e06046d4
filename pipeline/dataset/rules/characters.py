"""Characters that nobody typed: controls, text decoded with the wrong encoding, and marks that hide text."""

import re
from typing import Final

from pipeline.dataset.model.late_patterns import late_pattern
from pipeline.dataset.rules.text_rules import Place, TextRules

_CONTROLS = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f\ufffd]"
_CONTROL = late_pattern(_CONTROLS)

# Not among them: zero-width joiners, which emoji and many scripts need, and the marks U+200E and U+200F.
_HIDDEN = late_pattern(
    "[\u202a-\u202e\u2066-\u2069\u2060-\u2064\ufeff]"
    # Between words of scripts without spaces a zero-width space says where a line may break.
    "|(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])"
    # Tags spell the flags of regions after a black flag; elsewhere they are ASCII that nobody sees.
    "|(?<![\U0001f3f4\U000e0000-\U000e007f])[\U000e0000-\U000e007f]"
)

# What the bytes of UTF-8 become when read as Windows-1252 or Latin-1: a lead byte, then continuation bytes.
_TAIL = "[\u0080-\u00bfŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]"
_SUSPECT_MOJIBAKE = f"[ÂÃÄÅ]{_TAIL}|[ÐÑ]{_TAIL}[ÐÑ]{_TAIL}|[à-ï]{_TAIL}{_TAIL}|ð[Ÿ\u009f]"
_MOJIBAKE = late_pattern(_SUSPECT_MOJIBAKE)
_SUSPECT_HIDDEN = "[\u202a-\u202e\u2066-\u2069\u2060-\u2064\ufeff\u200b\U000e0000-\U000e007f]"
CHARACTER_RULES = TextRules()
_WINDOW: Final = 100  # characters on each side that the decision rests on
_MOST_LOOKS: Final = 20  # in a turn: what looks wrong so often and never is, is a script of its own


def _re2(pattern: str) -> str:
    """RE2 writes code points as \\x{…}."""
    return re.sub(r"\\u([0-9a-f]{4})", r"\\x{\1}", pattern)


@CHARACTER_RULES.add("text in its own characters", _SUSPECT_MOJIBAKE)
def mojibake(text: str) -> Place | None:
    """The text was decoded with the wrong encoding.

    The model learns the garbled characters.

    What to do: decode the source as UTF-8, or mend the text with ftfy.
    """
    from ftfy import fix_encoding  # few datasets need it

    for _, match in zip(range(_MOST_LOOKS), _MOJIBAKE.finditer(text), strict=False):
        window = text[max(match.start() - _WINDOW, 0) : match.end() + _WINDOW]
        if fix_encoding(window) != window:
            return Place(match.start(), "text decoded with the wrong encoding")
    return None


@CHARACTER_RULES.add("no control characters", _re2(_CONTROLS))
def control_character(text: str) -> Place | None:
    """The text holds a control character.

    It comes from a terminal, a PDF or a wrong encoding, and the model learns to write it.

    What to do: remove the character, or restore the one that was lost.
    """
    match = _CONTROL.search(text)
    if match is None:
        return None
    what = "the replacement character" if match[0] == "\ufffd" else "the control character"
    return Place(match.start(), f"{what} {_name(match[0])}")


@CHARACTER_RULES.add("text that can be seen", _SUSPECT_HIDDEN)
def hidden_text(text: str) -> Place | None:
    """The text holds characters that nobody sees.

    They change the order of what is shown, or carry text past a reader's eyes into training.

    What to do: remove the characters, and look at what the text says without them.
    """
    match = _HIDDEN.search(text)
    return Place(match.start(), f"the invisible character {_name(match[0])}") if match else None


def _name(character: str) -> str:
    return f"U+{ord(character):04X}"
