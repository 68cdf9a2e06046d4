"""The rows of a dataset that could not be read, as its findings name them; what stands in them is in the upload."""

from itertools import groupby

import polars as pl

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.browsing.row_tables import RowTables
from pipeline.dataset.findings.drawn_lines import is_of_a_line
from pipeline.dataset.findings.finding import CATALOGUE, Scope
from pipeline.dataset.model.bit_flags import Integers
from pipeline.state.lake.schemas import FINDINGS

_OF_FILES = [code for code, kind in CATALOGUE.items() if kind.scope is Scope.FILE]


def rejected_places(tables: RowTables, finding: str | None) -> Integers:
    """The places of the rejected rows that are listed, ascending. finding: only with one of this code.

    Raises:
        LakeError: the lake does not have the dataset.
    """
    rules = [pl.col("severity") == "error", ~pl.col("code").is_in(_OF_FILES)]
    rules += [] if finding is None else [pl.col("code") == finding]
    return tables.rows(tables.table("findings").filter(rules))


def findings_of_rows(tables: RowTables, rows: Integers) -> list[FindingRecord]:
    """What was found in these rows, in their order; what is said of the file as a whole is of no row."""
    records = map(FindingRecord.of, tables.records("findings", rows, FINDINGS.names[1:]))
    return [each for each in records if is_of_a_line(each)]


def rejected_findings(tables: RowTables, rows: Integers) -> list[list[FindingRecord]]:
    """What is wrong with each of these rows, in their order."""
    grave = [each for each in findings_of_rows(tables, rows) if each.severity == "error"]
    return [list(of_row) for _, of_row in groupby(grave, key=lambda each: each.row)]
