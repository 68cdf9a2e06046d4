"""`lora-pipeline mend`: its options. What it says of the mended file is in `mend_report.py`."""

import difflib
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.chosen_files import MappingOption, chosen_format, refuse_archive_name
from pipeline.cli.common import NOT_READY, write_line, write_text
from pipeline.cli.files_as_one import AsOneOption, files_as_one
from pipeline.errors import LakeError, ServiceError, UsageError

if TYPE_CHECKING:
    from pipeline.dataset.formats.blocks_of_lines import ByteReader
    from pipeline.dataset.formats.packed_files import PackedFile

STDIN = "-"
MAX_LINE_BYTES = "LORA_MAX_LINE_BYTES"
_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


def mend(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A dataset in any format; - reads standard input.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT", help="The mended file; .gz and .zst are packed. Never the input itself."
        ),
    ] = None,
    only: Annotated[str | None, typer.Option(metavar="CODE,…", help="Apply the remedies of these codes only.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of the summary.")] = False,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="The format of FILE. Default: what its rows look like."),
    ] = None,
    mapping: MappingOption = None,
    as_one: AsOneOption = False,
    max_line_bytes: Annotated[
        int,
        typer.Option(min=1, metavar="N", envvar=MAX_LINE_BYTES, help="Longer lines are put aside."),
    ] = 64 * 2**20,
) -> None:
    """Mend what can be mended without asking anybody, and say what is left for a person.

    Rejected lines go to OUT.rejected.jsonl as they stood, with their findings; every change is a row of
    OUT.changes.jsonl. Lines that need no change are kept byte for byte, and lines of OUT and lines put aside are
    together the lines of FILE.

    Exit code: 0 the mended file is ready, 1 it is not, or over 1% of the rows were rejected, 2 wrong use, 3 a file
    cannot be read or written.
    """
    from pipeline.cli.mend_report import as_dict, render
    from pipeline.cli.printed_json import json_text
    from pipeline.dataset.mend import mend_file
    from pipeline.dataset.model.conversation import Limits  # numpy and Arrow: not for --help

    if output is None and not dry_run:
        raise UsageError("expected -o OUT, where the mended file goes, or --dry-run")
    wanted, chosen = _wanted(only), chosen_format(form, mapping)
    packed = files_as_one([file]) if as_one else []
    if output is not None:
        for each in [str(one.path) for one in packed] or [file]:
            _refuse_target(output, each)
    target = None if dry_run else output
    name = output.name if output else "mended.jsonl" if as_one else Path(file).name
    with _explained(file, output), _opened(file, packed) as stream:
        mending = mend_file(stream, target, name, wanted, Limits(max_line_bytes=max_line_bytes), chosen=chosen)
    if as_json:
        write_line(json_text(as_dict(mending, file, target)))
    else:
        write_text(render(mending, file, target))
    raise typer.Exit(0 if mending.is_ready else NOT_READY)


def _wanted(only: str | None) -> set[str]:
    from pipeline.dataset.findings.finding import CATALOGUE
    from pipeline.dataset.mend import REMEDIES

    if only is None:
        return set(REMEDIES)
    codes = {code.strip() for code in only.split(",")} - {""}
    for code in sorted(codes - set(REMEDIES)):
        if code in CATALOGUE:
            raise UsageError(f"--only: {code} only a person can decide; what can be mended: {', '.join(REMEDIES)}")
        near = difflib.get_close_matches(code, REMEDIES, 1, 0)
        raise UsageError(f"--only: expected codes that can be mended, found {code}; did you mean {near[0]}?")
    if not codes:
        raise UsageError(f"--only: expected codes that can be mended, found none; there are {', '.join(REMEDIES)}")
    return codes


def _refuse_target(output: Path, file: str) -> None:
    from pipeline.dataset.mend import files_of

    if output.is_dir():
        raise UsageError(f"--output: expected a file, found the folder {output}")
    if not output.parent.is_dir():
        raise UsageError(f"--output: there is no folder {output.parent}; make it first")
    refuse_archive_name(output)
    for path in files_of(output):
        if path.exists() and os.path.exists(file) and path.samefile(file):
            raise UsageError(f"--output: {path} is the file to mend, which stays as it is; choose another name")


def _opened(file: str, packed: "list[PackedFile]") -> "AbstractContextManager[ByteReader]":
    if packed:
        from pipeline.dataset.formats.packed_files import PackedFiles

        return nullcontext(PackedFiles(packed))
    return nullcontext(sys.stdin.buffer) if file == STDIN else open(file, "rb")


@contextmanager
def _explained(file: str, output: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        if error.filename != file:
            place = output.parent if output else "the folder for temporary files"
            raise LakeError(f"cannot write {place}: {reason}; free some space there, or choose another") from error
        if error.errno in _MISSING:
            raise UsageError(f"{file}: there is no such file; check its name") from error
        if error.errno == errno.EISDIR:
            raise UsageError(
                f"{file} is a folder; name one file in it, or read all as one dataset: add --as-one"
            ) from error
        raise ServiceError(f"{file} cannot be read: {reason}") from error
