"""Whatever happens to a file, each of its contents is one dataset with one right verdict."""

import os
import time
from pathlib import Path

import pytest

from pipeline.clock import utc_now
from tests.installation import bad_file, valid_file

A, B = valid_file(10, seed=1), valid_file(20, seed=2)


def _states(installation):
    """Status, whether current, and number of conversations of every dataset, oldest first."""
    return [(each.status, each.superseded_by is None, each.conversation_count) for each in installation.datasets()]


def _codes(installation, name):
    return [row["code"] for row in installation.dataset(name).validation_errors]


def _published(installation):
    """What analysts see: name and conversations of each current dataset."""
    assert installation.run("publish").success
    return installation.query(
        "SELECT name, count(*) FROM conversations JOIN datasets ON id = dataset_id GROUP BY ALL ORDER BY ALL"
    )


def _touch(path):
    later_s = time.time() + 5
    os.utime(path, (later_s, later_s))


def test_the_same_file_seen_again_changes_nothing(installation):
    """A tick every few seconds, over the same uploads."""
    installation.drop("file.jsonl", A)
    installation.ingest()
    before = installation.datasets()

    assert installation.ingest() == []

    assert installation.datasets() == before
    assert installation.notices() == [("dataset_ready", "file is ready")]


def test_the_same_bytes_copied_over_are_the_same_dataset(installation):
    """Another modification time is not another content."""
    path = installation.drop("file.jsonl", A)
    installation.ingest()
    _touch(path)

    assert installation.ingest() == []

    assert _states(installation) == [("ready", True, 10)]


def test_a_file_touched_before_its_run_is_validated(installation):
    """Its bytes are the registered ones, whatever the clock says."""
    path = installation.drop("file.jsonl", A)
    tick = installation.tick()
    _touch(path)

    installation.run("ingest", tick.runs[0])

    assert _states(installation) == [("ready", True, 10)]
    assert installation.notices() == [("dataset_ready", "file is ready")]


def test_the_same_bytes_under_two_names_are_two_datasets(installation):
    """Two people may upload the same file; each has their own."""
    installation.drop("file.jsonl", A, owner="ana")
    installation.drop("file.jsonl", A, owner="ben")

    installation.ingest()

    assert _states(installation) == [("ready", True, 10)] * 2
    assert len(set(installation.partitions)) == 2


def test_other_bytes_are_a_new_dataset_and_analysts_see_only_the_current_one(installation):
    """The old one is kept, superseded; nothing of it is mixed into the new."""
    installation.drop("file.jsonl", A)
    installation.ingest()
    assert _published(installation) == [("file", 10)]
    installation.drop("file.jsonl", B)
    installation.ingest()

    assert _states(installation) == [("ready", False, 10), ("ready", True, 20)]
    assert _published(installation) == [("file", 20)]


def test_bytes_that_come_back_make_their_dataset_current_again(installation):
    """A, B, A: no third dataset, no second validation of the same bytes."""
    for content in (A, B, A):
        installation.drop("file.jsonl", content)
        installation.ingest()

    assert _states(installation) == [("ready", True, 10), ("ready", False, 20)]
    assert _published(installation) == [("file", 10)]
    assert installation.notices() == [("dataset_ready", "file is ready")] * 2


def test_a_file_deleted_before_its_run_is_missing(installation):
    """A verdict with the reason, not a failed run: its owner has to upload it again."""
    path = installation.drop("file.jsonl", A)
    tick = installation.tick()
    path.unlink()

    run = installation.run("ingest", tick.runs[0])

    assert run.success
    assert _states(installation) == [("error", True, 0)]
    assert _codes(installation, "file") == ["upload-missing"]


def test_a_missing_file_that_comes_back_is_validated(installation):
    """The same bytes are the same dataset; its verdict was about their absence."""
    path = installation.drop("file.jsonl", A)
    tick = installation.tick()
    path.unlink()
    installation.run("ingest", tick.runs[0])
    installation.drop("file.jsonl", A)

    assert [run.success for run in installation.ingest()] == [True]

    assert _states(installation) == [("ready", True, 10)]
    assert installation.notices() == [("dataset_error", "file has errors"), ("dataset_ready", "file is ready")]


def test_a_file_overwritten_before_its_run_is_two_datasets(installation):
    """No verdict on the first bytes is possible any more; the second get theirs."""
    installation.drop("file.jsonl", A)
    tick = installation.tick()
    installation.drop("file.jsonl", B)

    installation.run("ingest", tick.runs[0])
    assert _codes(installation, "file") == ["upload-changed"]
    installation.ingest()

    assert _states(installation) == [("error", False, 0), ("ready", True, 20)]
    assert _published(installation) == [("file", 20)]


def test_overwritten_bytes_that_come_back_are_validated(installation):
    """`upload-changed` was about a moment; the bytes are good."""
    installation.drop("file.jsonl", A)
    tick = installation.tick()
    installation.drop("file.jsonl", B)
    installation.run("ingest", tick.runs[0])
    installation.ingest()
    installation.drop("file.jsonl", A)
    installation.ingest()

    assert _states(installation) == [("ready", True, 10), ("ready", False, 20)]
    assert _published(installation) == [("file", 10)]


def test_a_deleted_dataset_is_not_validated_and_not_shown(installation):
    """Deletion before the run: nobody waits for a verdict."""
    installation.drop("file.jsonl", A)
    installation.drop("gone.jsonl", B)
    installation.evaluate("new_uploads")
    gone = installation.dataset("gone").id
    installation.forget_requests()
    with installation.catalog() as catalog:
        catalog.soft_delete(gone, "ana", utc_now())

    installation.ingest()

    assert {each.name: each.status for each in installation.datasets()} == {"file": "ready", "gone": "validating"}
    assert gone not in installation.partitions
    assert _published(installation) == [("file", 10)]


def test_a_dataset_deleted_after_its_verdict_leaves_the_warehouse_and_can_come_back(installation):
    """Its files stay, so restoring it costs nothing."""
    installation.drop("file.jsonl", A)
    installation.ingest()
    dataset_id = installation.dataset("file").id

    with installation.catalog() as catalog:
        catalog.soft_delete(dataset_id, "ana", utc_now())
        assert _published(installation) == []
        catalog.restore(dataset_id, "ana", utc_now())

    assert _published(installation) == [("file", 10)]
    assert installation.ingest() == []


def test_validating_a_dataset_again_gives_the_same_rows(installation):
    """Re-running a partition, as the button in the UI does, changes no row and tells nobody."""
    installation.drop("file.jsonl", bad_file())
    [tags] = installation.tick().runs
    installation.run("ingest", tags)
    dataset_id = installation.dataset("file").id
    tables = ["conversations", "turns", "findings"]
    before = [installation.lake_rows(table, dataset_id) for table in tables]

    assert installation.run("ingest", {"dagster/partition": dataset_id}).success

    assert [installation.lake_rows(table, dataset_id) for table in tables] == before
    assert installation.notices() == [("dataset_error", "file has errors")]


def test_an_upload_above_the_limit_is_refused_unread(make_installation, opened_files):
    """Not a byte of it is read: not to register it, not to judge it."""
    installation = make_installation(max_upload_bytes=len(A))
    path = installation.drop("large.jsonl", A + b"\n")
    installation.drop("fits.jsonl", A)
    opened_files.clear()

    installation.ingest()

    assert installation.statuses() == {"large": "error", "fits": "ready"}
    assert _codes(installation, "large") == ["upload-too-large"]
    assert installation.dataset("large").content_sha256 is None
    assert str(path) not in opened_files
    assert str(path.with_name("fits.jsonl")) in opened_files


@pytest.fixture(scope="module")
def opened_files():
    """Paths of all files that this process opens from now on."""
    import sys

    seen = set()
    sys.addaudithook(lambda event, arguments: seen.add(str(arguments[0])) if event == "open" else None)
    return seen


def test_the_only_dataset_whose_rows_are_lost_is_made_again(installation):
    """The lake is known by its mark from the first dataset on, so what is gone is no other lake."""
    installation.drop("file.jsonl", A)
    installation.ingest()
    [dataset_id] = installation.partitions
    Path(installation.lake.uri("profiles", dataset_id)).unlink()

    assert installation.run("reconcile").success
    installation.ingest()

    assert installation.lake.has(dataset_id)
    assert _states(installation) == [("ready", True, 10)]
