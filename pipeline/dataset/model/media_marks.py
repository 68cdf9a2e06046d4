"""Marks that stand in a text for a picture, a sound or a video: to a model of text they are words.

LLaVA, LLaMA-Factory and ms-swift write `<image>`, `<video>` and `<audio>`, Qwen-VL `<img>…</img>`.
"""

import re

MEDIA_MARKS = ("<image>", "<video>", "<audio>", "<img>")
# At an edge of a line, where such data has them. Within a sentence somebody speaks of HTML.
_AT_EDGE = re.compile(r"^[ \t]*<(?:image|video|audio|img)>|<(?:image|video|audio|/img)>[ \t]*$", re.MULTILINE)


def has_media_mark(text: str) -> bool:
    """Whether a mark stands at an edge of one of the text's lines."""
    return any(mark in text for mark in MEDIA_MARKS) and _AT_EDGE.search(text) is not None
