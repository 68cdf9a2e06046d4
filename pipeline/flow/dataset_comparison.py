"""How two datasets differ: their rows, their figures, and what was found in them."""

from collections.abc import Mapping
from typing import Any

from pipeline.contract.mend_values import ComparedFigure, ComparedFindings, DatasetComparison
from pipeline.dataset.browsing.row_differences import SHOWN, changed_rows, row_difference
from pipeline.dataset.browsing.row_tables import RowTables
from pipeline.dataset.findings.finding import CATALOGUE, ORDER
from pipeline.dataset.model.json_text import decoded
from pipeline.errors import LakeError
from pipeline.state.lake import Lake

_FIGURES = {
    "lines": "lines",
    "conversations": "conversations",
    "rejected lines": "rejected_lines",
    "answers to learn": "answers_to_learn",
    "turns": "turns",
    "tokens": "tokens",
    "exact duplicates": "exact_duplicate_conversations",
    "near duplicates": "near_duplicate_conversations",
}


def compare_datasets(lake: Lake, before_id: str, after_id: str) -> DatasetComparison:
    """Compare two datasets that have a verdict. before_id: the older one.

    Raises:
        LakeError: the lake does not have one of them.
    """
    before, after = RowTables(lake, before_id), RowTables(lake, after_id)
    rows = row_difference(before, after)
    old, new = _profile(lake, before_id), _profile(lake, after_id)
    return DatasetComparison(
        before_id=before_id,
        after_id=after_id,
        unchanged=rows.unchanged,
        added=len(rows.added),
        removed=len(rows.removed),
        changed=len(rows.changed_after),
        rows_added=rows.added[:SHOWN].tolist(),
        rows_removed=rows.removed[:SHOWN].tolist(),
        rows_changed=changed_rows(before, after, rows),
        figures=[
            ComparedFigure(name=name, before=old[column] or 0, after=new[column] or 0)
            for name, column in _FIGURES.items()
        ],
        findings=_findings(_counts(old), _counts(new)),
    )


def _profile(lake: Lake, dataset_id: str) -> Mapping[str, Any]:
    profiles: list[dict[str, Any]] = lake.read_profiles([dataset_id]).to_pylist()
    if not profiles:
        raise LakeError(f"the lake has no profile of {dataset_id}; validate the dataset again")
    return profiles[0]


def _counts(profile: Mapping[str, Any]) -> dict[str, int]:
    counts = decoded(profile["finding_counts"])
    return {code: int(str(count)) for code, count in counts.items()} if isinstance(counts, dict) else {}


def _findings(old: Mapping[str, int], new: Mapping[str, int]) -> list[ComparedFindings]:
    """Kinds whose number differs, gone and new ones first; the gravest first among them."""
    codes = [code for code in {**old, **new} if code in CATALOGUE and old.get(code, 0) != new.get(code, 0)]
    ranked = sorted(codes, key=lambda code: (bool(old.get(code)) and bool(new.get(code)), ORDER[code]))
    return [
        ComparedFindings(
            code=code, severity=CATALOGUE[code].severity.value, before=old.get(code, 0), after=new.get(code, 0)
        )
        for code in ranked
    ]
