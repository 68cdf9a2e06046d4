"""The files that a person named: one by one, by folder, by pattern, and what is left out again."""

import glob
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import UsageError

STDIN = "-"
_SIGNS = frozenset("*?[")

Excludes = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="PATTERN",
        help="Leave out files of folders and patterns whose path, or a part of it, is like this, as old* or drafts/*; "
        "may be given again.",
    ),
]


def named_files(names: Sequence[str], excludes: Sequence[str] | None = None) -> tuple[str, ...]:
    """Every file that is meant, in the order of the names; those of a folder or pattern by path.

    A name that is a file, standard input, or nothing that is there stays as it is: who reads it says what is wrong. Of
    a folder are taken the files whose names end as those of datasets do; what is hidden is not.

    Raises:
        UsageError: a folder or a pattern has no file.
    """
    return tuple(file for name in names for file in _meant_by(name, excludes or ()))


def _meant_by(name: str, excludes: Sequence[str]) -> list[str]:
    if name == STDIN or os.path.isfile(name):
        return [name]
    if os.path.isdir(name):
        from pipeline.state.store.data_names import ROWS  # settings come with it: not for --help

        files, expected = _files_below(name), f"files that end in {', '.join(f'.{end}' for end in ROWS)}"
    elif _SIGNS & set(name) and not os.path.lexists(name):
        files, expected = filter(os.path.isfile, sorted(glob.glob(name, recursive=True))), "files like it"
    else:
        return [name]
    if not (kept := [file for file in files if not _is_excluded(file, excludes)]):
        left = " that --exclude leaves" if excludes else ""
        raise UsageError(f"{name}: expected {expected}{left}, found none; check the name")
    return kept


def _files_below(folder: str) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        yield from (os.path.normpath(os.path.join(place, file)) for file in sorted(files) if _is_data(file))


def _is_data(name: str) -> bool:
    """By its name: rows as they are or packed, or an archive."""
    from pipeline.state.store import data_names

    if name.startswith("."):
        return False
    *stem, end = name.lower().split(".")
    if end in data_names.PACKED and len(stem) > 1:
        end = stem[-1]
    return bool(stem) and end in (*data_names.ROWS, *data_names.ARCHIVES)


def _is_excluded(file: str, excludes: Sequence[str]) -> bool:
    path = Path(file)
    like = (path.as_posix(), *path.parts)
    return any(fnmatch(each, pattern) or fnmatch(each, f"*/{pattern}") for pattern in excludes for each in like)
