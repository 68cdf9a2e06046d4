"""The little Markdown that generated pages need."""

from collections.abc import Iterable, Sequence

HEADER = "<!-- Made by `make docs` from the code; changes here are overwritten. -->"


def code(text: str) -> str:
    """Text as inline code, whatever back-ticks it holds."""
    fence = "`"
    while fence in text:
        fence += "`"
    pad = " " if len(fence) > 1 else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; nothing without rows."""
    listed = list(rows)
    if not listed:
        return ""
    lines = [heading, ["---"] * len(heading), *listed]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def section(title: str, *paragraphs: str, level: int = 2) -> str:
    """A heading with its paragraphs; empty ones are left out."""
    return "\n".join([f"{'#' * level} {title}\n", *(f"{text.rstrip()}\n" for text in paragraphs if text)])


def block(text: str, language: str = "") -> str:
    """Text as it is, between fences."""
    return f"```{language}\n{text}\n```"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
