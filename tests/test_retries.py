"""After a failed run: another attempt, or a person."""

import pytest

from pipeline.catalog.catalog import Catalog
from pipeline.retries import AfterFailure, after_failure
from pipeline.settings import load_settings
from tests.catalog.examples import LATER, NOON, READY, upload


@pytest.fixture
def catalog(tmp_path):
    with Catalog.open(f"sqlite:///{tmp_path}/catalog.db") as opened:
        yield opened


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path, max_attempts=2)


def _attempts(catalog, dataset_id, count):
    for _ in range(count):
        catalog.reset_request([dataset_id])
        catalog.mark_requested([dataset_id], NOON)


def test_undecided_datasets_wait_again_until_their_attempts_are_used_up(catalog, settings):
    """Those of the same run that have a verdict keep it."""
    catalog.register_uploads([upload("d1"), upload("fresh"), upload("tried")], NOON)
    catalog.record_verdict(READY, NOON)
    _attempts(catalog, "fresh", 1)
    _attempts(catalog, "tried", 2)

    result = after_failure(catalog, ["d1", "fresh", "tried"], "the disk is full", settings, LATER)

    assert result == AfterFailure(again=("fresh",), given_up=("tried",))
    assert [dataset.id for dataset in catalog.unrequested(10)] == ["fresh"]
    assert catalog.get("d1").status == "ready"


def test_the_owner_is_told_once_however_often_it_is_tried_again(catalog, settings):
    """And the operator finds the reason in the catalog: the dataset's own, or the run's."""
    catalog.register_uploads([upload("mine"), upload("other")], NOON)
    for dataset_id in ("mine", "other"):
        _attempts(catalog, dataset_id, 2)
    catalog.record_failure("mine", "no space left", NOON)

    for _ in range(2):
        after_failure(catalog, ["mine", "other"], "the run died", settings, LATER)
    for dataset_id in ("mine", "other"):
        _attempts(catalog, dataset_id, 1)  # an hour later
    after_failure(catalog, ["mine", "other"], "the run died", settings, LATER)

    told = sorted((notice.dataset_id, notice.kind, notice.title) for notice in catalog.notifications("ann"))
    assert told == [
        ("mine", "run_failed", "mine could not be validated"),
        ("other", "run_failed", "other could not be validated"),
    ]
    assert [catalog.get(each).failure for each in ("mine", "other")] == ["no space left", "the run died"]


def test_after_a_verdict_the_owner_is_told_anew(catalog, settings):
    """What was well in between fails for another reason."""
    catalog.register_uploads([upload("d1")], NOON)
    _attempts(catalog, "d1", 2)
    after_failure(catalog, ["d1"], "the run died", settings, NOON)
    catalog.record_verdict(READY, NOON)
    catalog.request_again(["d1"], LATER)
    _attempts(catalog, "d1", 1)

    after_failure(catalog, ["d1"], "the disk is full", settings, LATER)

    assert [notice.kind for notice in catalog.notifications("ann")].count("run_failed") == 2
