"""Promises of `pipeline.flow.health`: what does not answer, or is not the place that is meant, is a problem."""

import io
import os
import shutil
import threading
from pathlib import Path

import pytest

from pipeline.errors import StoreError
from pipeline.flow.health import probe
from pipeline.flow.marks import STORE_KEY, adopt, site_of_lake, site_of_store
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import LocalLake
from pipeline.state.lake.s3_lake import S3Lake
from pipeline.state.store.local_store import LocalStore
from pipeline.state.store.s3_store import S3Store
from tests.card.places import validated
from tests.installation import local_settings, valid_file
from tests.state.catalog.examples import NOON
from tests.state.lake.examples import publish


class Place:
    """A local installation with one ready dataset, and where its parts lie."""

    def __init__(self, folder):
        self.settings = local_settings(folder)
        self.catalog = Catalog.open(self.settings.catalog_url)
        self.store = LocalStore(folder)
        self.lake = LocalLake(folder / "lake")
        self.folder = folder

    def problems(self, **chosen):
        parts = {"store": self.store, "catalog": self.catalog, "lake": self.lake} | chosen
        return {part.name: part.problem for part in probe(**parts) if part.problem}

    def add(self, name="support.jsonl"):
        return validated(self.settings, valid_file(3), name)


@pytest.fixture
def new(tmp_path):
    place = Place(tmp_path / "data")
    yield place
    place.catalog.close()


@pytest.fixture
def used(new):
    new.add()
    assert new.problems() == {}  # and with it the places are marked
    return new


def test_a_new_installation_is_well_and_nothing_is_made_by_asking(new):
    before = sorted(new.folder.rglob("*"))

    assert new.problems() == {}

    assert sorted(new.folder.rglob("*")) == before


def test_places_are_marked_once_something_of_ours_was_found_in_them(used):
    marks = [site_of_store(used.store).read_mark(), used.lake.read_mark()]

    assert all(marks)
    assert [used.catalog.known_places()[name].mark for name in ("store", "lake")] == marks
    assert [each.key for each in used.store.list("uploads/")] == ["uploads/ana/support.jsonl"]


def _gone(folder):
    folder.rename(folder.with_name(f"{folder.name}-aside"))


def _emptied(folder):
    _gone(folder)
    folder.mkdir()


def _replaced_by_a_file(folder):
    _gone(folder)
    folder.write_text("no folder")


@pytest.mark.parametrize("away", [_gone, _emptied, _replaced_by_a_file])
@pytest.mark.parametrize(("name", "sub"), [("lake", "lake"), ("store", "uploads")])
@pytest.mark.parametrize("is_marked", [True, False])
def test_a_place_that_is_not_there_is_a_problem_and_well_again_when_it_is_back(new, away, name, sub, is_marked):
    new.add()
    if is_marked:
        assert new.problems() == {}
    folder = new.folder / sub

    away(folder)

    [(found, problem)] = new.problems().items()
    assert found == name
    assert str(folder) in problem
    if folder.is_dir():
        folder.rmdir()
    else:
        folder.unlink(missing_ok=True)
    folder.with_name(f"{sub}-aside").rename(folder)
    assert new.problems() == {}


def test_a_place_of_another_installation_is_a_problem_that_says_so(used, tmp_path):
    other = Place(tmp_path / "other")
    other.add("other.jsonl")
    assert other.problems() == {}

    problems = used.problems(store=other.store, lake=other.lake)
    other.catalog.close()

    assert sorted(problems) == ["lake", "store"]
    assert problems["lake"].startswith(
        f"expected the lake of this installation at {other.folder / 'lake'}, found that of another installation (mark "
    )
    assert problems["lake"].endswith(
        "mount it, or check LORA_LAKE and LORA_CATALOG_URL; if it is lost for good, `lora-pipeline adopt lake` starts "
        "over with what is there"
    )


def test_a_place_that_is_marked_may_lose_all_that_lay_there(used):
    """It is the right place: what is missing in it is for the reconcile."""
    for table in ("turns", "findings", "splits", "target_acceptance", "conversations", "profiles"):
        shutil.rmtree(used.folder / "lake" / table)
    (used.folder / "uploads/ana/support.jsonl").unlink()

    assert used.problems() == {}


def test_a_copy_without_its_marks_is_known_by_what_lies_there(used):
    for mark in (used.folder / "lake/.lora-installation", used.folder / STORE_KEY):
        mark.unlink()

    assert used.problems() == {}

    assert used.lake.read_mark() == used.catalog.known_places()["lake"].mark


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")])
def test_a_mark_that_is_no_file_is_none(used, make):
    """Reading a pipe would not end."""
    for mark in (used.folder / "lake/.lora-installation", used.folder / STORE_KEY):
        mark.unlink()
        make(mark)

    assert used.problems() == {}
    assert used.problems() == {}  # as it was noted then


def test_a_new_catalog_over_old_places_knows_them_as_soon_as_it_knows_an_upload(used):
    marks = [used.catalog.known_places()[name].mark for name in ("store", "lake")]
    used.catalog.close()
    (used.folder / "catalog.db").unlink()
    with Catalog.open(used.settings.catalog_url) as used.catalog:
        assert used.problems() == {}

        used.add()

        assert used.problems() == {}
        assert [used.catalog.known_places()[name].mark for name in ("store", "lake")] == marks


def test_a_store_that_may_only_be_read_needs_no_mark(new, monkeypatch):
    monkeypatch.setattr(LocalStore, "put", _refuse)
    new.add()

    assert new.problems() == {}
    assert new.catalog.known_places()["store"].mark == ""
    assert new.problems() == {}

    _emptied(new.folder / "uploads")
    assert list(new.problems()) == ["store"]

    adopt(site_of_store(new.store), new.catalog, NOON.replace(year=2100))
    assert new.problems() == {}


def _refuse(*_arguments, **_named):
    raise StoreError("read-only")


def test_what_was_lost_for_good_can_be_adopted(used):
    _emptied(used.folder / "lake")
    assert list(used.problems()) == ["lake"]

    adopt(site_of_lake(used.lake), used.catalog, NOON)

    assert used.problems() == {}


def test_a_catalog_whose_file_is_gone_is_a_problem_and_the_others_are_still_asked(used):
    used.catalog.ping()  # a connection is open, and would go on reading the file that was removed
    (used.folder / "catalog.db").unlink()
    _replaced_by_a_file(used.folder / "lake")

    problems = used.problems()

    assert list(problems) == ["catalog", "lake"]
    assert problems["catalog"].startswith(f"expected the catalog at {used.folder / 'catalog.db'}, found no file")


def test_a_place_that_hangs_holds_nobody_and_one_thread(used, monkeypatch):
    let_go = threading.Event()
    asked = []

    def hang(_lake):
        asked.append(1)
        let_go.wait()

    monkeypatch.setattr(LocalLake, "read_mark", hang)
    try:
        parts = [probe(used.store, used.catalog, used.lake, limit_s=0.2) for _ in range(3)]
    finally:
        let_go.set()

    for found in parts:
        assert [part.name for part in found if part.problem] == ["lake"]
        assert "has not answered for" in found[2].problem
    assert asked == [1]


def test_an_error_nobody_thought_of_is_a_problem_too(used, monkeypatch):
    monkeypatch.setattr(LocalLake, "read_mark", lambda _: 1 / 0)

    assert used.problems() == {
        "lake": f"the lake {used.folder / 'lake'} could not be asked: ZeroDivisionError: division by zero"
    }


@pytest.mark.needs_s3
def test_a_wrong_prefix_or_bucket_and_a_service_that_is_down_are_problems(new, s3_gateway, tmp_path):
    dataset, _ = new.add()
    client, bucket = s3_gateway.client(), s3_gateway.new_bucket()
    down = s3_gateway.client(endpoint_url="http://127.0.0.1:9", max_attempts=1)

    def places(at, in_bucket, prefix):
        return {"store": S3Store(at, in_bucket, prefix), "lake": S3Lake(at, in_bucket, f"{prefix}/lake", tmp_path)}

    right = places(client, bucket, "right")
    content = valid_file(3)
    right["store"].put(dataset.storage_path, io.BytesIO(content), len(content))
    publish(right["lake"], dataset.id)
    for _ in range(2):  # known by what lies there, then by its mark
        assert new.problems(**right) == {}
    assert [each.key for each in right["store"].list("uploads/")] == [dataset.storage_path]

    for wrong in (
        places(client, bucket, "wrong"),
        places(client, "no-such-bucket", "right"),
        places(down, bucket, "right"),
    ):
        assert sorted(new.problems(**wrong)) == ["lake", "store"]

    assert new.problems(**right) == {}
    client.close()
    down.close()
