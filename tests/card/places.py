"""Datasets that were validated for real, in a catalog and a lake of the test's own, without an orchestrator."""

from pathlib import Path

from pipeline.clock import utc_now
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.flow.intake import look
from pipeline.flow.scan import Cursor
from pipeline.flow.validation import Outcome, Validator
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.lake import make_lake
from pipeline.state.store import make_store


def registered(settings: Settings, content: bytes, name: str, owner: str = "ana") -> Dataset:
    """A dataset that nobody has read yet."""
    path = Path(settings.store) / "uploads" / owner / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with Catalog.open(settings.catalog_url) as catalog:
        [dataset_id] = look(make_store(settings), catalog, settings, Cursor(), utc_now()).registered
        return catalog.get(dataset_id)


def validated(settings: Settings, content: bytes, name: str, owner: str = "ana") -> tuple[Dataset, Outcome]:
    """A dataset with its verdict in the catalog, and what validation found."""
    dataset = registered(settings, content, name, owner)
    validator = Validator(make_store(settings), make_lake(settings), Rules(), settings.max_upload_bytes, "run-1")
    outcome = validator.validate(dataset)
    with Catalog.open(settings.catalog_url) as catalog:
        catalog.record_verdict(outcome.verdict(), utc_now())
        return catalog.get(dataset.id), outcome
