"""A table of text whose header names no fields of a format: what its columns are, and how it can be read."""

import json
import re

from pipeline.dataset.model.printable import printable

_MOST_NAMED = 5
_NAME = re.compile(r"[^\W\d][\w -]{0,39}")


def of_header(first: str, separator: str, name: str) -> str:
    """What the first line of such a table says. name: of the separator, for people."""
    cells = [cell.strip().strip('"') for cell in first.removeprefix("\ufeff").split(separator)]
    if not all(map(_is_name, cells)):
        return f"a table with {name} (CSV) without a header: write one in front, such as prompt{separator}completion"
    named = ", ".join(map(printable, cells[:_MOST_NAMED])) + (", …" if len(cells) > _MOST_NAMED else "")
    told = f"a table with {name} (CSV) of the columns {named}, which are the fields of no format"
    if len(cells) == 2 and not any(map(_is_awkward, cells)):
        mapping = json.dumps({"prompt": cells[0], "answer": cells[1]}, ensure_ascii=False)
        return f"{told}: --mapping '{mapping}' reads it, if {cells[0]} is asked and {cells[1]} answers"
    return f"{told}: --mapping says which of them is asked and which answers"


def _is_name(cell: str) -> bool:
    return not cell or (_NAME.fullmatch(cell) is not None and cell.count(" ") < 3)


def _is_awkward(cell: str) -> bool:
    return not cell or re.search(r"[.\s\\\"']", cell) is not None
