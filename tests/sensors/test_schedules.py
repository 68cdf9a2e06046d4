"""What the clock asks for."""

from datetime import timedelta

from pipeline.clock import utc_now
from pipeline.state.catalog.dataset_records import AnnouncedUpload
from tests.installation import valid_file


def test_the_schedules_run_by_themselves(installation):
    """Reconciliation and folding daily, publication and expiry hourly, without anybody switching them on."""
    schedules = {each.name: each for each in installation.repository.schedule_defs}

    assert {name: (each.job_name, each.cron_schedule) for name, each in schedules.items()} == {
        "daily_reconcile": ("reconcile", "30 3 * * *"),
        "hourly_publication": ("publish", "5 * * * *"),
        "daily_folding": ("fold_lake", "0 4 * * *"),
        "hourly_expiry": ("expire_uploads", "20 * * * *"),
    }
    assert {each.default_status.value for each in schedules.values()} == {"RUNNING"}
    assert {each.default_status.value for each in installation.repository.sensor_defs} == {"RUNNING"}


def test_reconciliation_leaves_living_runs_alone(installation):
    """A run that waits in the queue will answer; asking again would do the work twice."""
    installation.drop("file.jsonl", valid_file())
    [tags] = installation.tick().runs
    installation.enqueue("ingest", tags)

    assert installation.run("reconcile").success
    assert installation.tick().runs == []


def test_reconciliation_says_what_it_found(installation):
    """The run's page has the figures, and names what got no row."""
    installation.drop("file.jsonl", valid_file())
    installation.drop("spring/file.jsonl", valid_file())

    run = installation.run("reconcile")

    [output] = [event for event in run.all_events if event.event_type_value == "STEP_OUTPUT"]
    figures = output.step_output_data.metadata
    assert {name: value.value for name, value in figures.items()} == {
        "registered": 1,
        "confirmed": 0,
        "tried_again": 0,
        "lost": 0,
        "ignored": 1,
        "ignored_files": [
            "uploads/ana/spring/file.jsonl: it lies in a folder of its owner's; put it right under uploads/ana/"
        ],
    }
    assert len(installation.tick().runs) == 1


def test_uploads_never_confirmed_expire_and_their_owners_are_told(installation):
    """An announced upload that never came does not wait for ever."""
    with installation.catalog() as catalog:
        path = "uploads/ana/announced/train.jsonl"
        catalog.create_upload(
            AnnouncedUpload("announced", "announced", "local", path, "train.jsonl", 100),
            "ana",
            utc_now() - timedelta(hours=installation.settings.unconfirmed_expiry_h, seconds=1),
        )

    assert installation.run("expire_uploads").success

    assert installation.statuses() == {"announced": "error"}
    assert [kind for kind, _ in installation.notices()] == ["upload_expired"]
