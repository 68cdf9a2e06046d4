"""Text from outside, such as a dataset's name, inside Markdown: it stays text, whatever was typed.

Ordinary names come out as they are, since these files are read as text as often as they are drawn.
"""

import re

from pipeline.safe_text import one_line

_MEANS_SOMETHING = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
_BEGINS_A_BLOCK = re.compile(r"[#>]|[+=-](?=[\s=-]|$)|\d+(?=[.)](?:\s|$))")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def inline(text: str) -> str:
    """Text for a heading, a cell or an item of a list: one line, no markup, no HTML.

    >>> inline("<b>a|b</b> my_file")
    '&lt;b&gt;a\\\\|b&lt;/b&gt; my_file'
    """
    line = one_line(text).strip()
    escaped = _MEANS_SOMETHING.sub(lambda found: f"\\{found[0]}", line)
    begins = _BEGINS_A_BLOCK.match(escaped)
    if begins:
        at = begins.end() if begins[0][0].isdigit() else 0
        escaped = f"{escaped[:at]}\\{escaped[at:]}"
    return re.sub("[&<]|(?<!^\\\\)>", lambda found: _HTML[found[0]], escaped)


def code(text: str) -> str:
    """Text as inline code, whatever back-ticks it holds; not for cells that hold `|`.

    >>> code("a`b")
    '`` a`b ``'
    """
    line = one_line(text).strip()
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if len(fence) > 1 else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def block(text: str, language: str = "") -> str:
    """Text as it is, between fences that it cannot close."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
