"""Promises of `pipeline.flow.publishing`: what is not there is never published as empty, and comes back by itself."""

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.clock import utc_now
from pipeline.errors import WarehouseIncomplete
from pipeline.flow.publishing import publish
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import PUBLISH_ORDER
from tests.state.catalog.examples import READY
from tests.state.lake.examples import NOON, TWO_CONVERSATIONS
from tests.state.warehouse.examples import Installation, open_installation

TIMES = 3


@pytest.fixture
def place(tmp_path):
    """Three datasets, published; a warehouse that has all their rows."""
    opened = open_installation(tmp_path)
    with opened.catalog:
        for dataset_id in ("d1", "d2", "d3"):
            opened.add(dataset_id)
        publish_at(opened)
        assert rows(opened) == 6
        yield opened


def publish_at(place: Installation, later=timedelta(0), **options):
    return publish(place.warehouse, place.catalog, place.lake, NOON + later, **options)


def rows(place: Installation) -> int:
    return place.ask("SELECT count(*) FROM conversations")[0][0]


def refused(place: Installation, later=timedelta(0)) -> WarehouseIncomplete:
    """Publish some times; each is refused, and the published file stays as it was, to the byte. The first refusal."""
    before = place.warehouse.read_bytes()
    failures = []
    for _ in range(TIMES):
        with pytest.raises(WarehouseIncomplete) as failure:
            publish_at(place, later)
        failures.append(failure.value)
        assert place.warehouse.read_bytes() == before
    return failures[0]


def _moved_away(folder):
    shutil.move(folder, folder.with_name("aside"))


def _a_file(folder):
    _moved_away(folder)
    folder.write_text("no folder")


def _an_empty_folder(folder):
    _moved_away(folder)
    folder.mkdir()


def _back(folder):
    if folder.is_dir():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)
    shutil.move(folder.with_name("aside"), folder)


@pytest.mark.parametrize("away", [_moved_away, _a_file, _an_empty_folder])
def test_a_lake_that_is_not_there_leaves_the_old_file_and_asks_for_nothing(place, tmp_path, away):
    away(tmp_path / "lake")

    failure = refused(place)

    assert (failure.expected, failure.lost) == (3, ("d1", "d2", "d3"))
    assert str(failure) == (
        f"the warehouse {place.warehouse} stays as it was: of 3 datasets with a verdict, 3 have no files, or other "
        f"ones, in the lake {tmp_path / 'lake'} "
        + "("
        + "; ".join(f"{each}: turns, findings, conversations, profiles" for each in ("d1", "d2", "d3"))
        + "): mount it, or check LORA_LAKE; what is really lost is validated again by itself"
    )
    assert place.catalog.unrequested(10, utc_now()) == []

    _back(tmp_path / "lake")
    publish_at(place)
    assert rows(place) == 6


def _folder_gone(lake):
    for table in PUBLISH_ORDER:
        shutil.rmtree(lake / table / "dataset_id=d2")


def _empty_file(lake):
    (lake / "turns/dataset_id=d2/data.parquet").write_bytes(b"")


def _file_gone(lake):
    (lake / "splits/dataset_id=d2/data.parquet").unlink()


def _empty_profile(lake):
    (lake / "profiles/dataset_id=d2/data.parquet").write_bytes(b"")


@pytest.mark.parametrize("lose", [_folder_gone, _empty_file, _file_gone, _empty_profile])
def test_one_dataset_that_is_lost_is_validated_again_at_once_and_then_published(place, tmp_path, lose):
    lose(tmp_path / "lake")

    failure = refused(place)

    assert failure.missing == ("d2",)
    assert [dataset.id for dataset in place.catalog.unrequested(10, utc_now())] == ["d2"]
    place.validate("d2", run_id="run-2")
    publish_at(place)
    assert rows(place) == 6


def test_one_dataset_that_stays_lost_holds_up_the_others_for_a_quarter_of_an_hour_at_most(place, tmp_path):
    """The published file has its rows, a new one would not: a validation of seconds is waited for."""
    _folder_gone(tmp_path / "lake")
    place.add("d4")
    assert refused(place).lost == ("d2",)
    assert refused(place, timedelta(minutes=14)).returning == ("d2",)

    publish_at(place, timedelta(minutes=16))

    assert place.ask("SELECT DISTINCT dataset_id FROM turns ORDER BY 1") == [("d1",), ("d3",), ("d4",)]


def test_rows_of_another_validation_than_the_verdict_are_missing_ones(place):
    """An older lake, put back over a newer catalog."""
    figures = {"conversation_count": 7, "line_count": 7, "rejected_line_count": 0}
    verdict = replace(READY, dataset_id="d2", content_version="bytes-of-d2", run_id="run-2", **figures)
    place.catalog.record_verdict(verdict, NOON)

    assert refused(place).lost == ("d2",)


def test_superseded_and_deleted_datasets_are_not_waited_for(place, tmp_path):
    place.register("newer", path="uploads/ann/d1.jsonl")
    place.validate("newer")
    place.catalog.soft_delete("d2", "ann", NOON)
    for dataset_id in ("d1", "d2"):
        for table in PUBLISH_ORDER:
            shutil.rmtree(tmp_path / "lake" / table / f"dataset_id={dataset_id}")

    publish_at(place)

    assert place.ask("SELECT DISTINCT dataset_id FROM turns ORDER BY 1") == [("d3",), ("newer",)]


def test_a_dataset_that_is_validated_again_stays_published_with_what_it_has(place):
    place.catalog.request_again(["d2"], NOON)

    publish_at(place)

    assert rows(place) == 6


def test_a_catalog_that_does_not_know_what_is_published_is_not_published_over_it(place, tmp_path):
    """A mistyped address, or a catalog that was lost."""
    with Catalog.open(f"sqlite:///{tmp_path}/other.db") as other:
        mistyped = replace(place, catalog=other)

        failure = refused(mistyped)

        assert failure.unknown == ("d1", "d2", "d3")
        assert f"the catalog sqlite:///{tmp_path}/other.db does not know 3 datasets that are published" in str(failure)
        assert "LORA_CATALOG_URL" in str(failure)
        for dataset_id in ("d1", "d2", "d3"):  # as the reconcile finds them in the store
            mistyped.register(dataset_id)
        assert refused(mistyped).returning == ("d1", "d2", "d3")
        for dataset_id in ("d1", "d2", "d3"):
            mistyped.validate(dataset_id)
        publish_at(mistyped)
        assert rows(place) == 6


def test_a_person_can_say_that_the_rest_is_lost(place, tmp_path):
    with Catalog.open(f"sqlite:///{tmp_path}/other.db") as other:
        other_place = replace(place, catalog=other)
        other_place.add("d9")

        publish_at(other_place, may_shrink=True)

        assert place.ask("SELECT DISTINCT dataset_id FROM turns") == [("d9",)]


def test_what_never_had_a_verdict_is_not_expected(place):
    place.register("d4")

    assert publish_at(place).datasets == 3


def test_the_message_names_a_few_and_counts_the_rest(place, tmp_path):
    for number in range(10, 30):
        place.add(f"d{number}", TWO_CONVERSATIONS)
    publish_at(place)
    _moved_away(tmp_path / "lake")

    message = str(refused(place))

    assert message.count("findings, conversations") == 5
    assert "; and 18 more)" in message
