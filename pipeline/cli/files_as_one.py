"""`--as-one`: files, folders and patterns that are read as one dataset."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.dataset.formats.packed_files import PackedFile

_PATTERN = frozenset("*?[")
AsOneOption = Annotated[
    bool,
    typer.Option(
        "--as-one",
        help="Read all files as one dataset: those of a folder, or of a pattern in quotes, such as 'data/*.jsonl'.",
    ),
]


def files_as_one(named: Sequence[str]) -> "list[PackedFile]":
    """The files that are named, each once, with their paths below the folder that they share.

    named: files, folders, of which all files are taken, and patterns.

    Raises:
        UsageError: one of the names is none of them, or no file is there.
    """
    from pipeline.dataset.formats.packed_files import packed_below

    paths = list(dict.fromkeys(os.path.abspath(path) for name in named for path in _files_of(name)))
    if not paths:
        raise UsageError(f"--as-one: expected files, found none in {', '.join(named)}")
    return packed_below([Path(path) for path in paths])


def label_of(named: Sequence[str]) -> str:
    """What the dataset is called in reports."""
    return named[0] if len(named) == 1 else f"{named[0]} and {len(named) - 1:,} more"


def _files_of(name: str) -> Iterator[str]:
    if os.path.isfile(name):
        yield name
    elif os.path.isdir(name):
        yield from sorted(str(path) for path in Path(name).rglob("*") if path.is_file())
    elif _PATTERN.intersection(name):
        for found in sorted(glob.glob(name, recursive=True)):
            yield from _files_of(found)
    else:
        raise UsageError(f"--as-one: {name}: there is no such file or folder; check its name")
