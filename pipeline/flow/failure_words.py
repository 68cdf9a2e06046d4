"""What went wrong, in words that may be shown: for a failure that somebody has to look into.

An error on purpose is a sentence already. Of any other exception only the kind and the place in the program are told:
its text may quote what somebody uploaded.
"""

import traceback
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.packaged_files import PROJECT_DIR

_MAX_FRAMES = 30
_OURS = {"pipeline", "assets", "resources", "sensors", "tests"}  # an installed copy lies among the libraries


def sentence_of(error: BaseException) -> str:
    """What is noted in the catalog and shown to people."""
    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where} ({type(error).__name__} in {place_of(error)})"
    if isinstance(error, MemoryError):
        return f"there was not enough memory for it (MemoryError in {place_of(error)})"
    return f"a fault of this program, not of the file: {_name(error)} in {place_of(error)}; the run's log has more"


def trace_of(error: BaseException) -> str:
    """Where it came from, call by call, without the texts of exceptions."""
    return "\n".join(f"{_name(each)}\n{_frames(each)}" for each in _chain(error))


def place_of(error: BaseException) -> str:
    """The innermost line of this program, as `pipeline/x.py:12 (function)`."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame.filename)]
    for frame in reversed(ours or frames):
        return f"{_shown(frame.filename)}:{frame.lineno} ({frame.name})"
    return "an unknown place"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _frames(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    return "\n".join(f"  {_shown(f.filename)}:{f.lineno} in {f.name}: {f.line}" for f in frames)


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _is_ours(file: str) -> bool:
    path = Path(file)
    return path.is_relative_to(PROJECT_DIR) and path.relative_to(PROJECT_DIR).parts[0] in _OURS


def _shown(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(PROJECT_DIR)) if _is_ours(file) else "/".join(path.parts[-2:])
