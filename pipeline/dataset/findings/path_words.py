"""Says a JSON path in words, for people who do not read JSON: `$.messages[2].role` is the role of message 3."""

import re

from pipeline.dataset.findings.finding import CATALOGUE, Scope
from pipeline.wording import cut

_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_ITEMS = {"messages": "message", "turns": "turn", "conversations": "turn", "training_pairs": "training pair"}
_MOST_CHARACTERS = 160


def path_in_words(path: str, code: str, unit: str = "line", column: int | None = None) -> str:
    """Where in its row a finding is. unit: what the file's rows are called. column: of the row's text, if it is known.

    >>> path_in_words("$.messages[2].role", "unknown-role")
    'role of message 3'
    >>> path_in_words("$", "malformed-json"), path_in_words("$", "empty-file"), path_in_words("$", "wrong-type", "row")
    ('the whole line', 'the whole file', 'the whole row')
    """
    if path in ("", "$"):
        if column is not None:
            return f"character {column:,} of the {unit}"
        is_of_file = code in CATALOGUE and CATALOGUE[code].scope is Scope.FILE
        return f"the whole {'file' if is_of_file else unit}"
    steps = list(_STEP.finditer(path))
    return cut(" of ".join(_named(steps)) or path, _MOST_CHARACTERS)


def _named(steps: list[re.Match[str]]) -> list[str]:
    """From the inside to the outside; a list and its item are one."""
    named: list[str] = []
    for place, step in enumerate(steps):
        name, index = step[1], step[2]
        if index is None:
            is_list = place + 1 < len(steps) and steps[place + 1][2] is not None
            named += [] if is_list else [name]
            continue
        of_list = steps[place - 1][1] if place and steps[place - 1][1] else ""
        item = _ITEMS.get(of_list) or (f"{of_list} item" if of_list else "item")
        named.append(f"{item} {int(index) + 1}")
    return named[::-1]
