"""Which findings a card shows."""

from collections import Counter

import pytest

from pipeline.card import card_examples
from pipeline.card.card_examples import first_examples, pick_examples
from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.profiles.merge import all_findings, write_findings
from pipeline.dataset.rules.mismatch import Mismatch


def _written(path, codes):
    found = [Finding(line, 10 * line, code, "$", Mismatch(f"{line}", None)) for line, code in enumerate(codes, start=1)]
    write_findings([], [found], path)
    return found


def test_the_first_three_of_each_kind_in_line_order(tmp_path):
    codes = ["empty-content", "refusal", *["empty-content"] * 5, "refusal", "blank-line"]
    found = _written(tmp_path / "f.parquet", codes)

    picked = first_examples(tmp_path / "f.parquet", Counter(codes))

    assert picked == tuple(FindingRecord.of(found[line - 1].as_row()) for line in (1, 2, 3, 4, 8, 9))


@pytest.mark.parametrize("batch_rows", [1, 2, 7])
def test_batches_make_no_difference(tmp_path, monkeypatch, batch_rows):
    codes = ["empty-content", "refusal", "refusal"] * 4 + ["blank-line"]
    _written(tmp_path / "f.parquet", codes)
    whole = pick_examples(all_findings(tmp_path / "f.parquet"))
    monkeypatch.setattr(card_examples, "_BATCH_ROWS", batch_rows)

    assert first_examples(tmp_path / "f.parquet", Counter(codes)) == whole


def test_no_findings_no_examples(tmp_path):
    _written(tmp_path / "f.parquet", [])

    assert first_examples(tmp_path / "f.parquet", {}) == ()
