"""`lora-pipeline findings`."""

from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import write_line
from pipeline.cli.connections import connect_lake, connect_store, current_settings, open_catalog
from pipeline.cli.owner import Owner
from pipeline.cli.printed_json import json_text
from pipeline.cli.printed_table import place_columns, print_table
from pipeline.errors import UsageError
from pipeline.safe_text import shown

if TYPE_CHECKING:
    from pipeline.contract.finding_record import FindingRecord
    from pipeline.flow.upload_lines import UploadLines

_LINE_CELLS = 116
_COLUMNS = ("code", "severity", "path", "message")


def findings(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="An id, the beginning of one, or a name.")],
    owner: Owner = None,
    code: Annotated[str | None, typer.Option(metavar="CODE", help="Only findings of this code.")] = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="Most rows of the table; --json prints all, whole.")
    ] = 50,
    lines: Annotated[
        bool, typer.Option("--lines", help="Not as a table: each above the line that it speaks of, with its mark.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print all as JSON, an object a line.")] = False,
) -> None:
    """Show what is wrong with a dataset, row by row."""
    from pipeline.contract.finding_record import FindingRecord
    from pipeline.dataset.findings.finding import CATALOGUE
    from pipeline.dataset.findings.groups import unlisted_sentence
    from pipeline.dataset.profiles.merge import all_findings
    from pipeline.flow.lake_files import finding_counts_of
    from pipeline.flow.upload_lines import lines_of_dataset
    from pipeline.state.catalog.dataset_records import no_verdict

    if code is not None and code not in CATALOGUE:
        raise UsageError(f"--code: expected a code of docs/findings.md, found {code}")
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find(owner or settings.default_owner, dataset)
    if found.status not in ("ready", "error"):
        raise UsageError(no_verdict(found))
    lake = connect_lake(settings)
    with lake.fetch("findings", found.id) as path:
        rows = (row for row in all_findings(path) if code in (None, row["code"]))
        if as_json:
            for row in rows:
                typer.echo(json_text(row))
        elif lines:
            first = list(map(FindingRecord.of, islice(rows, limit)))
            _print_lines(first, lines_of_dataset(connect_store(settings), lake, found))
        else:
            records = map(FindingRecord.of, rows)
            first = list(islice(records, limit))
            columns = (*place_columns(first), *_COLUMNS)
            cells = (tuple(getattr(each, name) for name in columns) for each in chain(first, records))
            print_table(columns, cells, limit)
    with lake.fetch("profiles", found.id) as path:
        counts = finding_counts_of(path)
    if told := unlisted_sentence(counts, counts if code is None else [code]):
        typer.echo(told, err=True)


def _print_lines(findings: "list[FindingRecord]", upload: "UploadLines | None") -> None:
    from pipeline.cli.dataset_rows import print_marked
    from pipeline.dataset.findings.path_words import path_in_words
    from pipeline.dataset.findings.row_places import place_of

    lines = upload.marked(findings, _LINE_CELLS) if upload else [None] * len(findings)
    for finding, line in zip(findings, lines, strict=True):
        where = path_in_words(finding.path, finding.code, column=finding.column)
        write_line(f"{place_of(finding)}, {where}: {finding.code}: {shown(finding.message)}")
        print_marked(line)
