"""The sensor of conversations that are made: it asks for short runs, which show each stage and end with checks."""

import os

import pytest

from assets.generated_specs import FILES, GENERATED_ASSETS, LEDGER, SELECTED
from pipeline.clock import utc_now
from pipeline.flow.generation.batch_checks import BATCH_CHECKS
from pipeline.flow.generation.installing import making_of
from pipeline.flow.generation.planning import BatchWish, keep, lay_out, start
from pipeline.flow.generation.scaffold_sets import import_scaffolds
from pipeline.flow.generation.training_file_building import build, send_to_datasets
from pipeline.generation.wish import PlanWish
from pipeline.state.catalog.generation_records import MadeQuery
from pipeline.state.store import make_store
from tests.fakes.anthropic import FakeAnthropic
from tests.flow.generation.writer import answer
from tests.sensors.test_training_attempts import passed


@pytest.fixture
def fake():
    with FakeAnthropic(answer=answer) as found:
        found.key = ""  # as a gateway of one's own
        yield found


def _batch(installation, fake):
    wish = BatchWish(
        PlanWish(items=6),
        f"anthropic+{fake.url}",
        "claude-sonnet-5-5",
        judging_model="claude-haiku-4-5",
        budget_nano_usd=10**12,
    )
    with (
        installation.catalog() as catalog,
        making_of(catalog, installation.lake, installation.settings, os.environ) as making,
    ):
        import_scaffolds(catalog, None, utc_now())
        batch = keep(making, "ann", lay_out(making, "ann", wish), utc_now())
        return start(making, batch.id, "ann", None, utc_now())


def _go_on(installation):
    """Ticks and the runs that they ask for, until nothing is due."""
    runs = 0
    while asked := installation.tick("generation").runs:
        for tags in asked:
            assert installation.run("generate", tags).success
            runs += 1
    return runs


def test_a_batch_shows_each_of_its_stages_and_passes_its_checks(installation, fake):
    batch = _batch(installation, fake)

    assert 1 <= _go_on(installation) <= 3

    shown = {spec.key.to_user_string() for spec in GENERATED_ASSETS} - {"failed_generations"}
    found = {each: installation.materializations(each, batch.id)[-1] for each in shown}
    assert found[SELECTED].metadata["accepted"].value == 6
    assert found[LEDGER].metadata["spent_usd"].value == round(fake.total_nano_usd() / 1e9, 6)
    assert passed(installation, BATCH_CHECKS, batch.id) == {check.name: True for check in BATCH_CHECKS}
    assert installation.tick("generation").runs == []


def test_a_training_file_is_told_of_once_and_becomes_an_upload(installation, fake):
    batch = _batch(installation, fake)
    _go_on(installation)
    with installation.catalog() as catalog:
        file, _ = build(catalog, installation.lake, "ann", "talks", MadeQuery(batch_id=batch.id), utc_now())
        dataset = send_to_datasets(
            catalog, installation.lake, make_store(installation.settings), installation.settings, file, utc_now()
        )
    installation.tick("generation")
    installation.tick("generation")
    [told] = installation.materializations(FILES, file.id)
    assert told.metadata["conversations"].value == 6

    installation.ingest()
    with installation.catalog() as catalog:
        assert catalog.get(dataset.id).status == "ready"
        assert catalog.get(dataset.id).conversation_count == 6
    installation.run("publish", {})
    [row] = installation.query(f"SELECT making_nano_usd FROM dataset_costs WHERE dataset_id = '{dataset.id}'")
    assert row == (fake.total_nano_usd(),)
    lineage = installation.query("SELECT DISTINCT training_file, dataset_id FROM generation_lineage")
    assert lineage == [("talks", dataset.id)]


def test_a_provider_without_its_key_is_said_and_stops_nothing_else(installation, fake, monkeypatch):
    batch = _batch(installation, fake)
    fake.key = "the-key-that-it-takes-0123456789"
    monkeypatch.setenv("LORA_LLM_API_KEY", "another-key-that-is-wrong-0123456789")
    for tags in installation.tick("generation").runs:
        assert installation.run("generate", tags).success
    with installation.catalog() as catalog:
        found = catalog.get_batch(batch.id)
    assert found.status == "paused"
    assert "another-key" not in (found.status_reason or "")
    assert installation.tick("generation").runs == []
