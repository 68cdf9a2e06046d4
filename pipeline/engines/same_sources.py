"""Insists that workers elsewhere run this very program: another might say something else of the same bytes."""

import hashlib
from collections.abc import Callable
from functools import cache

from pipeline.engines.engine import PartT, ResultT, Tell
from pipeline.errors import EngineError
from pipeline.packaged_files import PROJECT_DIR


@cache
def sources_digest() -> str:
    """A hash of this program's sources and declared formats."""
    digest = hashlib.sha256()
    sources = PROJECT_DIR / "pipeline"
    for path in sorted([*sources.rglob("*.py"), *(sources / "dataset").rglob("*.toml")]):
        digest.update(b"%b %b" % (path.relative_to(PROJECT_DIR).as_posix().encode(), path.read_bytes()))
    return digest.hexdigest()


def run_checked(task: Callable[[PartT, Tell], ResultT], part: PartT, digest: str) -> ResultT:
    """Do a part, where this runs. digest: of the sources of who asks.

    Raises:
        EngineError: they are others.
    """
    if digest != sources_digest():
        raise EngineError(
            "a worker of LORA_ENGINE has another version of lora-dataset-pipeline: install this one on all"
        )
    return task(part, lambda _: None)
