"""Reconciliation finds what got lost, each once, and sends it back to validation."""

import shutil

import pytest

from pipeline.clock import utc_now
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.flow.intake import look
from pipeline.flow.reconcile import Reconciled, Restored, reconcile, register_all
from pipeline.flow.scan import Cursor
from pipeline.flow.validation import Validator
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import AnnouncedUpload
from pipeline.state.catalog.tries import Patience
from pipeline.state.lake import make_lake
from pipeline.state.store import make_store
from tests.installation import valid_file


class Parts:
    """Store, catalog and lake of an installation without Dagster."""

    def __init__(self, folder):
        self.settings = load_settings(data_dir=folder, settle_s=0, tick_max_uploads=2)
        self.store = make_store(self.settings)
        self.lake = make_lake(self.settings)
        self.catalog = Catalog.open(self.settings.catalog_url)

    def drop(self, name):
        path = self.settings.data_dir / "uploads" / "ana" / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(valid_file(2, seed=len(name)))

    def register(self):
        return list(look(self.store, self.catalog, self.settings, Cursor(), utc_now()).registered)

    def validate(self, dataset_id):
        validator = Validator(self.store, self.lake, Rules(), 10**9, "run-1")
        self.catalog.record_verdict(validator.validate(self.catalog.get(dataset_id)).verdict(), utc_now())

    def reconcile(self):
        return reconcile(self.store, self.catalog, self.lake, self.settings, utc_now())

    def waiting(self):
        return [dataset.id for dataset in self.catalog.unrequested(100, utc_now())]


NOTHING = Reconciled()


@pytest.fixture
def parts(tmp_path):
    made = Parts(tmp_path / "data")
    yield made
    made.catalog.close()


def test_an_empty_installation_has_lost_nothing(parts):
    assert parts.reconcile() == NOTHING


def test_uploads_unknown_to_the_catalog_are_registered_however_many(parts):
    """More than one tick's worth, at once; the next sensor tick asks for the runs."""
    for number in range(5):
        parts.drop("x" * (number + 1))

    found = parts.reconcile()

    assert len(found.registered) == 5
    assert sorted(parts.waiting()) == sorted(found.registered)
    assert register_all(parts.store, parts.catalog, parts.settings, utc_now()) == Restored((), ())


def test_what_was_given_up_is_tried_at_once(parts):
    """Whoever mended the cause does not wait for the next hour."""
    parts.drop("file")
    [dataset_id] = parts.register()
    parts.catalog.begin_try("validation", dataset_id, "run")
    patience = Patience(1, (3600,))
    parts.catalog.spend_try("validation", dataset_id, "run", "no space left", patience, utc_now())
    waited = parts.waiting()

    found = parts.reconcile()

    assert (waited, found.retried, parts.waiting()) == ([], 1, [dataset_id])
    assert parts.catalog.get(dataset_id).status == "failed"


def test_what_a_run_is_at_work_on_is_left_to_it(parts):
    """A long queue is no loss."""
    parts.drop("file")
    [dataset_id] = parts.register()
    parts.catalog.mark_requested([dataset_id], "key", utc_now())

    assert parts.reconcile() == NOTHING
    assert parts.waiting() == []


@pytest.mark.parametrize("table", ["profiles", "turns"])
def test_a_verdict_without_its_rows_is_reached_again(parts, table):
    """Whichever file of the lake was removed."""
    parts.drop("file")
    [dataset_id] = parts.register()
    parts.catalog.mark_requested([dataset_id], "key", utc_now())
    parts.validate(dataset_id)
    assert parts.reconcile() == NOTHING
    shutil.rmtree(parts.settings.data_dir / "lake" / table / f"dataset_id={dataset_id}")

    found = parts.reconcile()

    assert found == Reconciled(lost=(dataset_id,))
    assert parts.waiting() == [dataset_id]
    assert parts.reconcile() == NOTHING
    parts.validate(dataset_id)
    assert parts.reconcile() == NOTHING
    assert len(parts.catalog.notifications("ana")) == 1


def test_what_is_deleted_or_superseded_is_not_missed(parts):
    """Nobody reads it."""
    parts.drop("file")
    parts.drop("other")
    ids = parts.register()
    for dataset_id in ids:
        parts.validate(dataset_id)
    parts.catalog.soft_delete(ids[0], "ana", utc_now())
    (parts.settings.data_dir / "uploads/ana/other.jsonl").write_bytes(valid_file(7))
    [newer] = parts.register()
    parts.validate(newer)
    for dataset_id in ids:
        shutil.rmtree(parts.settings.data_dir / "lake" / "profiles" / f"dataset_id={dataset_id}")

    assert parts.reconcile() == NOTHING


def test_an_upload_that_was_given_up_has_no_verdict_to_lose(parts):
    """There is nothing of it that could be validated."""
    announced = AnnouncedUpload("d1", "d1", "local", "uploads/ana/d1/chat.jsonl", "chat.jsonl", 5)
    parts.catalog.create_upload(announced, "ana", utc_now())
    parts.catalog.give_up_upload("d1", "why", utc_now())

    assert parts.reconcile() == NOTHING
    assert parts.catalog.get("d1").status == "error"
