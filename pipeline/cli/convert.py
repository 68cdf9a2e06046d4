"""`lora-pipeline convert`: its options, and what it says when it is done. The work is in `dataset/convert/`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.chosen_files import MappingOption, chosen_format, refuse_archive_name
from pipeline.cli.common import NOT_READY, write_line
from pipeline.cli.files_as_one import AsOneOption, files_as_one
from pipeline.cli.printed_json import json_text
from pipeline.contract.converted_format import ConvertedFormat
from pipeline.errors import ServiceError, UsageError
from pipeline.safe_text import shown
from pipeline.wording import count_of, plural_of

if TYPE_CHECKING:
    from pipeline.dataset.convert.converting import Converted
    from pipeline.dataset.formats.blocks_of_lines import ByteReader
    from pipeline.dataset.formats.packed_files import PackedFile

STDIO = "-"


def convert(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A dataset in any format; - reads standard input.")],
    to: Annotated[ConvertedFormat, typer.Option("--to", help="The format to write.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="OUT", help="The file to write; - writes to standard output.")
    ],
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="The format of FILE. Default: what its rows look like."),
    ] = None,
    mapping: MappingOption = None,
    as_one: AsOneOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say what was done as one JSON object.")] = False,
) -> None:
    """Write a dataset anew in another format.

    Keeps all that the other format can hold, and says by name what it cannot. Fields that no trainer reads are not
    carried over, but native and brightrun-v4 keep annotations. Rejected lines are left out; lora-pipeline check shows
    why. alpaca, prompt-completion, preference and kto hold a question and its answer: what has none is left out, too.
    Of brightrun-v4 a name that ends with .json is written as training.json, another as training.jsonl.

    Exit code: 0 everything was carried over, 1 something was left out, 2 wrong use, 3 a file cannot be read or written.
    """
    from pipeline.dataset.convert.converting import convert_stream, replaced
    from pipeline.dataset.model.conversation import Limits

    chosen = chosen_format(form, mapping)
    packed = files_as_one([file]) if as_one else []
    for each in [str(one.path) for one in packed] or [file]:
        _refuse_target(each, output)
    with _opened(file, packed) as stream:
        try:
            if output == STDIO:
                done = convert_stream(stream, sys.stdout.buffer.write, to.value, chosen, Limits())
                sys.stdout.buffer.flush()
            else:
                with replaced(Path(output)) as write:
                    is_document = output.endswith(".json")
                    done = convert_stream(stream, write, to.value, chosen, Limits(), as_document=is_document)
        except UsageError as error:
            raise UsageError(f"{file}: {error}") from error
        except BrokenPipeError:
            raise
        except OSError as error:
            raise ServiceError(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from error
    named = f"--as-one {file}" if as_one else file
    _tell(json_text(_summary(file, output, to.value, done)) if as_json else _sentences(named, output, done), output)
    if not done.is_whole:
        raise typer.Exit(NOT_READY)


def _refuse_target(file: str, output: str) -> None:
    """Refuse a place that cannot be meant, before any work."""
    target = Path(output)
    if output == STDIO:
        return
    if target.exists() and not target.is_file():
        raise UsageError(f"--output: expected a file, found {target}, which is none")
    if not target.parent.is_dir():
        raise UsageError(f"--output: there is no folder {target.parent}; make it first")
    refuse_archive_name(target)
    if target.exists() and Path(file).exists() and target.samefile(file):
        raise UsageError(f"--output: {target} is the file to convert; choose another name")


@contextmanager
def _opened(file: str, packed: "list[PackedFile]") -> "Iterator[ByteReader]":
    if packed:
        from pipeline.dataset.formats.packed_files import PackedFiles

        yield PackedFiles(packed)
        return
    if file == STDIO:
        yield sys.stdin.buffer
        return
    if Path(file).is_dir():
        raise UsageError(f"{file} is a folder; name one of the files in it, or read all as one dataset: add --as-one")
    with open(file, "rb") as stream:
        yield stream


def _summary(file: str, output: str, target: str, done: "Converted") -> dict[str, object]:
    return {
        "path": file,
        "output": output,
        "format": done.reading.form.name,
        "target": target,
        "conversations": done.written,
        "rejected_lines": done.rejected,
        "first_rejected_lines": done.first_rejected,
        "rejected_codes": dict(sorted(done.rejected_codes.items())),
        "left_out": done.losses.as_dict(),
        "broken_archive": done.broken or None,
        "warnings": [finding.as_row() for finding in done.warnings],
    }


def _sentences(file: str, output: str, done: "Converted") -> str:
    from pipeline.dataset.convert.losses import LOSSES

    place = "standard output" if output == STDIO else shown(output)
    sentences = [f"Wrote {count_of(done.written, 'conversation')} to {place}, read as {done.reading.form.title}."]
    row_name = done.reading.row_name
    for kind, rows in done.losses.rows.items():
        count = done.losses.counts[kind]
        places = _places(done, rows, count)
        sentences.append(f"Left out: {LOSSES[kind]}, in {count_of(count, 'conversation')} ({places}).")
    if done.rejected:
        codes = ", ".join(f"{code} {count:,}" for code, count in done.rejected_codes.most_common())
        places = _places(done, done.first_rejected, done.rejected)
        why = f"lora-pipeline check {shown(file)} shows where"
        sentences.append(f"Rejected: {count_of(done.rejected, row_name)} ({places}): {codes}; {why}.")
    sentences += [f"Warning ({finding.code}): {shown(finding.message)}." for finding in done.warnings]
    if done.broken:
        sentences.append(f"The archive ends early: {done.broken}.")
    return "\n".join(sentences)


def _places(done: "Converted", first: list[int], count: int) -> str:
    more = ", …" if count > len(first) else ""
    if done.place_of and done.reading.has_rows_on_lines:
        return ", ".join(map(done.place_of, first)) + more
    named = ", ".join(f"{row:,}" for row in first)
    return f"{plural_of(done.reading.row_name, count)} {named}{more}"


def _tell(text: str, output: str) -> None:
    """On stdout, unless the data went there."""
    if output == STDIO:
        sys.stderr.write(text + "\n")
    else:
        write_line(text)
