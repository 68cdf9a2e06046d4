"""One look at the store, and the runs that follow from it."""

import threading
import time
from dataclasses import replace

import pytest

from pipeline.clock import utc_now
from pipeline.errors import ObjectChanged
from pipeline.flow.intake import MOST_QUEUED, look, missing_partitions, new_uploads, plan_runs, worth_asking
from pipeline.flow.read_aside import ReadAside
from pipeline.flow.scan import Cursor
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.tries import Patience
from pipeline.state.store import make_store
from tests.installation import valid_file
from tests.permissions import forbid


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path / "data", settle_s=0, max_upload_bytes=5_000)


@pytest.fixture
def catalog(settings):
    with Catalog.open(settings.catalog_url) as opened:
        yield opened


@pytest.fixture
def store(settings):
    return make_store(settings)


def _drop(settings, name, content, owner="ana"):
    path = settings.data_dir / "uploads" / owner / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_look_registers_what_it_sees(settings, catalog, store):
    """Owner and name come from the key; the version is that of the bytes."""
    _drop(settings, "My talk.v2.jsonl", valid_file(2))

    found = look(store, catalog, settings, Cursor(), utc_now())

    dataset = catalog.get(*found.registered)
    assert (dataset.user_id, dataset.name, dataset.file_name) == ("ana", "My talk.v2", "My talk.v2.jsonl")
    assert (dataset.status, dataset.storage_path) == ("validating", "uploads/ana/My talk.v2.jsonl")
    assert dataset.content_version.startswith("sha256:")
    assert dataset.id.startswith("my-talk-v2-")
    assert look(store, catalog, settings, Cursor(), utc_now()).registered == ()


def test_an_upload_above_the_limit_is_registered_unread(settings, catalog, store):
    """A terabyte costs a look at its size."""
    path = _drop(settings, "large.jsonl", b"")
    with path.open("r+b") as file:
        file.truncate(2**40)

    found = look(store, catalog, settings, Cursor(), utc_now())

    dataset = catalog.get(*found.registered)
    assert dataset.content_version == f"unread:{dataset.observed_version}"


def test_what_there_was_no_time_for_is_found_by_the_next_look(settings, catalog, store):
    """A look out of time registers nothing and loses nothing."""
    _drop(settings, "late.jsonl", valid_file(2))

    assert look(store, catalog, settings, Cursor(), utc_now(), budget_s=0).registered == ()
    assert len(look(store, catalog, settings, Cursor(), utc_now()).registered) == 1


def test_what_changes_while_it_is_looked_at_waits_for_the_next_look(settings, store):
    """A listing is old the moment it is made."""
    gone = _drop(settings, "gone.jsonl", valid_file(2))
    changed = _drop(settings, "changed.jsonl", valid_file(2))
    listing = list(store.list("uploads/"))
    gone.unlink()
    changed.write_bytes(valid_file(3))

    assert new_uploads(store, listing, settings.max_upload_bytes) == []


def test_partitions_are_added_in_the_order_of_the_datasets(settings, catalog, store):
    """Only those that are missing; the others keep their place."""
    for name in ("a", "b", "c"):
        _drop(settings, f"{name}.jsonl", valid_file(2, seed=ord(name)))
    look(store, catalog, settings, Cursor(), utc_now())
    waiting = catalog.unrequested(10, utc_now())

    assert missing_partitions(waiting, {waiting[1].id}.__contains__) == [waiting[0].id, waiting[2].id]


def test_a_dataset_at_which_a_process_died_shares_its_run_with_nobody(settings, catalog, store):
    """It may end the next one, too; its neighbours, which were in the same run, share full ones again."""
    for number in range(5):
        _drop(settings, f"{number}.jsonl", valid_file(2, seed=number))
    look(store, catalog, settings, Cursor(), utc_now())
    order = [dataset.id for dataset in catalog.unrequested(100, utc_now())]
    catalog.mark_requested(order, "key", utc_now())
    catalog.begin_try("validation", order[1], "run")
    at_once = Patience(3, (0,))
    catalog.spend_try("validation", order[1], "run", "killed", at_once, utc_now(), has_crashed=True)
    catalog.release("validation", order, "key")

    runs = plan_runs(catalog.unrequested(100, utc_now()), order, settings, utc_now())

    assert [run.batch.dataset_ids for run in runs] == [(order[0],), tuple(order[2:]), (order[1],)]


def test_datasets_at_which_processes_died_share_their_last_attempts_with_nobody(settings, catalog, store):
    """Neither with one another nor with one that only failed: each death would cost the others an attempt."""
    for number in range(4):
        _drop(settings, f"{number}.jsonl", valid_file(2, seed=number))
    look(store, catalog, settings, Cursor(), utc_now())
    order = [dataset.id for dataset in catalog.unrequested(100, utc_now())]
    for dataset_id, has_crashed in zip(order[:3], (True, True, False), strict=True):
        catalog.begin_try("validation", dataset_id, "run")
        why = "killed" if has_crashed else "no space left"
        catalog.spend_try("validation", dataset_id, "run", why, Patience(3, (0,)), utc_now(), has_crashed=has_crashed)

    runs = plan_runs(catalog.unrequested(100, utc_now()), order, settings, utc_now())

    assert sorted(run.batch.dataset_ids for run in runs) == sorted((dataset_id,) for dataset_id in order)


def test_nobody_waits_for_a_large_upload_nor_for_one_that_is_packed(settings, catalog, store):
    """A packed file is as large as what it unpacks to, which its size in the store does not say."""
    for name, size_bytes in (("a.jsonl", 100), ("b.jsonl", 1_001), ("c.jsonl", 300), ("d.JSONL.GZ", 300)):
        _drop(settings, name, b"x" * size_bytes)
    settings = settings.model_copy(update={"large_upload_bytes": 1_000})
    look(store, catalog, settings, Cursor(), utc_now())
    waiting = sorted(catalog.unrequested(10, utc_now()), key=lambda dataset: dataset.file_name.lower())

    runs = plan_runs(waiting, [dataset.id for dataset in waiting], settings, utc_now())

    assert [run.batch.dataset_ids for run in runs] == [(dataset.id,) for dataset in waiting]


def test_nobody_waits_for_shards_whose_size_a_manifest_does_not_say(settings, catalog, store):
    """One that came through the service has its own."""
    for name in ("a.jsonl", "b.jsonl", "c.jsonl"):
        _drop(settings, name, name.encode())
    look(store, catalog, settings, Cursor(), utc_now())
    first, sent, last = catalog.unrequested(10, utc_now())
    waiting = [first, replace(sent, storage_path=f"uploads/ana/{sent.id}/b.shards.json"), last]

    runs = plan_runs(waiting, [first.id, last.id, sent.id], settings, utc_now())

    assert [run.batch.dataset_ids for run in runs] == [(first.id, last.id), (sent.id,)]


def test_a_dataset_that_failed_before_waits_in_no_run_of_new_ones(settings, catalog, store):
    for name in ("a", "b", "c"):
        _drop(settings, f"{name}.jsonl", valid_file(2, seed=ord(name)))
    look(store, catalog, settings, Cursor(), utc_now())
    order = [dataset.id for dataset in catalog.unrequested(10, utc_now())]
    catalog.begin_try("validation", order[1], "run")
    catalog.spend_try("validation", order[1], "run", "no space left", Patience(3, (0,)), utc_now())

    runs = plan_runs(catalog.unrequested(10, utc_now()), order, settings, utc_now())

    assert [run.batch.dataset_ids for run in runs] == [(order[0],), (order[2],), (order[1],)]


def test_while_a_run_waits_in_the_queue_only_full_ones_are_asked_for(settings, catalog, store):
    """What would be a small run waits and grows; a burst fills the queue up to its bound."""
    for number in range(5):
        _drop(settings, f"{number}.jsonl", valid_file(2, seed=number))
    look(store, catalog, settings, Cursor(), utc_now())
    waiting = catalog.unrequested(100, utc_now())
    settings = settings.model_copy(update={"batch_max_datasets": 2})
    runs = plan_runs(waiting, [dataset.id for dataset in waiting], settings, utc_now())

    counts = {queued: len(worth_asking(runs, queued, settings)) for queued in (0, 1, MOST_QUEUED - 1, MOST_QUEUED + 1)}

    assert [len(run.batch.dataset_ids) for run in runs] == [2, 2, 1]
    assert counts == {0: 3, 1: 2, MOST_QUEUED - 1: 1, MOST_QUEUED + 1: 0}


def test_an_upload_that_may_not_be_read_waits_and_keeps_nobody_out(settings, catalog, store, monkeypatch):
    """Somebody copied it in with a mode of 600; the next look after they mended that takes it."""
    closed = _drop(settings, "closed.jsonl", valid_file(2))
    _drop(settings, "open.jsonl", valid_file(3), owner="bob")
    forbid(monkeypatch, closed)

    found = look(store, catalog, settings, Cursor(), utc_now())

    assert [catalog.get(each).name for each in found.registered] == ["open"]
    told = f"the store could not read {closed}: Permission denied; let the user who runs this read it"
    assert found.unreadable == {"uploads/ana/closed.jsonl": told}
    monkeypatch.undo()
    [mended] = look(store, catalog, settings, Cursor(), utc_now()).registered
    assert catalog.get(mended).name == "closed"


def _rounds(ask, until):
    """Ask until the answer is it; returns all answers."""
    answers = []
    while not answers or not until(answers[-1]):
        answers.append(ask())
        time.sleep(0.001)
    return answers


def test_a_large_file_is_read_beside_the_looks_and_keeps_no_other_waiting(settings, catalog, store, monkeypatch):
    monkeypatch.setattr("pipeline.flow.read_aside.LARGE_BYTES", 1_000)
    may_end, read = threading.Event(), store.content_version

    def held(stored):
        assert stored.size_bytes < 1_000 or may_end.wait(30)
        return read(stored)

    monkeypatch.setattr(store, "content_version", held)
    _drop(settings, "large.jsonl", valid_file(30))
    _drop(settings, "small.jsonl", valid_file(1))

    first = look(store, catalog, settings, Cursor(), utc_now(), budget_s=60)
    second = look(store, catalog, settings, Cursor(), utc_now(), budget_s=60)
    may_end.set()
    last = _rounds(lambda: look(store, catalog, settings, Cursor(), utc_now(), 60), lambda seen: seen.registered)[-1]

    assert [catalog.get(each).name for each in first.registered] == ["small"]
    assert (first.being_read, second.being_read, last.being_read) == (1, 1, 0)
    assert catalog.get(*last.registered).content_version == read(store.stat("uploads/ana/large.jsonl"))


def test_a_large_file_that_changes_while_it_is_read_is_read_as_it_is_then(settings, store, monkeypatch):
    """What goes wrong is told to whoever asks, and the next look begins anew."""
    monkeypatch.setattr("pipeline.flow.read_aside.LARGE_BYTES", 1)
    aside = ReadAside()
    _drop(settings, "large.jsonl", valid_file(2))
    before = store.stat("uploads/ana/large.jsonl")
    _drop(settings, "large.jsonl", valid_file(3))
    now = store.stat("uploads/ana/large.jsonl")

    with pytest.raises(ObjectChanged):
        _rounds(lambda: aside.version(store, before), lambda found: False)
    assert _rounds(lambda: aside.version(store, now), bool)[-1] == store.content_version(now)


def test_of_many_large_files_two_are_read_at_a_time_and_each_gets_its_turn(settings, store, monkeypatch):
    monkeypatch.setattr("pipeline.flow.read_aside.LARGE_BYTES", 1)
    may_end, read, begun = threading.Event(), store.content_version, []

    def held(stored):
        begun.append(stored.key)
        assert may_end.wait(30)
        return read(stored)

    monkeypatch.setattr(store, "content_version", held)
    aside = ReadAside()
    for number in range(4):
        _drop(settings, f"{number}.jsonl", valid_file(2, seed=number))
    files = list(store.list("uploads/"))

    assert [aside.version(store, each) for each in files] == [None] * 4
    _rounds(lambda: None, lambda _: len(begun) == 2)
    may_end.set()
    found = [_rounds(lambda file=each: aside.version(store, file), bool)[-1] for each in files]
    assert found == [read(each) for each in files]
