"""The judge sees every kind of damage: what it never finds, it would never have found in a chaos run either."""

import io
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipeline.state.store import make_store, safe_key
from tests.chaos import judging
from tests.chaos.judging import judge, wait_until_settled
from tests.chaos.places import Places
from tests.chaos.uploads import make_uploads
from tests.installation import local_settings, opened

UPLOADS = make_uploads(14, seed=2)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """The data of an installation in which everything went well."""
    settings = local_settings(tmp_path_factory.mktemp("template") / "data")
    store = make_store(settings)
    for upload in UPLOADS:
        store.put(safe_key(upload.owner, upload.file_name), io.BytesIO(upload.content), len(upload.content))
    with opened(settings) as installation:
        installation.ingest()
        installation.plan()
        assert installation.run("publish").success
    return settings.data_dir


@pytest.fixture
def whole(template, tmp_path):
    """Such an installation, to be damaged."""
    shutil.copytree(template, tmp_path / "data")
    with opened(local_settings(tmp_path / "data")) as installation:
        yield installation


def _judge(installation, attempts=0):
    places = Places(installation.settings, {})
    _, waiting = wait_until_settled(places, UPLOADS, timeout_s=0)
    return judge(places, UPLOADS, waiting, attempts)


def _change(installation, sql):
    with closing(sqlite3.connect(installation.settings.data_dir / "catalog.db")) as catalog, catalog:
        assert catalog.execute(sql).rowcount > 0


def _name(kind):
    return next(upload.file_name for upload in UPLOADS if upload.file_name.startswith(kind))


def test_nothing_is_found_where_all_is_well(whole):
    found = _judge(whole)

    assert found.details() == ""
    assert found.is_good


def test_an_upload_without_a_row_is_lost(whole):
    _change(whole, f"UPDATE datasets SET user_id = 'nobody' WHERE file_name = '{_name('good')}'")

    assert any(text.endswith("no row") for text in _judge(whole).lost)


def test_a_verdict_that_is_not_the_files_is_wrong(whole):
    _change(whole, f"UPDATE datasets SET status = 'ready' WHERE file_name = '{_name('bad')}'")

    found = _judge(whole)

    assert any("expected ('error'" in text for text in found.wrong)
    assert any("ready, without a job" in text for text in found.lost)


def test_rows_of_another_file_are_wrong(whole):
    good, other = whole.dataset(Path(_name("good")).stem), whole.dataset(Path(_name("bad")).stem)
    shutil.copy(whole.lake.uri("turns", other.id), whole.lake.uri("turns", good.id))

    assert any(_name("good") in text for text in _judge(whole).wrong)


def test_what_is_told_twice_or_never_is_found(whole):
    good, bad = whole.dataset(Path(_name("good")).stem), whole.dataset(Path(_name("bad")).stem)
    _change(
        whole,
        "INSERT INTO notifications (user_id, dataset_id, kind, dedupe_key, title, message, created_at) "
        f"SELECT user_id, id, 'dataset_error', 'again', '', '', created_at FROM datasets WHERE id = '{good.id}'",
    )
    _change(whole, f"DELETE FROM notifications WHERE dataset_id = '{bad.id}'")

    found = _judge(whole)

    assert any("verdicts were told" in text for text in found.doubled)
    assert f"{bad.file_name}: its owner was never told" in found.lost


def test_what_still_waits_is_half_done(whole):
    _change(whole, f"UPDATE datasets SET status = 'validating' WHERE file_name = '{_name('good')}'")
    whole.enqueue("publish")

    found = _judge(whole)

    assert any("validating" in text for text in found.half)
    assert any("publish: QUEUED" in text for text in found.half)


def test_leftovers_are_half_done_and_a_publication_that_is_at_work_is_none(whole, monkeypatch):
    building = whole.settings.data_dir / ".warehouse.duckdb.x.building"
    building.touch()
    monkeypatch.setattr(judging, "_PUBLICATION_S", 0)

    assert "left beside the warehouse: .warehouse.duckdb.x.building" in _judge(whole).half
    monkeypatch.setattr(judging, "_PUBLICATION_S", 10)
    monkeypatch.setattr(time, "sleep", lambda _: building.unlink(missing_ok=True))
    assert judging._staying(whole) == []


def test_a_second_attempt_is_spent(whole):
    _change(whole, "UPDATE datasets SET attempt = 1")

    assert len(_judge(whole).spent) == len(UPLOADS)


def test_a_job_without_its_files_or_its_one_cost_is_found(whole):
    job, *_ = whole.jobs()
    shutil.rmtree(whole.lake.job_uri(job.id))
    _change(whole, f"DELETE FROM cost_records WHERE job_id = '{job.id}'")

    found = _judge(whole)

    assert any(f"job {job.id}: without" in text for text in found.wrong)
    assert found.doubled == [f"job {job.id}: 0 estimates"]


def test_a_warehouse_that_lacks_a_dataset_is_found(whole):
    with duckdb.connect(str(whole.settings.warehouse)) as warehouse:
        warehouse.execute("DELETE FROM dataset_profiles")

    found = _judge(whole)

    assert sum("not in the warehouse" in text for text in found.lost) == len(UPLOADS)


def test_a_plan_that_was_asked_for_is_waited_for_before_dagster_has_its_run(whole):
    _change(whole, "UPDATE training_plans SET status = 'requested', request_key = 'k', attempt = 0")

    found = _judge(whole)

    assert any("its plan is asked for" in each for each in found.half)
