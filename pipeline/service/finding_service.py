"""The findings of a dataset: a page of them, or all of them as JSON Lines or CSV, in bounded memory."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from pipeline.contract.finding_record import FindingRecord, FindingRow
from pipeline.contract.marked_line import MarkedLine
from pipeline.contract.values import FindingPage
from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.errors import Conflicting, StoreError, UsageError
from pipeline.service.dataset_service import has_verdict
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.dataset_records import Dataset, no_verdict

COLUMNS = tuple(FindingRow.__annotations__)
_BLOCK_ROWS = 1_000
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def list_findings(
    service: Service, user: User, dataset_id: str, *, code: str | None, page: int, limit: int, with_lines: bool = False
) -> FindingPage:
    """One page of what is wrong with a dataset. with_lines: with the piece of the line that each speaks of.

    Raises:
        DatasetNotFound: there is none that the user may see.
        Conflicting: there is no verdict yet.
        UsageError: there is no such code.
    """
    from pipeline.dataset.profiles.found import count_findings, some_findings  # pyarrow: 40 MB

    with ExitStack() as stack:
        path = _opened(stack, service, user, dataset_id, code)
        rows = some_findings(path, code, (page - 1) * limit, limit)
        total = count_findings(path, code)
    items = [FindingRecord.of(row) for row in rows]
    lines = lines_of(service, service.access(user).dataset(dataset_id), items) if with_lines else None
    return FindingPage(items=items, total=total, page=page, limit=limit, lines=lines)


def lines_of(service: Service, dataset: Dataset, findings: Sequence[FindingRecord]) -> list[MarkedLine | None]:
    """The pieces of the lines that findings of a dataset speak of; None where the store does not give one.

    Findings are worth showing without their lines, so a store that does not answer is no error here.
    """
    from pipeline.flow.upload_lines import lines_of_dataset

    lines = lines_of_dataset(service.store, service.lake, dataset)
    try:
        return lines.marked(findings) if lines else [None] * len(findings)
    except StoreError:
        return [None] * len(findings)


def findings_as_json_lines(service: Service, user: User, dataset_id: str, code: str | None) -> Iterator[bytes]:
    """All findings, an object a line; raises what `list_findings` does, before the first line."""
    return _streamed(service, user, dataset_id, code, _json_lines, b"")


def findings_as_csv(service: Service, user: User, dataset_id: str, code: str | None) -> Iterator[bytes]:
    """All findings, a header and a row each; raises what `list_findings` does, before the first line."""
    return _streamed(service, user, dataset_id, code, _csv_rows, _csv_rows([dict(zip(COLUMNS, COLUMNS, strict=True))]))


def _opened(stack: ExitStack, service: Service, user: User, dataset_id: str, code: str | None) -> Path:
    """The dataset's file of findings, for as long as the stack lives."""
    if code is not None and code not in CATALOGUE:
        raise UsageError("code: expected one of docs/findings.md, found another")
    dataset = service.access(user).dataset(dataset_id)
    if not has_verdict(dataset):
        raise Conflicting(no_verdict(dataset))
    return stack.enter_context(service.lake.fetch("findings", dataset.id))


def _streamed(
    service: Service,
    user: User,
    dataset_id: str,
    code: str | None,
    written: Callable[[Sequence[Mapping[str, object]]], bytes],
    head: bytes,
) -> Iterator[bytes]:
    from pipeline.dataset.profiles.merge import all_findings

    stack = ExitStack()
    path = _opened(stack, service, user, dataset_id, code)

    def blocks() -> Iterator[bytes]:
        with stack:
            yield head
            rows = (row for row in all_findings(path) if code in (None, row["code"]))
            while some := list(islice(rows, _BLOCK_ROWS)):
                yield written(some)

    return blocks()


def _json_lines(rows: Sequence[Mapping[str, object]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _csv_rows(rows: Sequence[Mapping[str, object]]) -> bytes:
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS).writerows({name: safe_cell(cell) for name, cell in row.items()} for row in rows)
    return text.getvalue().encode()


def safe_cell(cell: object) -> object:
    """A cell that a spreadsheet shows and does not run: what was found may begin as the file's author likes."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_BEGINS_A_FORMULA) else cell
