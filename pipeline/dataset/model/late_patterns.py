"""Regular expressions that are compiled when they are first used.

Most are for what few files have. To compile them all takes as long as to read a small file.
"""

import re
from typing import Any, cast


def late_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` makes of it, without its work."""
    return cast("re.Pattern[str]", _Late(pattern, flags))


class _Late:
    """Has each attribute of the compiled pattern, from when it is first asked for."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._written = pattern, flags

    def __reduce__(self) -> tuple[Any, ...]:
        return re.compile, self._written  # to another process goes what can be asked there

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._written), name)  # which keeps those that it has compiled
        setattr(self, name, found)
        return found
