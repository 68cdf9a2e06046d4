"""What a file seems to be of which no row is of a format that we know, so that its report can say how to mend it.

Only a guess for people, and only from the file's beginning: what is accepted does not depend on it.
"""

import json
import re

from pipeline.dataset.findings.faults import keys_of, printable
from pipeline.dataset.formats.rows import recognise_row
from pipeline.dataset.formats.unfinished import finished
from pipeline.dataset.model.json_text import Json

_JQ = "jq -c {} in.json > out.jsonl writes them one a line"


def likeness(text: bytes, rows: list[Json]) -> str:
    """What the file holds instead of rows of a format; "" where nothing can be said. rows: those that are JSON."""
    if not text.strip():
        return ""
    return _of_row(rows[0]) if rows else _of_text(text.lstrip())


def malformed_as(line: bytes) -> str:
    """What a line that is no JSON seems to be; "" where nothing can be said."""
    text = line.strip()
    if text.startswith((b"//", b"#", b"/*")):
        return "a comment, which JSON does not have"
    if re.match(rb"\{\s*'", text):
        return "Python's notation: JSON has double quotes, true, false and null"
    if text.endswith((b"},", b"],")):
        return "a comma behind the row, as in an array"
    return ""


def _of_row(row: Json) -> str:
    if isinstance(row, str):
        return "JSON within a string: rows that were encoded twice" if _decoded(row) is not None else ""
    if not isinstance(row, dict):
        return ""
    for name, value in row.items():
        if isinstance(value, list) and value and recognise_row(value[0]) is not None:
            return f"rows inside the field {printable(name)} of one object; {_JQ.format(f'.{printable(name)}[]')}"
    return _of_fields(row)


def _of_fields(row: dict[str, Json]) -> str:
    for name in ("messages", "conversations", "turns"):
        if isinstance(row.get(name), str):
            return f"{name} as a string: the list was encoded twice"
    if "custom_id" in row:
        inner = "body.messages" if "body" in row else "response.body.choices[0].message"
        kind = "requests" if "body" in row else "results, which hold the answers without their prompts"
        return f"OpenAI's batch {kind}; messages lie in {inner}"
    return f"rows with the {keys_of(row)}" if row else ""


def _of_text(text: bytes) -> str:
    if b"\0" in text:
        return "bytes that are no text, as in an archive or a picture"
    if re.match(rb"<(!doctype|html|\?xml|head|body)", text, re.IGNORECASE):
        return "a web page, perhaps an error page instead of the download"
    first, _, rest = text.partition(b"\n")
    if b"\r{" in first or b"\r[" in first:
        return "rows that end with a carriage return alone; each must end with a line feed"
    if text.startswith(b"{"):
        return _of_object(text, has_more_lines=bool(rest.strip()))
    if re.match(rb"---|- \w|\w+:( |$)", first):
        return "YAML"
    for separator, name in ((b"\t", "tabs"), (b",", "commas"), (b";", "semicolons")):
        if first.count(separator) and separator in rest.partition(b"\n")[0]:
            return f"a table with {name} (CSV); write an object a line"
    return ""


def _of_object(text: bytes, *, has_more_lines: bool) -> str:
    if likely := malformed_as(text.partition(b"\n")[0]):
        return f"rows that are no JSON: {likely}"
    value, is_whole_line, lines = _first_value(text)
    if not isinstance(value, dict):
        return ""
    if lines == 0:
        return "" if is_whole_line else "several objects on a line; each must have a line of its own"
    if recognise_row(value) is not None:
        return f"objects over several lines; {_JQ.format('.')}"
    return _of_row(value) if has_more_lines else ""


def _first_value(text: bytes) -> tuple[Json, bool, int]:
    """The value that the text begins with, whether nothing follows it on its line, and its line breaks."""
    decoded = text.decode(errors="replace")
    try:
        value, end = json.JSONDecoder().raw_decode(decoded)
    except (ValueError, RecursionError):
        return finished(text), True, text.count(b"\n")
    return value, not decoded[end:].partition("\n")[0].strip(), decoded.count("\n", 0, end)


def _decoded(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None
