"""`lora-pipeline datasets rows`: the rows of a dataset, turn by turn; rejected ones as they stand."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import write_line
from pipeline.cli.connections import connect_lake, connect_store, current_settings, open_catalog
from pipeline.cli.dataset_options import AsJson, Dataset_
from pipeline.cli.owner import Owner
from pipeline.errors import UsageError
from pipeline.safe_text import shown
from pipeline.wording import count_of, cut

if TYPE_CHECKING:
    from pipeline.contract.finding_record import FindingRecord
    from pipeline.contract.marked_line import MarkedLine
    from pipeline.contract.row_values import BrowsedRow, RejectedPage, RowPage, RowQuery

_TEXT = 600  # characters of a turn; --json prints up to 100,000 of a conversation


def rows(
    dataset: Dataset_,
    owner: Owner = None,
    finding: Annotated[str | None, typer.Option(metavar="CODE", help="Only rows in which this was found.")] = None,
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Only rows with a turn of this role.")] = None,
    turns_min: Annotated[int | None, typer.Option(metavar="N", min=0, help="Of so many turns at least.")] = None,
    turns_max: Annotated[int | None, typer.Option(metavar="N", min=0, help="Of so many turns at most.")] = None,
    words_min: Annotated[int | None, typer.Option(metavar="N", min=0, help="Of so many words at least.")] = None,
    words_max: Annotated[int | None, typer.Option(metavar="N", min=0, help="Of so many words at most.")] = None,
    split: Annotated[str | None, typer.Option(metavar="SIDE", help="Only of train or validation.")] = None,
    cluster: Annotated[
        int | None, typer.Option(metavar="ROW", min=1, help="Only near-duplicates whose first is this row.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only answers in this language (ISO 639-1), told row by row.")
    ] = None,
    text: Annotated[str | None, typer.Option(metavar="TEXT", help="Only rows that hold this, in any case.")] = None,
    row: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only this row.")] = None,
    rejected: Annotated[bool, typer.Option("--rejected", help="Rejected rows, as they stand in the upload.")] = False,
    page: Annotated[int, typer.Option(metavar="N", min=1, max=1_000_000, help="Which page of them.")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=50, help="How many rows on a page.")] = 10,
    after: Annotated[int, typer.Option(metavar="N", min=0, max=2**62, help="With --language: behind this row.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Look at the rows of a dataset: all, those that fit, or the rejected ones."""
    from pipeline.dataset.browsing.row_tables import RowTables
    from pipeline.flow.pages_of_rows import accepted_page, rejected_page
    from pipeline.flow.upload_lines import lines_of_dataset
    from pipeline.state.catalog.dataset_records import no_verdict

    given: dict[str, object] = {
        "finding": finding,
        "role": role,
        "turns_min": turns_min,
        "turns_max": turns_max,
        "row": row,
    }
    given |= {"words_min": words_min, "words_max": words_max, "split": split, "cluster": cluster}
    query = _query(given | {"language": language, "text": text})
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find(owner or settings.default_owner, dataset)
    if found.status not in ("ready", "error"):
        raise UsageError(no_verdict(found))
    lake = connect_lake(settings)
    tables = RowTables(lake, found.id)
    if rejected:
        lines = lines_of_dataset(connect_store(settings), lake, found)
        _print_rejected(rejected_page(tables, lines, finding, page, limit), as_json=as_json)
    else:
        _print_accepted(accepted_page(tables, query, page, limit, after), as_json=as_json)


def _query(values: dict[str, object]) -> "RowQuery":
    from pydantic import ValidationError

    from pipeline.contract.row_values import RowQuery

    try:
        return RowQuery.model_validate(values)
    except ValidationError as error:
        wrong = error.errors()[0]
        option = str(wrong["loc"][0]).replace("_", "-")
        raise UsageError(f"--{option}: {wrong['msg'].lower()}, found {wrong['input']}") from error


def _print_accepted(page: "RowPage", *, as_json: bool) -> None:
    for each in page.items:
        if as_json:
            write_line(each.model_dump_json())
        else:
            _print_row(each)
    if page.total is not None:
        typer.echo(f"{len(page.items)} of {count_of(page.total, 'row')}", err=True)
        return
    more = f"; go on with --after {page.next_after}" if page.next_after is not None else ""
    typer.echo(f"{len(page.items)} of {count_of(page.looked_at, 'row')} that were looked at{more}", err=True)


def _print_row(row: "BrowsedRow") -> None:
    facts = [count_of(row.turn_count, "turn"), count_of(row.word_count, "word"), row.split or ""]
    facts += [count_of(row.cluster_size - 1, "near duplicate")] if row.cluster_size > 1 else []
    write_line(f"row {row.row}  {shown(cut(row.conversation_id, 120))}  ({', '.join(filter(None, facts))})")
    _print_findings(row.findings)
    for turn in row.turns:
        thought = f" [thought: {count_of(len(turn.reasoning), 'character')}]" if turn.reasoning else ""
        media = f" [{', '.join(map(shown, turn.media))}]" if turn.media else ""
        write_line(f"  {shown(turn.role)}: {shown(cut(turn.content, _TEXT))}{thought}{media}")
        if turn.tool_calls:
            write_line(f"    calls {shown(cut(turn.tool_calls, _TEXT))}")
    write_line("")


def _print_rejected(page: "RejectedPage", *, as_json: bool) -> None:
    for each in page.items:
        if as_json:
            write_line(each.model_dump_json())
        else:
            write_line(f"row {each.row}, line {each.line}")
            _print_findings(each.findings)
            print_marked(each.text)
            write_line("")
    typer.echo(f"{len(page.items)} of {count_of(page.total, 'rejected row')}", err=True)


def _print_findings(findings: "list[FindingRecord]") -> None:
    for each in findings:
        write_line(f"  {each.code}: {shown(each.message)}")


def print_marked(line: "MarkedLine | None") -> None:
    """A piece of a line, and below it the mark."""
    from rich.cells import cell_len

    if line is None:
        return
    write_line(f"  {line.before}{line.marked}{line.after}")
    if line.column is not None:
        write_line(f"  {' ' * cell_len(line.before)}{'^' * max(1, cell_len(line.marked))}")
