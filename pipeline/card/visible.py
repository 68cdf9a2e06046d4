"""Makes text of a dataset safe to look at: nothing in it can turn the writing direction, or stay unseen."""

import re
from typing import Final

# Controls but tab and newline; what turns the writing direction; what nobody sees; halves of surrogate pairs; private
# characters. Not among them: joiners and the selectors of emoji, which many scripts and pictures need.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff]"
    # Between words of scripts without spaces a zero-width space says where a line may break.
    "|(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b|\u200b(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])"
)


def visible(text: str) -> str:
    """The text with a sign in place of each character that has none.

    >>> visible("a\\x00b\\u202ec")
    'a‹U+0000›b‹U+202E›c'
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(lambda match: f"‹U+{ord(match[0]):04X}›", text.replace("\r\n", "\n"))
