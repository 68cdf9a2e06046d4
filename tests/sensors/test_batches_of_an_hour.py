"""With LORA_PARTITION_BY=hour a partition is a batch, and a user finds all of a dataset that they find without."""

import dagster as dg
import pytest

from pipeline.clock import utc_now
from pipeline.flow.training_plans import Planner
from pipeline.flow.validation import Validator
from pipeline.state.catalog.catalog import Catalog
from tests.cli.goldens import run
from tests.installation import bad_file, valid_file
from tests.sensors.test_failed_runs import clock

__all__ = ["clock"]
SERVICE = "https://data.example.com"


class Killed(BaseException):
    """As far as the datasets are concerned: nothing of the run is done after it."""


def _drop(installation, *names):
    for name in names:
        content = bad_file() if name == "bad" else valid_file(12, seed=sum(map(ord, name)))
        installation.drop(f"{name}.jsonl", content)


def _rows(installation, asset, batch):
    """The datasets that the newest event of a batch lists, by name."""
    table = installation.materializations(asset, batch)[-1].metadata["datasets"]
    return {row.data["dataset"].rpartition("-")[0]: row.data for row in table.records}


def _checks(installation, batch):
    """The newest results of a batch's checks that failed, in words."""
    wanted = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    runs = installation.instance.get_runs()
    events = [each for found in runs[::-1] for each in installation.instance.all_logs(found.run_id, of_type=wanted)]
    results = {
        each.check_name: each
        for event in events
        if (each := event.dagster_event.event_specific_data).partition == batch
    }
    return {name: each.description for name, each in results.items() if not each.passed}


@pytest.fixture
def hourly(make_installation):
    return make_installation(partition_by="hour", service_url=SERVICE)


def test_five_uploads_one_of_them_bad_are_rows_of_one_partition_from_drop_to_publication(hourly):
    _drop(hourly, "a", "b", "bad", "c", "d")
    runs = [*hourly.ingest(), *hourly.plan()]
    [batch] = hourly.partitions
    bad = hourly.dataset("bad")

    assert [each.success for each in runs] == [True, True]
    assert batch == f"{bad.requested_at:%Y-%m-%dT%H}-0001"
    assert list(hourly.instance.get_dynamic_partitions("ready_datasets")) == [batch]
    assert hourly.statuses() == {"a": "ready", "b": "ready", "bad": "error", "c": "ready", "d": "ready"}
    uploads, profiles = _rows(hourly, "uploads", batch), _rows(hourly, "dataset_profiles", batch)
    assert set(uploads) == set(profiles) == set(hourly.statuses())
    assert (profiles["bad"]["verdict"], profiles["bad"]["rejected_lines"]) == ("error", 15)
    pages = hourly.materializations("dataset_profiles", batch)[-1].metadata["pages"].records
    assert f"{SERVICE}/datasets/{bad.id}" in [row.data["page"] for row in pages]
    assert profiles["bad"]["why"] == "line 3: malformed-json"
    assert set(_rows(hourly, "conversations", batch)) == {"a", "b", "c", "d"}
    first = hourly.materializations("findings", batch)[-1].metadata["first_findings"].records[0].data
    assert (first["dataset"], first["line"], first["code"]) == (bad.id, 3, "malformed-json")
    assert {row["jobs"] for row in _rows(hourly, "training_job_configs", batch).values()} == {1}
    assert len(hourly.materializations("dataset_profiles")) == len(hourly.materializations("cost_records")) == 1
    failing = _checks(hourly, batch)
    assert failing["structure"].startswith(f"1 of 5 datasets fail: {bad.id}: 15 of 17 lines rejected")
    assert sorted(each.name for each in (hourly.settings.data_dir / "cards").iterdir()) == sorted(
        f"{each.id}.html" for each in hourly.datasets()
    )

    assert hourly.run("publish").success
    assert len(hourly.jobs()) == 4
    assert hourly.query("SELECT count(*), count(DISTINCT partition_key) FROM datasets") == [(5, 1)]
    assert hourly.tick().runs == []


def test_one_that_fails_stops_no_other_and_is_tried_again_alone_until_it_has_its_row(hourly, clock, monkeypatch):
    really, judged = Validator.validate, []

    def fail(self, dataset):
        judged.append(dataset.name)
        if dataset.name == "b":
            raise RuntimeError("no luck")
        return really(self, dataset)

    monkeypatch.setattr(Validator, "validate", fail)
    _drop(hourly, "a", "b", "c")
    failed = hourly.ingest()
    [batch] = hourly.partitions
    before = _rows(hourly, "dataset_profiles", batch)
    at_once = hourly.ingest()
    clock(minutes=1, seconds=1)
    again = hourly.ingest()
    told = hourly.instance.fetch_observations(
        dg.AssetRecordsFilter(dg.AssetKey("dataset_profiles"), asset_partitions=[batch]), limit=1
    )
    monkeypatch.setattr(Validator, "validate", really)
    clock(minutes=6)
    mended = hourly.ingest()

    assert [each.success for each in (*failed, *again, *mended)] == [False, False, True]
    assert (at_once, judged) == ([], ["a", "b", "c", "b"])
    assert {name: row["verdict"] for name, row in before.items()} == {"a": "ready", "b": "validating", "c": "ready"}
    assert before["b"]["why"] == told.records[0].asset_observation.description
    assert before["b"]["why"].startswith("a fault of this program, not of the file: RuntimeError in tests/")
    assert {row["verdict"] for row in _rows(hourly, "dataset_profiles", batch).values()} == {"ready"}
    assert hourly.partitions == [batch]


@pytest.mark.parametrize(("died_at", "told"), [("b", 0), ("c", 1)])
def test_a_run_that_dies_leaves_a_batch_that_the_next_one_tells_of(hourly, monkeypatch, died_at, told):
    """Whether it had told of the batch, and not of its last dataset, or of nothing."""
    really = Catalog.record_verdict

    def die(self, verdict, now):
        if self.get(verdict.dataset_id).name == died_at:
            raise Killed
        return really(self, verdict, now)

    monkeypatch.setattr(Catalog, "record_verdict", die)
    _drop(hourly, "a", "b", "c")
    [dead] = hourly.ingest()
    [batch] = hourly.partitions
    before = len(hourly.materializations("dataset_profiles", batch))
    monkeypatch.setattr(Catalog, "record_verdict", really)
    hourly.forget_requests()

    assert [each.success for each in (dead, *hourly.ingest())] == [False, True]
    assert before == told
    assert set(hourly.statuses().values()) == {"ready"}
    assert {row["verdict"] for row in _rows(hourly, "dataset_profiles", batch).values()} == {"ready"}
    assert [kind for kind, _ in hourly.notices()] == ["dataset_ready"] * 3


def test_two_runs_over_one_batch_at_a_time_leave_it_told_as_both_left_it(hourly, monkeypatch):
    really, runs = Catalog.record_verdict, []

    def other_first(self, verdict, now):
        if runs:
            assert hourly.run("ingest", runs.pop()).success
        return really(self, verdict, now)

    _drop(hourly, "a", "b")
    hourly.ingest()
    [batch] = hourly.partitions
    asked = []
    for name in ("a", "b"):
        run(["datasets", "retry", name, "--owner", "ana"], {"LORA_DATA_DIR": str(hourly.settings.data_dir)})
        asked += hourly.tick().runs
    first, other = asked
    runs.append(other)
    monkeypatch.setattr(Catalog, "record_verdict", other_first)

    assert hourly.run("ingest", first).success
    assert (runs, hourly.statuses()) == ([], {"a": "ready", "b": "ready"})
    assert {row["verdict"] for row in _rows(hourly, "dataset_profiles", batch).values()} == {"ready"}


def test_what_cannot_be_shown_of_one_leaves_no_other_without_a_verdict(hourly, monkeypatch):
    """The batch is told of with the last, whoever is to blame."""

    def fail(*_):
        raise ZeroDivisionError("of one of them")

    monkeypatch.setattr("assets.validated.batch_materializations", fail)
    _drop(hourly, "a", "b")

    [ended] = hourly.ingest()

    assert (ended.success, hourly.statuses()) == (False, {"a": "ready", "b": "ready"})
    assert "of one of them" in hourly.failures()[0]


def test_the_setting_is_changed_there_and_back_and_each_dataset_keeps_its_partition(make_installation):
    one_each = make_installation(partitions_kept=1)
    hourly = make_installation(partition_by="hour", partitions_kept=1)
    _drop(one_each, "a")
    runs = one_each.ingest()  # planned after the change
    _drop(hourly, "b", "c")
    runs += [*hourly.plan(), *hourly.ingest()]
    _drop(one_each, "d")
    runs += [*one_each.plan(), *one_each.ingest(), *one_each.plan()]
    batch = one_each.dataset("b").partition
    own = [one_each.dataset(name).id for name in ("a", "d")]
    one_each.tick("old_partitions")
    retired = one_each.partitions

    for name in ("a", "b"):
        run(["datasets", "retry", name, "--owner", "ana"], {"LORA_DATA_DIR": str(one_each.settings.data_dir)})
    replayed = [*hourly.ingest(), *hourly.plan(), *one_each.plan()]

    assert all(each.success for each in (*runs, *replayed))
    assert len(one_each.jobs()) == 4
    assert (retired, set(one_each.partitions)) == ([own[1]], {*own, batch})
    assert [len(one_each.materializations("dataset_profiles", key)) for key in (own[0], batch, own[1])] == [2, 2, 1]
    assert [len(one_each.materializations("training_splits", key)) for key in (own[0], batch, own[1])] == [2, 2, 1]
    assert set(_rows(one_each, "dataset_profiles", batch)) == {"b", "c"}
    assert one_each.dataset("b").run_id != one_each.dataset("c").run_id


def test_a_person_has_a_whole_batch_validated_and_checked(hourly):
    _drop(hourly, "a", "bad")
    hourly.ingest()
    [batch] = hourly.partitions
    before = hourly.dataset("a").run_id
    checks = hourly.repository.get_implicit_global_asset_job_def()
    selected = [dg.AssetCheckKey(dg.AssetKey("dataset_profiles"), "structure")]

    by_hand = hourly.run("ingest", {"dagster/partition": batch})
    checked = checks.get_subset(asset_selection=set(), asset_check_selection=set(selected)).execute_in_process(
        instance=hourly.instance, tags={"dagster/partition": batch}
    )

    assert by_hand.success
    assert (hourly.dataset("a").run_id, hourly.dataset("bad").run_id) == (by_hand.run_id,) * 2 != (before,) * 2
    [result] = checked.get_asset_check_evaluations()
    assert (result.passed, result.description.partition(":")[0]) == (False, "1 of 2 datasets fail")


def test_a_person_has_no_former_version_of_a_batch_validated(hourly):
    """Its upload has other bytes, or is to be forgotten: what it was once found to be stays."""
    _drop(hourly, "a", "b", "c")
    hourly.ingest()
    [batch] = hourly.partitions
    with hourly.catalog() as catalog:
        catalog.soft_delete(hourly.dataset("b").id, "ana", utc_now())
    hourly.drop("a.jsonl", valid_file(15, seed=99))
    hourly.ingest()
    before = {each.id: each for each in hourly.datasets()}

    by_hand = hourly.run("ingest", {"dagster/partition": batch})

    changed = [each.name for each in hourly.datasets() if each != before[each.id]]
    assert (by_hand.success, changed, hourly.dataset("c").run_id) == (True, ["c"], by_hand.run_id)
    assert set(_rows(hourly, "dataset_profiles", batch)) == {"a", "b", "c"}


def test_after_the_catalog_was_lost_batches_are_others_than_before(hourly, monkeypatch):
    now = utc_now()
    monkeypatch.setattr("sensors.new_uploads.utc_now", lambda: now)  # within one hour
    _drop(hourly, "a", "b")
    hourly.ingest()
    hourly.lose_catalog()
    hourly.uploads.joinpath("ana", "b.jsonl").unlink()

    again = hourly.ingest()

    assert [each.success for each in again] == [True]
    assert [key[-5:] for key in hourly.partitions] == ["-0001", "-0002"]
    assert set(_rows(hourly, "uploads", hourly.dataset("a").partition)) == {"a"}


def test_what_goes_while_its_batch_waits_is_not_judged_and_nobody_is_told_of_it(hourly):
    """One is deleted, one is replaced; both are judged when they are wanted again."""
    _drop(hourly, "a", "b", "c")
    waiting = hourly.tick().runs
    gone, replaced = hourly.dataset("a").id, hourly.dataset("b")
    with hourly.catalog() as catalog:
        catalog.soft_delete(gone, "ana", utc_now())
    hourly.drop("b.jsonl", valid_file(15, seed=99))
    runs = [hourly.run("ingest", tags) for tags in (*waiting, *hourly.tick().runs)]
    batch, told = replaced.partition_key or hourly.partitions[0], hourly.notices()
    rows = _rows(hourly, "dataset_profiles", batch)
    with hourly.catalog() as catalog:
        left = catalog.open_requests("validation")
    with hourly.catalog() as catalog:
        catalog.restore(gone, "ana", utc_now())
    _drop(hourly, "b")
    runs += hourly.ingest()

    assert all(each.success for each in runs)
    assert (left, told) == ([], [("dataset_ready", "c is ready"), ("dataset_ready", "b is ready")])
    assert {name: row["verdict"] for name, row in rows.items()} == {"a": "deleted", "b": "replaced", "c": "ready"}
    assert [title for _, title in hourly.notices()[2:]] == ["a is ready", "b is ready"]
    assert {row["verdict"] for row in _rows(hourly, "dataset_profiles", batch).values()} == {"ready"}


def test_what_was_deleted_or_replaced_fails_no_check_of_its_batch(hourly):
    _drop(hourly, "a", "bad", "b")
    hourly.drop("worse.jsonl", bad_file(20, seed=3))
    hourly.ingest()
    [batch] = hourly.partitions
    before = _checks(hourly, batch)["structure"]
    with hourly.catalog() as catalog:
        catalog.soft_delete(hourly.dataset("bad").id, "ana", utc_now())
    hourly.drop("worse.jsonl", valid_file(15, seed=99))
    hourly.ingest()

    assert hourly.run("ingest", {"dagster/partition": batch}).success
    assert before.startswith("2 of 4 datasets fail: ")
    assert _checks(hourly, batch) == {}
    assert hourly.materializations("findings", batch)[-1].metadata["rejected_lines"].value == 0
    assert set(_rows(hourly, "conversations", batch)) == {"a", "b"}


def test_a_batch_of_which_nothing_came_looks_like_a_dataset_of_which_nothing_came(hourly, clock, monkeypatch):
    """Its partition is failed, not green, and no check of nothing passes."""

    def fail(*_):
        raise RuntimeError("no luck")

    _drop(hourly, "a", "b")
    with monkeypatch.context() as patch:
        patch.setattr(Validator, "validate", fail)
        hourly.ingest()
    [batch] = hourly.partitions
    judged = len(hourly.materializations("dataset_profiles", batch))
    clock(minutes=1, seconds=1)
    hourly.ingest()
    with monkeypatch.context() as patch:
        patch.setattr(Planner, "plan", fail)
        hourly.plan()
    planned = len(hourly.materializations("training_job_configs", batch))
    clock(minutes=3)
    runs = hourly.plan()

    assert (judged, planned, [each.success for each in runs]) == (0, 0, [True])
    assert {row["jobs"] for row in _rows(hourly, "training_job_configs", batch).values()} == {1}


def test_datasets_of_one_batch_whose_jobs_become_stale_are_told_together(hourly):
    _drop(hourly, "a", "b")
    hourly.ingest()
    hourly.plan()
    [batch] = hourly.partitions
    for name in ("a", "b"):
        hourly.drop(f"{name}.jsonl", valid_file(15, seed=99 + ord(name)))
    hourly.ingest()

    events = hourly.tick("ready_datasets").result.asset_events

    [check] = [each for each in events if isinstance(each, dg.AssetCheckEvaluation)]
    assert (len(events), check.partition, check.metadata["stale"].value) == (3, batch, 2)
    assert check.description.count("1 jobs are out of date: a newer upload took the dataset's place") == 2


def test_what_waited_when_the_setting_was_changed_keeps_the_partition_that_it_has(make_installation):
    """And each upload is told of where its partition is, however many waited before it."""
    one_each, hourly = make_installation(tick_max_uploads=1), make_installation(partition_by="hour")
    _drop(one_each, "a")
    one_each.enqueue("ingest")
    one_each.tick()
    _drop(one_each, "b")
    waits = one_each.tick().runs
    for each in one_each.instance.get_runs():
        one_each.instance.delete_run(each.run_id)
    _drop(hourly, "c")

    [run] = hourly.ingest()

    batch = hourly.dataset("b").partition
    assert (waits, run.success, hourly.partitions) == ([], True, [hourly.dataset("a").id, batch])
    assert (hourly.dataset("a").partition, hourly.dataset("c").partition) == (hourly.dataset("a").id, batch)
    assert [each.partition for each in hourly.materializations("uploads")] == hourly.partitions
    assert set(_rows(hourly, "uploads", batch)) == {"b", "c"}


def test_uploads_beyond_one_run_are_several_batches_and_a_full_queue_numbers_nothing(make_installation):
    installation = make_installation(partition_by="hour", batch_max_datasets=2)
    _drop(installation, "a", "b", "c")
    first = installation.tick()
    _drop(installation, "d")
    installation.enqueue("ingest")
    waits = installation.tick()

    assert [each["lora/datasets"] for each in first.runs] == ["2", "1"]
    assert [key[-5:] for key in installation.partitions] == ["-0001", "-0002"]
    assert (waits.runs, installation.dataset("d").partition_key) == ([], None)
