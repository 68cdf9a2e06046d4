"""Pages of a dataset's rows: accepted ones that fit a query, and rejected ones as they stand in the upload.

Which rows fit is found once for all pages of a query, where somebody keeps it (`FoundRows`).
"""

from pipeline.contract.row_values import RejectedPage, RejectedRow, RowPage, RowQuery
from pipeline.dataset.browsing.language_search import rows_of_language
from pipeline.dataset.browsing.matching import matching_rows
from pipeline.dataset.browsing.rejected_rows import rejected_findings, rejected_places
from pipeline.dataset.browsing.row_reading import places_of, read_rows, row_count
from pipeline.dataset.browsing.row_tables import RowTables
from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.errors import UsageError
from pipeline.flow.found_rows import FoundRows
from pipeline.flow.upload_lines import UploadLines

REJECTED_CHARACTERS = 1_200  # of a rejected row


def accepted_page(
    tables: RowTables,
    query: RowQuery,
    page: int,
    limit: int,
    after: int = 0,
    kept: FoundRows | None = None,
    version: object = None,
) -> RowPage:
    """One page of the rows that fit. after: of a language, the row behind which it is looked for.

    kept: where rows that were found are kept, for who asks more than once. version: changes with the dataset's rows.

    Raises:
        UsageError: there is no such finding.
        LakeError: the lake does not have the dataset.
    """
    if query.finding is not None and query.finding not in CATALOGUE:
        raise UsageError(f"finding: expected a code of docs/findings.md, found {query.finding[:40]!r}")
    plain = query.model_copy(update={"language": None})
    rows = (kept or FoundRows()).of((tables.dataset_id, version, plain), lambda: matching_rows(tables, plain))
    if query.language is not None:
        found = rows_of_language(tables, query.language, rows, after, limit)
        items = read_rows(tables, found.rows)
        more, looked_at = found.next_after, found.looked_at
        return RowPage(items=items, total=None, page=page, limit=limit, next_after=more, looked_at=looked_at)
    first = (page - 1) * limit
    total = row_count(tables) if rows is None else len(rows)
    wanted = places_of(tables, first, limit) if rows is None else rows[first : first + limit]
    return RowPage(items=read_rows(tables, wanted), total=total, page=page, limit=limit)


def rejected_page(
    tables: RowTables, lines: UploadLines | None, finding: str | None, page: int, limit: int
) -> RejectedPage:
    """One page of the rows that could not be read. lines: of the upload, None where it cannot be read again.

    Raises:
        LakeError: the lake does not have the dataset.
        StoreError: the store cannot be reached.
    """
    places = rejected_places(tables, finding)
    found = rejected_findings(tables, places[(page - 1) * limit : page * limit])
    firsts = [each[0] for each in found]
    texts = lines.marked(firsts, REJECTED_CHARACTERS) if lines else [None] * len(firsts)
    items = [
        RejectedRow(row=first.row, line=first.line, findings=each, text=text)
        for first, each, text in zip(firsts, found, texts, strict=True)
    ]
    return RejectedPage(items=items, total=len(places), page=page, limit=limit)
