"""What becomes of the datasets of a failed run. The runs fail for real."""

from datetime import timedelta

import dagster as dg
import pytest

from pipeline.clock import utc_now
from tests.installation import valid_file

QUOTED = "what somebody wrote"
CLOCKS = ("sensors.new_uploads", "sensors.ready_datasets", "sensors.failed_runs", "assets.failed_datasets")


@pytest.fixture
def clock(monkeypatch):
    """Moves the time of sensors and runs."""
    ahead = [timedelta(0)]
    for module in CLOCKS:
        monkeypatch.setattr(f"{module}.utc_now", lambda: utc_now() + ahead[0])

    def move(**by):
        ahead[0] += timedelta(**by)

    return move


@pytest.fixture
def broken(make_installation, monkeypatch):
    """An installation that cannot read one of two files, whoever asks, until `repair` is called."""
    installation = make_installation()
    installation.drop("bad.jsonl", valid_file(seed=1))
    installation.drop("good.jsonl", valid_file(seed=2))

    def fail(self, dataset):
        if dataset.name == "bad":
            raise RuntimeError(QUOTED)
        return judge(self, dataset)

    from pipeline.flow.validation import Validator

    judge = Validator.validate
    monkeypatch.setattr(Validator, "validate", fail)
    installation.repair = lambda: monkeypatch.setattr(Validator, "validate", judge)
    return installation


def _try(installation):
    """What the daemon does: look after what is over, ask for what is due, run it. Returns how many runs there were."""
    installation.tick("failed_runs")
    return [run.success for run in installation.ingest()]


def test_a_dataset_is_tried_with_growing_pauses_and_then_says_that_it_failed(broken, clock):
    """Each attempt is one; the owner is told after the last, and the time of the next try, which goes on hourly."""
    tries = [_try(broken), _try(broken)]
    for minutes in (1, 5):
        clock(minutes=minutes, seconds=1)
        tries += [_try(broken), _try(broken)]
    bad = broken.dataset("bad")

    assert tries == [[False], [], [False], [], [False], []]
    assert broken.statuses() == {"bad": "failed", "good": "ready"}
    assert (bad.attempt, bad.crashes) == (3, 0)
    assert [kind for kind, _ in broken.notices()] == ["dataset_ready", "run_failed"]

    for pause in (timedelta(minutes=31), timedelta(minutes=61), timedelta(minutes=61)):
        clock(seconds=pause.total_seconds())
        assert (_try(broken), _try(broken)) == ([False], [])
    assert broken.dataset("bad").attempt == 6
    assert len(broken.notices()) == 2

    broken.repair()
    clock(minutes=61)
    assert _try(broken) == [True]
    assert broken.statuses() == {"bad": "ready", "good": "ready"}
    assert broken.dataset("bad").failure is None


def test_reconciliation_tries_a_given_up_dataset_at_once(broken, clock):
    """Whoever mended the cause does not wait for the hour."""
    for minutes in (0, 2, 6):
        clock(minutes=minutes)
        _try(broken)
    broken.repair()
    waits = _try(broken)

    assert broken.run("reconcile").success

    assert (waits, _try(broken)) == ([], [True])
    assert broken.statuses() == {"bad": "ready", "good": "ready"}


def test_the_dataset_and_its_page_say_why_without_quoting_the_upload(broken):
    """The catalog has the sentence; the partition has it too, with the place in the program and the next try."""
    _try(broken)
    bad = broken.dataset("bad")

    place = "tests/sensors/test_failed_runs.py"
    assert bad.failure.startswith(f"a fault of this program, not of the file: RuntimeError in {place}:")
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey("dataset_profiles"), asset_partitions=[bad.id])
    [record] = broken.instance.fetch_observations(wanted, limit=5).records
    metadata = record.asset_observation.metadata
    assert metadata["failure"].value == bad.failure
    assert metadata["attempt"].value == 1
    assert metadata["tried_again_at"].value == f"{bad.retry_at:%Y-%m-%d %H:%M:%S} UTC"
    assert place in metadata["trace"].value
    assert QUOTED not in metadata["trace"].value + bad.failure
    [told] = broken.failures()
    assert bad.failure in told
    assert QUOTED not in told


def test_a_run_that_failed_before_its_step_began_costs_nothing_and_says_why(make_installation):
    installation = make_installation()
    installation.drop("file.jsonl", valid_file())
    [tags] = installation.tick().runs
    broken = make_installation(tokenizer="/nowhere/tokenizer.json")
    assert not broken.run("ingest", tags).success

    installation.tick("failed_runs")

    file = installation.dataset("file")
    assert (file.status, file.attempt) == ("validating", 0)
    assert "/nowhere/tokenizer.json" in file.failure
    assert [run.success for run in installation.ingest()] == [True]
    assert installation.dataset("file").failure is None
