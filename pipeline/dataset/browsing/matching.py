"""Which rows of a dataset fit a query. The language of an answer is told elsewhere: `language_search.py`."""

import re
from collections.abc import Callable
from functools import reduce

import numpy as np
import polars as pl

from pipeline.contract.row_values import RowQuery
from pipeline.dataset.browsing.row_tables import RowTables
from pipeline.dataset.findings.finding import CATALOGUE, Scope
from pipeline.dataset.model.bit_flags import Integers

LOOKED_IN = ("content", "reasoning", "tool_calls")
_FEW = 20_000  # rows that are named one by one when their texts are looked through
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$#&\-~/\s]")  # of Rust's regular expressions, which Polars takes


def matching_rows(tables: RowTables, query: RowQuery) -> Integers | None:
    """The places of the accepted rows that fit all of a query but its language, ascending; None for all rows.

    Raises:
        LakeError: the lake does not have the dataset.
    """
    narrowed = [rows for rule in _RULES if (rows := rule(tables, query)) is not None]
    found = reduce(_both, sorted(narrowed, key=len)) if narrowed else None
    return found if query.text is None else _with_text(tables, query.text, found)


def search_pattern(text: str) -> str:
    """A regular expression, of Rust's kind, of the text in any case.

    >>> print(search_pattern("a.b c"))
    (?i)a\\.b\\x{20}c
    """

    def escaped(found: re.Match[str]) -> str:
        return f"\\x{{{ord(found[0]):x}}}" if found[0].isspace() else f"\\{found[0]}"

    return "(?i)" + _SPECIAL.sub(escaped, text)


def _both(some: Integers, others: Integers) -> Integers:
    both: Integers = np.intersect1d(some, others, assume_unique=True)
    return both


def _of_conversation(tables: RowTables, query: RowQuery) -> Integers | None:
    """By its place and its size."""
    row, turns, words = pl.col("row"), pl.col("turn_count"), pl.col("word_count")
    asked = (
        None if query.row is None else row == query.row,
        None if query.turns_min is None else turns >= query.turns_min,
        None if query.turns_max is None else turns <= query.turns_max,
        None if query.words_min is None else words >= query.words_min,
        None if query.words_max is None else words <= query.words_max,
    )
    rules = [rule for rule in asked if rule is not None]
    return tables.rows(tables.table("conversations").filter(rules)) if rules else None


def _of_finding(tables: RowTables, query: RowQuery) -> Integers | None:
    """Of accepted rows: a blank line has a finding, and is no row. What is said of the whole file is of none."""
    if query.finding is None:
        return None
    if CATALOGUE[query.finding].scope is Scope.FILE:
        return np.zeros(0, dtype=np.int64)
    found = tables.rows(tables.table("findings").filter(pl.col("code") == query.finding))
    return tables.rows(tables.table("conversations").filter(pl.col("row").is_in(found.tolist())))


def _of_split(tables: RowTables, query: RowQuery) -> Integers | None:
    asked = {"split": query.split, "cluster": query.cluster}
    rules = [pl.col(name) == of for name, of in asked.items() if of is not None]
    return tables.rows(tables.table("splits").filter(rules)) if rules else None


def _of_role(tables: RowTables, query: RowQuery) -> Integers | None:
    if query.role is None:
        return None
    return tables.rows_by_pieces(tables.table("turns").filter(pl.col("role") == query.role))


_RULES: tuple[Callable[[RowTables, RowQuery], Integers | None], ...] = (
    _of_conversation,
    _of_finding,
    _of_split,
    _of_role,
)


def _with_text(tables: RowTables, text: str, among: Integers | None) -> Integers:
    turns = tables.table("turns")
    if among is not None:
        if not len(among):
            return among
        row = pl.col("row")
        turns = turns.filter(row.is_in(among.tolist()) if len(among) <= _FEW else row.is_between(among[0], among[-1]))
    present = turns.collect_schema().names()
    holds = [pl.col(name).str.contains(search_pattern(text)) for name in LOOKED_IN if name in present]
    found = tables.rows_by_pieces(turns.filter(pl.any_horizontal(holds)))
    return found if among is None else _both(found, among)
