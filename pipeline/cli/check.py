"""`lora-pipeline check`: its options. What happens with them is in `check_run.py`."""

import difflib
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import lasting_imports
from pipeline.cli.chosen_files import MappingOption, chosen_format
from pipeline.cli.files_as_one import AsOneOption
from pipeline.cli.named_files import Excludes, named_files
from pipeline.errors import UsageError

# The settings of an installation, so that a file is judged here as it would be there.
MAX_REJECTED_SHARE = "LORA_MAX_REJECTED_SHARE"
MAX_LINE_BYTES = "LORA_MAX_LINE_BYTES"
REPORTS = ("text", "json", "sarif", "github")


def _share(value: float) -> float:
    if not 0 <= value < 1:
        raise typer.BadParameter(f"expected a share from 0 to under 1, for example 0.01, found {value:g}.")
    return value


def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Datasets: JSON Lines, JSON, CSV, TSV or Parquet, also packed (gzip, Zstandard, zip, tar); "
            "folders and patterns, as 'runs/**/*.jsonl', are all files in them; - reads standard input.",
        ),
    ],
    exclude: Excludes = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="A report (text, json, sarif, github), or what the rows are read as (openai, sharegpt, …) instead of "
            "what is recognised. May be given once for each of the two.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The same as --format json: one JSON object a file, on one line.")
    ] = False,
    mapping: MappingOption = None,
    as_one: AsOneOption = False,
    tokenizer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Count every token with it: o200k_base, cl100k_base, a tokenizer.json or *.tiktoken file; words*1.3 "
            "estimates from the words. Default: a sample is counted with o200k_base.",
        ),
    ] = None,
    structure_only: Annotated[
        bool, typer.Option("--structure-only", help="Look at form and exact duplicates only; the quickest.")
    ] = False,
    no_near_duplicates: Annotated[
        bool, typer.Option("--no-near-duplicates", help="Do not look for conversations that nearly repeat another.")
    ] = False,
    findings: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write every finding to OUT, a .jsonl or a .parquet file."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write what was read to DIR as Parquet: conversations, turns, findings."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Processes that read a large file side by side. Default: one a core."),
    ] = None,
    max_rejected_share: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            envvar=MAX_REJECTED_SHARE,
            callback=_share,
            help="Share of rejected lines that a ready dataset may have.",
        ),
    ] = 0.0,
    max_line_bytes: Annotated[
        int,
        typer.Option(min=1, metavar="N", envvar=MAX_LINE_BYTES, help="Longer lines are rejected."),
    ] = 64 * 2**20,
) -> None:
    """Say whether datasets can train a model, and where they are wrong.

    Shows what is in each file and what to mend on which line. Needs no installation, and changes nothing.

    Exit code: 0 every file is ready, 1 one is not, 2 wrong use, 3 a file cannot be read or written.
    """
    with lasting_imports():  # numpy and Arrow: not for --help
        from pipeline.cli.check_run import Request, check_files
        from pipeline.dataset.formats.rows import BY_NAME
        from pipeline.dataset.model.conversation import Limits
        from pipeline.dataset.profiles.profile_rules import WORDS, Rules
        from pipeline.dataset.tokens import DEFAULT_TOKENIZER
        from pipeline.trainers.acceptance import asking

    report, dataset_format = _chosen([*(formats or []), *(["json"] if as_json else [])], BY_NAME)
    rules = Rules(
        Limits(max_line_bytes=max_line_bytes),
        max_rejected_share,
        form=chosen_format(dataset_format, mapping),
        tokenizer=tokenizer or DEFAULT_TOKENIZER,
        is_exact=tokenizer not in (None, WORDS),
        has_near_duplicates=not no_near_duplicates,
    )
    if tokenizer is not None:
        rules.load_tokenizer()  # before any work: it may be misspelled
    if structure_only:
        if tokenizer is not None:
            raise UsageError("--structure-only counts no tokens; leave out --tokenizer")
        rules = rules.structure_only()
    else:
        rules = asking(rules)
    # As one, what is no data is passed over by name, as in an archive.
    named = tuple(files) if as_one and not exclude else named_files(files, exclude)
    raise typer.Exit(check_files(Request(named, report, findings, output, workers, rules, as_one)))


def _chosen(names: list[str], dataset_formats: Collection[str]) -> tuple[str, str | None]:
    """The report and the format of the rows, of what was named; each at most once."""
    known = [*REPORTS, *sorted(dataset_formats)]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageError(f"--format: expected one of {', '.join(known)}, found {name}{hint}")
    reports = list(dict.fromkeys(name for name in names if name in REPORTS))
    rows = list(dict.fromkeys(name for name in names if name not in REPORTS))
    for several in (reports, rows):
        if len(several) > 1:
            raise UsageError(f"--format: {several[0]} and {several[1]} exclude each other; name one of them")
    return next(iter(reports), "text"), next(iter(rows), None)
