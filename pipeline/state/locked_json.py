"""A small JSON object in a file that several processes change, one at a time; what cannot be read counts as empty."""

import fcntl
import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError
from pipeline.state.durable import whole_file

_LOG = logging.getLogger(__name__)


@contextmanager
def changed_json(file: Path) -> Iterator[dict[str, Any]]:
    """Lend the object, and write it back if it was changed. A disk that refuses costs the memory, and no work."""
    with ExitStack() as stack:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            fcntl.flock(stack.enter_context(file.with_name(f".{file.name}.lock").open("w")), fcntl.LOCK_EX)
        except OSError as error:
            _LOG.warning("%s cannot be locked: %s", file, error.strerror)
        value = _read(file)
        before = json.dumps(value)
        yield value
        if json.dumps(value) != before:
            _write(file, value)


def _read(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _write(file: Path, value: dict[str, Any]) -> None:
    try:
        with whole_file(file) as aside:
            aside.write_text(json.dumps(value, indent=1), "utf-8")
    except (OSError, PipelineError) as error:
        _LOG.warning("%s cannot be written: %s", file, error)
