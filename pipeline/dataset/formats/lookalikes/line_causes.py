"""Why a line is no JSON: told from where the decoder stopped and what stands there.

Only some characters around that place and at the line's edges are looked at, so a long line costs no more than a short
one. What follows the colon of a cause is what to do.
"""

import json
import re
import unicodedata

from pipeline.dataset.model.json_text import STRICT, NotJson
from pipeline.dataset.model.late_patterns import late_pattern

_CONTEXT = 400  # characters looked at around a place
_MEND = "lora-pipeline mend does"

FENCE = f"a line of a Markdown code fence: remove it; {_MEND}"
COMMENT = f"a comment, which JSON does not have: remove it; {_MEND}"
EVENT_STREAM = f"the prefix data: or another line of a saved event stream (SSE): remove it; {_MEND}"
MARK_INSIDE = f"a byte order mark in the middle of the file, as joined files have one: remove it; {_MEND}"
LFS_POINTER = "a line of a Git LFS pointer instead of the file: git lfs pull fetches the file"
CSV_OF_JSON = (
    "a CSV column that holds the JSON, with doubled quotes: take it out, for example with "
    "python3 -c 'import csv,sys; [print(row[{}]) for row in csv.reader(sys.stdin)]' < in.csv > out.jsonl"
)
CONFLICT = "a mark of a merge conflict of Git: take one of the two versions, and remove the marks"
DOTS = "dots where rows were left out: put the rows there, or remove the line"
ENTITIES = (
    "HTML's &quot; for quotes: decode the text once, for example with "
    "python3 -c 'import html,sys; sys.stdout.write(html.unescape(sys.stdin.read()))' < in > out"
)
PERCENTS = (
    "a row that is percent-encoded, as in the address of a page: decode it once, for example with "
    "python3 -c 'import sys,urllib.parse as u; [print(u.unquote(row.strip())) for row in sys.stdin]' < in > out"
)
BASE64 = (
    "a row in Base64: decode it, for example with "
    "python3 -c 'import base64,sys; [print(base64.b64decode(row).decode()) for row in sys.stdin]' < in > out"
)
ASSIGNED = (
    "a program's assignment or call with the rows in it: keep what stands between the first bracket or brace and the "
    "last, as a .json file"
)
PREFIX = "text before the row, as in a log: remove it, for example with sed 's/^[^{]*//' in.jsonl > out.jsonl"
AROUND = "text before and behind the row: remove both, as with sed 's/^[^{]*//; s/[^}]*$//' in.jsonl > out.jsonl"
COMMA_BEHIND = f"a comma behind the row, as in an array: remove it; {_MEND}"
SEVERAL = f"several rows on one line: write each on a line of its own, as jq -c . in.jsonl > out.jsonl does; {_MEND}"
ONE_CLOSING_TOO_MANY = f"one closing bracket or brace too many at the end of the row: remove it; {_MEND}"
TRAILING_COMMA = f"a trailing comma before a closing bracket or brace: remove it; {_MEND}"
CONTROL = f"a raw tab or control character inside a text: escape it, a tab as \\t; {_MEND}"
OTHER_SPACE = "{} outside the texts, as web pages have it: remove it; " + _MEND
CURLY = 'curly quotes instead of straight ones, as Word and Pages write them: write " around keys and texts'
PYTHON = (
    "Python's notation: JSON has double quotes, true, false and null; write the row with json.dumps, for example "
    "python3 -c 'import ast,json,sys; [print(json.dumps(ast.literal_eval(row))) for row in sys.stdin]' < in > out"
)
LEADING_ZERO = "a number that begins with 0, which JSON does not have: write it without the 0, or as a text"
EQUALS = "= between key and value: JSON has :"
FULL_WIDTH = "punctuation of full width, as Chinese and Japanese keyboards write it: JSON has : and , alone"
SCRIPT = "JSON5 or JavaScript: JSON has keys and texts in double quotes; write the row with JSON.stringify"
RUBY = "Ruby's notation: JSON has : between key and value; write the row with to_json"
SHELL = "{}(…), as MongoDB's shell writes it: export with mongoexport, or write the value as a text"
OBJECT = "a Python object that is no JSON: convert it to a text or a number, for example json.dumps(row, default=str)"
NOT_A_NUMBER = (
    "NaN or Infinity, which JSON does not have; pandas and Python write it for a missing value: write null or an "
    "empty text; lora-pipeline mend writes null for NaN where the field may be empty"
)
LISTS_OF_ROWS = (
    "each row must be a line of its own; jq -c '.[]' in.jsonl > out.jsonl takes them out, and so does "
    "lora-pipeline mend"
)
RAW_BREAK = "may be a raw line break inside a text, or a row that was cut off: write a line break as \\n"
REST = "may be the rest of the row before, which a raw line break inside a text cut in two: write it as \\n"
OVER_LINES = (
    "part of an object over several lines: write each object on one line, as jq -c . in.json > out.jsonl does; " + _MEND
)
ESCAPE = "a backslash that begins no escape: write it twice, \\\\"
QUOTE = 'may be a quote inside a text: write it as \\"'
MISSING_COMMA = "a comma seems to be missing between two values"
MISSING_COLON = "a colon seems to be missing between a key and its value"
MISSING_OPENING = "the opening brace of the row is missing: write it in front of the line"
MISSING_CLOSING = "the closing brace of the row is missing, or its end was cut off: write the brace behind the line"
UNCLOSED = "the row is not closed: cut off, or an object over several lines, which jq -c . writes on one"

SPACES = "\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200C))) + "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
"""White space that JSON does not have between its values."""
_SPACE = late_pattern(f"[{SPACES}]")
_STREAM_LINE = late_pattern(r"data: ?(?:[\[{\"]|$)|event: ?[\w.-]+$|id: ?[\w-]*$|retry: ?\d+$|: ?[\w -]*$")
_POINTER_LINE = late_pattern(r"version https://git-lfs\.github\.com/spec/|oid sha256:[0-9a-f]{64}$|size \d+$")
_BRACKETS = late_pattern(r"[{}\[\], ]{1,6}$")
_LABEL = late_pattern(r"\[[^\[\]{}\"]{1,80}\][^{\[]{0,80}\{")
_PART = late_pattern(r"\"(?:[^\"\\]|\\.){0,80}\"\s*:(?:.*[,\[{]|[^{}\[\]]*)$", re.DOTALL)
_CLOSED = late_pattern(r"\"\s*[}\]]{1,8},?$")
_SHELL = late_pattern(
    r"(ObjectId|ISODate|Number(?:Long|Int|Decimal)|Timestamp|BinData|UUID|new Date|Date|DBRef|MinKey|MaxKey)\("
)
_OBJECT = late_pattern(r"(?:datetime\.|Decimal\(|array\(|tensor\(|np\.|numpy\.|<[\w.]+ )")
_MISSING = late_pattern(r"(?:[+-]?(?:nan|inf|infinity)|NaT|<NA>)(?![\w(])", re.IGNORECASE)
_CELL_OF_JSON = late_pattern(r"(?P<before>(?:[^\",;\t]*[,;\t])*)\"[\[{]+ ?\"\"")
_CONFLICT_LINE = late_pattern(r"(?:<{7}|>{7}|\|{7})(?: |$)|={7}$")
_ASSIGNMENT = late_pattern(r"(?:(?:export |module\.)?[\w.$]+ )?[\w.$]+ ?(?:= ?|\()(?=[\[{])|export default (?=[\[{])")
_BASE64 = late_pattern(r"(?:eyJ|W3si|ey[AIJK])[A-Za-z0-9+/_=-]{20,}$")
_ROW_BEGINS = late_pattern(r'"(?:[^"\\]|\\.)*"\s*:')
_CURLY_AT_EDGE = late_pattern(r"[{\[,:]\s*[“”„‟]|[“”„‟]\s*[:,}\]]")


def cause_of(line: str) -> str:
    """Why a line is no JSON, and what to do; "" where nothing can be said. line: without its line break."""
    text = line.strip(" \t\r\n")
    try:
        STRICT.decode(text)
    except json.JSONDecodeError as fault:
        return cause_at(text, fault)
    except NotJson:
        return NOT_A_NUMBER
    except (ValueError, RecursionError):
        return ""
    return ""


def cause_at(text: str, fault: json.JSONDecodeError) -> str:
    """The same of a text that the decoder refused there."""
    lead = len(text) - len(text.lstrip(" \t\r\n"))
    head, tail = text[lead : lead + _CONTEXT], text[-_CONTEXT:].rstrip(" \t\r\n")
    if _BRACKETS.match(head):
        return OVER_LINES
    if _LABEL.match(head) and _has_row_behind(text, lead):
        return PREFIX
    return _of_line(head) or _at(text, lead, fault, tail) or _of_part(head, tail)


def _of_line(head: str) -> str:
    """What the beginning of a line alone says."""
    if head.startswith(("```", "~~~")):
        return FENCE
    if head.startswith(("//", "/*", "#", "<!--")):
        return COMMENT
    if head.startswith("\ufeff"):
        return MARK_INSIDE
    if _SPACE.match(head):
        return _space(head[0])
    if _STREAM_LINE.match(head):
        return EVENT_STREAM
    if _POINTER_LINE.match(head):
        return LFS_POINTER
    if cell := _CELL_OF_JSON.match(head):
        return CSV_OF_JSON.format(len(re.findall(r"[,;\t]", cell["before"])))
    if _CONFLICT_LINE.match(head):
        return CONFLICT
    if not head.strip(".… "):
        return DOTS
    if _ASSIGNMENT.match(head):
        return ASSIGNED
    return _of_encoded(head)


def _of_encoded(head: str) -> str:
    """Rows that were encoded for a page, an address or a mail."""
    if re.match(r"[\[{]?\s*[\[{]\s*&quot;", head):
        return ENTITIES
    if re.match(r"%(?:5B|7B)(?:%|\w)", head, re.IGNORECASE):
        return PERCENTS
    return BASE64 if _BASE64.match(head) else ""


def _at(text: str, lead: int, fault: json.JSONDecodeError, tail: str) -> str:
    """What the place where the decoder stopped says."""
    at, here = fault.pos, text[fault.pos : fault.pos + _CONTEXT]
    before = text[max(0, at - _CONTEXT) : at].rstrip()
    if is_trailing_comma(before, here, fault):
        return TRAILING_COMMA
    if _SPACE.match(here) or (here and ord(here[0]) > 127 and here[0].isspace()):
        return _space(here[0])
    if fault.msg.startswith("Invalid control character"):
        return CONTROL if here[:1] != "\n" else RAW_BREAK
    if fault.msg.startswith("Invalid \\"):
        return ESCAPE
    if here.startswith(("“", "”", "„", "‟")):
        return CURLY
    if fault.msg.startswith("Extra data"):
        return _behind(text, lead, at, here.strip())
    if here.startswith(("\uff1a", "\uff0c")):
        return FULL_WIDTH
    if fault.msg.startswith("Expecting property name"):
        return PYTHON if here.startswith("'") else SCRIPT if re.match(r"[\w$]+\s*:", here) else _unclosed(here)
    if fault.msg.startswith("Unterminated string"):
        return CURLY if _CURLY_AT_EDGE.search(here) else RAW_BREAK
    if fault.msg.startswith("Expecting value"):
        return _of_value(text, lead, at, here, tail)
    if here.startswith("=>"):
        return RUBY
    if here.startswith("="):
        return EQUALS
    if _CURLY_AT_EDGE.search(before[-80:] + here[:80]):
        return CURLY
    if fault.msg.startswith("Expecting ',' delimiter"):
        return _between(before, here)
    if fault.msg.startswith("Expecting ':' delimiter") and here.strip():
        return MISSING_COLON
    return _unclosed(here)


def is_trailing_comma(before: str, here: str, fault: json.JSONDecodeError) -> bool:
    """Whether the decoder stopped at a comma before a closing bracket; newer Pythons stop at the comma itself."""
    return fault.msg.startswith("Illegal trailing comma") or (before.endswith(",") and here.startswith(("}", "]")))


def _space(character: str) -> str:
    name = unicodedata.name(character, "white space").lower()
    return OTHER_SPACE.format(f"{'an' if name[0] in 'aeiou' else 'a'} {name}")


def _behind(text: str, lead: int, at: int, rest: str) -> str:
    """What stands behind a whole value."""
    is_row = text[lead] in "{["
    if text[lead] == '"' and rest.startswith(":") and rest.endswith("}"):
        return MISSING_OPENING
    if is_row and rest in ("}", "]"):
        return ONE_CLOSING_TOO_MANY
    if is_row and rest == ",":
        return COMMA_BEHIND
    if is_row and rest.lstrip(", ").startswith(("{", "[")):
        return SEVERAL
    if is_row:
        return "text behind the row: remove it"
    return PREFIX if _has_row_behind(text, at) else ""


def _has_row_behind(text: str, at: int) -> bool:
    start = text.find("{", at, at + _CONTEXT)
    return start > 0 and text.rstrip().endswith("}")


def _has_row_inside(text: str, at: int, tail: str) -> bool:
    """Whether a row begins and ends within a line, with marks on both sides, as <s> and </s>."""
    start = text.find("{", at, at + _CONTEXT)
    return start > 0 and "}" in tail and _is_row_from_brace(text, at)


def _of_value(text: str, lead: int, at: int, here: str, tail: str) -> str:
    if found := _SHELL.match(here):
        return SHELL.format(found[1])
    if _MISSING.match(here):
        return NOT_A_NUMBER
    if _OBJECT.match(here):
        return OBJECT
    if re.match(r"(?:None|True|False)\b|'", here):
        return PYTHON
    if re.match(r"undefined\b|0x|\+\d|\.\d|`", here):
        return SCRIPT
    if at == lead and _has_row_behind(text, at):
        return PREFIX if not _CLOSED.search(tail) or _is_row_from_brace(text, at) else REST
    if at == lead and _has_row_inside(text, at, tail):
        return AROUND
    if here.startswith(","):
        return "a comma too many: remove it"
    return "" if at == lead else _unclosed(here)


def _is_row_from_brace(text: str, at: int) -> bool:
    """Whether what begins with the first brace looks like a row: a key follows, or the object is empty."""
    start = text.find("{", at, at + _CONTEXT)
    return re.match(r"\{\s*(?:\"|\})", text[start : start + _CONTEXT]) is not None


def _between(before: str, here: str) -> str:
    if not here.strip():
        return UNCLOSED
    if before.endswith("0") and re.match(r"[0-9]", here):
        return LEADING_ZERO
    if before.endswith("0") and re.match(r"[xXbBoO][0-9a-fA-F]", here):
        return SCRIPT
    if here.startswith(('"', "{", "[")):
        return MISSING_COMMA
    return QUOTE if before.endswith('"') and here[0] not in "}]" else ""


def _unclosed(here: str) -> str:
    return "" if here.strip() else UNCLOSED


def _of_part(head: str, tail: str) -> str:
    """Lines that are no row of their own: of a pretty-printed object, or of one that a line break cut in two."""
    if _PART.match(head):
        return OVER_LINES
    if head[:1] not in "{[" and _CLOSED.search(tail):
        return REST
    return ""
