"""What becomes of the datasets of a failed run. The runs fail for real: the lake is a file where a folder should be."""

import pytest

from tests.installation import valid_file


@pytest.fixture
def broken(make_installation):
    """An installation whose lake cannot be written until `repair` is called; two attempts, then a person."""
    installation = make_installation(max_attempts=2, stuck_after_s=0.001)
    installation.settings.data_dir.mkdir(exist_ok=True)
    lake = installation.settings.data_dir / "lake"
    lake.write_text("in the way")
    installation.repair = lake.unlink
    installation.tick("failed_runs")  # the first tick only takes note of the time
    installation.drop("file.jsonl", valid_file())
    return installation


def _fail(installation):
    """One attempt, to its failure, and the sensor's tick afterwards. Returns how many runs were asked for."""
    runs = installation.ingest()
    assert [run.success for run in runs] == [False] * len(runs)
    installation.tick("failed_runs")
    return len(runs)


def test_datasets_are_asked_for_again_until_their_attempts_are_used_up(broken):
    """Then the owner is told that it is not their file; nothing is asked for in a circle."""
    assert _fail(broken) == 1
    assert broken.dataset("file").attempt == 1
    assert broken.notices() == []

    assert _fail(broken) == 1
    assert broken.dataset("file").attempt == 2
    assert broken.notices() == [("run_failed", "file could not be validated")]

    assert broken.tick().runs == []
    assert broken.statuses() == {"file": "validating"}

    # The daily reconciliation tries once more, and by then somebody has mended it.
    broken.repair()
    assert broken.run("reconcile").success
    assert [run.success for run in broken.ingest()] == [True]
    file = broken.dataset("file")
    assert (file.status, file.attempt, file.failure) == ("ready", 3, None)
    assert broken.notices()[1:] == [("dataset_ready", "file is ready")]


def test_the_run_and_the_dataset_say_what_is_broken(broken):
    """The operator reads the place and the next step, in the UI and in the catalog."""
    _fail(broken)

    failure = broken.dataset("file").failure

    assert failure.startswith(f"cannot make a folder in {broken.settings.data_dir}/lake/_staging: ")
    assert failure.endswith("LORA_LAKE")
    [told] = broken.failures()
    assert failure in told


def test_a_run_is_looked_at_once(broken):
    """The sensor's cursor moves on: one failure costs one attempt."""
    _fail(broken)

    broken.tick("failed_runs")
    broken.tick("failed_runs")

    assert len(broken.tick().runs) == 1
    assert broken.dataset("file").attempt == 2
