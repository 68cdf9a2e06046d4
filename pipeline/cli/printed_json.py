"""JSON for other programs, on one line, that is safe in a terminal too."""

import json
import re

# Not ASCII, yet harmful raw: controls, line separators, what turns the writing direction, lone surrogates (they stand
# for bytes of a file name). They only occur inside strings, where an escape means the same.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def json_text(value: object) -> str:
    """The value as compact JSON, readable in any script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
