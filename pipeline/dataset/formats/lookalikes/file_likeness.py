"""What a file seems to be of which no row is of a format that we know: told from a sample of its lines."""

import json
import re
from collections import Counter
from collections.abc import Iterable

from pipeline.dataset.formats.lookalikes.encodings import may_be
from pipeline.dataset.formats.lookalikes.line_causes import (
    FENCE,
    MISSING_CLOSING,
    OVER_LINES,
    RAW_BREAK,
    REST,
    UNCLOSED,
    cause_of,
)
from pipeline.dataset.formats.lookalikes.repairs import is_list_of_rows, repaired
from pipeline.dataset.formats.lookalikes.row_likeness import of_rows, of_table
from pipeline.dataset.formats.lookalikes.table_likeness import of_header
from pipeline.dataset.formats.rows import recognise_row
from pipeline.dataset.formats.unfinished import finished
from pipeline.dataset.model.json_text import Json, decoded

_SAMPLED_LINES = 200
_MOST_VALUES = 50  # that stand over several lines
_PIECES = (OVER_LINES, UNCLOSED, RAW_BREAK, REST)
YAML = (
    "YAML; write an object a line, for example with "
    "python3 -c 'import json,sys,yaml; [print(json.dumps(row)) for row in yaml.safe_load(sys.stdin)]' < in > out"
)
_TOML = "TOML; write an object a line"
PROSE = 'text that is no JSON: write each text as a row {"text": "…"}, or each question with its answer as a row'
_TABLE_OF_TOML = re.compile(rb"\[\[?[A-Za-z_][\w.-]*\]\]?\s*$")
_SPEAKER = re.compile(
    r"^(user|human|customer|client|student|assistant|bot|ai|agent|system|q|a|question|answer|gpt|chatgpt) ?: ",
    re.IGNORECASE | re.MULTILINE,
)
_UNFENCED = re.compile(rb"^```[^\n]*$", re.MULTILINE)
_BETWEEN = re.compile(r"[ \t\r\n,]*+")
_LOOSE = json.JSONDecoder(strict=False)  # takes raw line breaks inside texts


def likeness(text: bytes, rows: list[Json], sample: list[bytes]) -> str:
    """What the file holds instead of rows of a format; "" where nothing can be said.

    text: the file's beginning. rows: those of its beginning that are JSON. sample: lines of it, or rows of an array.
    """
    if not text.strip():
        return ""
    if rows and (isinstance(rows[0], dict | list) or len(rows) * 2 > text.count(b"\n", 0, 2**14)):
        return of_rows(rows)
    return _of_text(text.lstrip(b" \t\r\n"), sample)


def loose_rows(text: bytes, sample: list[bytes]) -> list[Json]:
    """Rows that the file would have if what is wrong with its lines were mended, so that its format is known."""
    rows: list[Json] = []
    for line in sample:
        rows += [json.loads(row) for row in repaired(line) or _guessed(line)]
    if rows:
        return rows
    values, _, _ = _values(_UNFENCED.sub(b"", text))
    return [
        row for value in values for row in (value if isinstance(value, list) and is_list_of_rows(value) else [value])
    ]


def _guessed(line: bytes) -> list[bytes]:
    """What a line might mean if more were changed than is safe: enough to tell the format."""
    text = line.decode(errors="replace").strip()
    text = text[1:-1].replace('""', '"') if text.startswith(('"{""', '"[{""')) else text[max(text.find("{"), 0) :]
    straight = re.sub("[“”„‟]", '"', text)
    quoted = re.sub(r"([{,]\s*)([A-Za-z_$][\w$]*)\s*:", r'\1"\2":', straight)
    for guess in (
        text,
        text[: text.rfind("}") + 1],
        f"{text}}}",
        "{" + line.decode(errors="replace").strip(),
        straight,
        quoted,
        quoted.replace("'", '"'),
    ):
        try:
            if (value := json.loads(guess)) and isinstance(value, dict | list):
                return [guess.encode()]
        except (ValueError, RecursionError):
            continue
    return []


def sample_of(pieces: Iterable[bytes]) -> list[bytes]:
    """Lines or rows of the beginning that hold something, some of them from further down."""
    lines = list(filter(bytes.strip, pieces))  # a million of them, where each is a byte
    half = _SAMPLED_LINES // 2
    return lines if len(lines) <= _SAMPLED_LINES else lines[:half] + lines[half :: (len(lines) - half) // half + 1]


def _values(text: bytes) -> tuple[list[Json], bool, bool]:
    """Objects and lists one after another that stand over several lines; whether a line break stands inside a text.

    And whether all of it was read, up to the last value, which may be cut off.
    """
    said = text.decode(errors="replace")
    values: list[Json] = []
    at, has_raw_break = _skip(said, 0), False
    while at < len(said) and len(values) < _MOST_VALUES:
        try:
            value, end = _LOOSE.raw_decode(said, at)
        except (ValueError, RecursionError):
            return values, has_raw_break, False
        if not isinstance(value, dict | list):
            return values, has_raw_break, False
        has_raw_break = has_raw_break or any(map(_has_break, re.finditer(r'"(?:[^"\\]++|\\.)*+"', said[at:end])))
        values.append(value)
        at = _skip(said, end)
    return values, has_raw_break, True


def _has_break(text: re.Match[str]) -> bool:
    return "\n" in text[0]


def _skip(text: str, at: int) -> int:
    return _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too


def _of_text(text: bytes, sample: list[bytes]) -> str:
    if b"\0" in text:
        return "bytes that are no text, as in an archive or a picture"
    if said := _of_markup(text):
        return said
    first, _, rest = text.partition(b"\n")
    if b"\r{" in first or b"\r[" in first:
        return "rows that end with a carriage return alone; each must end with a line feed"
    if said := may_be(text):
        return f"text that is no UTF-8; {said}"
    cause, is_shared = _most_frequent_cause(sample)
    if is_shared:
        return cause
    if text[:1] in (b"{", b"["):
        if found := _of_values(text) or _of_unclosed(sample):
            return found
        return cause or (_TOML if _TABLE_OF_TOML.match(first) else "")
    return cause or _of_prose(first.decode(errors="replace").strip(), rest.decode(errors="replace"))


def _of_markup(text: bytes) -> str:
    """Pages, documents, and what stands in a fence of Markdown."""
    if re.match(rb"<(!doctype|html|head|body)|<\?xml[^>]*>\s*<(!doctype html|html)", text, re.IGNORECASE):
        return "a web page, perhaps an error page instead of the download"
    if re.match(rb"<\?xml|<[A-Za-z][\w:.-]*(?: [^>|]*)?>\s*<", text):
        return "XML; write an object a line"
    if text.startswith(b"```") and isinstance(decoded(_UNFENCED.sub(b"", text).strip() or b"-"), dict | list):
        return f"one array or object within {FENCE.removeprefix('a line of ')}, or sed '/^```/d' in.json > out.json"
    return ""


def _of_prose(first: str, rest: str) -> str:
    """What is written for people or for other programs: chats, tables, settings, texts."""
    if found := re.match(r"<\|?\w+\|?>|\[INST\]|<s>", first):
        said = f"a chat as one text with the marks of a template ({found[0]})"
        return f"{said}: write each conversation as a row of messages, without the marks"
    if _SPEAKER.match(first) and len({each.lower() for each in _SPEAKER.findall(f"{first}\n{rest}")}) > 1:
        return "a chat as plain text, a speaker a line: write each conversation as a row of messages"
    if re.match(r"---|- \w|\w+:( |$)", first):
        return YAML
    if _TABLE_OF_TOML.match(first.encode()) or re.match(r"\w+ = [\"'\[\d]", first):
        return _TOML
    for separator, name in (("\t", "tabs"), (",", "commas"), (";", "semicolons"), ("|", "bars")):
        if first.count(separator) and separator in rest.partition("\n")[0]:
            return of_header(first, separator, name)
    return PROSE if rest.count("\n") > 1 and " " in first else ""


def _of_unclosed(sample: list[bytes]) -> str:
    """Rows that lack nothing but their last brace."""
    lines = [line.rstrip() for line in sample]
    closed = sum(isinstance(decoded(line + b"}"), dict) for line in lines)
    return f"rows that are no JSON: {MISSING_CLOSING}" if closed * 2 > len(lines) else ""


def _of_values(text: bytes) -> str:
    """Whole values over several lines."""
    values, has_raw_break, is_whole = _values(text)
    if not values:
        cut = finished(text)
        is_row = isinstance(cut, dict) and text.count(b"\n") > 0 and recognise_row(cut) is not None
        return _over_lines() if is_row else of_rows([cut]) if isinstance(cut, dict) and text.count(b"\n") else ""
    if has_raw_break:
        return "rows with a raw line break inside a text, which JSON writes as \\n; write each row with json.dumps"
    if not is_whole and len(values) < 2 and text.count(b"\n") < 2:
        return ""
    if isinstance(values[0], list) and len(values) > 1:
        return (
            "several arrays one after another; jq -c '.[]' in.json > out.jsonl writes the rows of all of them, one a "
            "line; mend does where each array is one line"
        )
    rows = [value for value in values if isinstance(value, dict)]
    lines = text.count(b"\n") + 1
    if len(rows) == len(values) and lines > 2 * len(values):
        table = of_table(rows[0]) if len(rows) == 1 else ""
        return table or (_over_lines() if recognise_row(rows[0]) is not None else of_rows(list(rows)))
    return ""


def _over_lines() -> str:
    return "objects over several lines; jq -c . in.json > out.jsonl writes them one a line"


def _most_frequent_cause(lines: list[bytes]) -> tuple[str, bool]:
    """What is wrong with most lines of the sample for which it can be said, and whether it is most of all."""
    causes = Counter(cause_of(line.decode(errors="replace")) for line in lines)
    for vague in ("", *_PIECES):
        causes.pop(vague, None)
    if not causes:
        return "", False
    cause, count = causes.most_common(1)[0]
    if count * 2 > len(lines):
        return f"rows that are no JSON: {cause}", True
    return f"lines that are no rows, {count:,} of {len(lines):,} for this cause: {cause}", False
