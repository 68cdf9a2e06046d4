"""Datasets as planning knows them, and the catalogues as they are shipped, on a fixed day."""

from datetime import date
from pathlib import Path

from pipeline.catalogues.prices import Price
from pipeline.training.considering import Catalogues
from pipeline.training.jobs.dataset_facts import DatasetFacts, TargetAcceptance

TODAY = date(2026, 11, 25)
PRICE = Price(
    name="A100-80GB-SXM",
    provider="somebody",
    kind="on-demand",
    per_gpu_hour=2.0,
    source="their list",
    as_of=date(2026, 11, 1),
)
CATALOGUES = Catalogues(Path("none.toml"), Path("none.toml"), Path("none.toml"), (PRICE,), TODAY)
TRUNCATION = tuple(
    {"max_length": length, "rows_cut": 0, "share_cut": 0.0, "rows_without_supervised_tokens": 0}
    for length in (512, 1024, 2048)
)


def facts(rows: int = 1_000, tokens: int = 100_000, refused_by: tuple[str, ...] = ()) -> DatasetFacts:
    """A dataset of rows of equal length; refused_by: why TRL does not take it."""
    verdict = TargetAcceptance("refused", refused_by, tuple(f"{code}." for code in refused_by))
    return DatasetFacts(
        id="d1",
        name="talk",
        content_sha256="ab12",
        format="messages",
        rows=rows,
        train_rows=rows,
        validation_rows=0,
        tokens=tokens,
        tokens_per_conversation={"p95": 200},
        truncation=TRUNCATION,
        acceptance={"trl": verdict if refused_by else TargetAcceptance("accepted")},
    )
