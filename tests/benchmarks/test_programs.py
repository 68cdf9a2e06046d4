"""The programs that are measured do what they say, or their figures would mean nothing."""

import io
import itertools
import json
from importlib import import_module
from operator import attrgetter

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.settings import load_settings
from tests.benchmarks import (
    duckdb_ndjson,
    engine,
    event_storage,
    linked_datasets,
    many_datasets,
    many_uploads,
    one_upload,
    plain_json,
    stages,
)
from tests.benchmarks.engine_cpu import EXACT_IN_DUCKDB
from tests.benchmarks.generate import write_conversations

UNUSUAL_LINES = [
    b'{"conversation_id":"a","turns":[{"role":"user","content":"x"}]}',
    b'{"conversation_id":"a","turns":[{"role":"human","content":" "},{"role":"human","content":"y"}]}',
    b'{"conversation_id":"b","turns":[{"role":"user","content":"x"}]}',
    b'{"conversation_id":"b","turns":[{"role":"user","content":7}]}',
    b'{"conversation_id":"c","turns":[]}',
    b'{"conversation_id":"c","turns":[{"role":"user","content":"\\ud800"}]}',
    b'{"conversation_id":"c","turns":[{"role":"user","content":"\xff"}]}',
    b'{"conversation_id":"c","turns":NaN}',
    b"[]",
    b"",
]


@pytest.fixture
def valid(tmp_path):
    path = tmp_path / "valid.jsonl"
    write_conversations(path, 5_000_000, "short")
    return path


def _ours(path, folder):
    folder.mkdir()
    return engine.profile(path, folder).as_dict("")


def _theirs(path, folder):
    folder.mkdir()
    return plain_json.profile(path, folder)


def test_the_plain_program_finds_what_the_engine_finds(tmp_path, valid):
    """The same figures; and the same rows, but for the hash, which each makes its own way."""
    ours, theirs = _ours(valid, tmp_path / "ours"), _theirs(valid, tmp_path / "theirs")

    assert {name: ours[name] for name in theirs} == theirs
    for table in ("conversations", "turns", "findings"):
        written = pq.read_schema(tmp_path / "theirs" / f"{table}.parquet").names
        columns = [name for name in written if name != "turns_hash"]
        our_rows, their_rows = (
            pq.read_table(tmp_path / who / f"{table}.parquet", columns=columns).to_pylist()
            for who in ("ours", "theirs")
        )
        assert our_rows == their_rows


def test_the_plain_program_is_careful(tmp_path):
    """It accepts and rejects the same lines, with the same codes, and sees the same duplicates."""
    path = tmp_path / "unusual.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in UNUSUAL_LINES))

    ours, theirs = _ours(path, tmp_path / "ours"), _theirs(path, tmp_path / "theirs")

    assert {name: ours[name] for name in theirs} == theirs


def test_duckdb_finds_what_it_can(tmp_path, valid):
    """All figures when it counts words as Python does; without that, those that have nothing to do with words."""
    ours = _ours(valid, tmp_path / "ours")

    rough = duckdb_ndjson.profile(valid, tmp_path)
    exact = duckdb_ndjson.profile(valid, tmp_path, duckdb_ndjson.WORDS)

    assert {name: ours[name] for name in exact} == exact
    assert [rough[name] for name in EXACT_IN_DUCKDB] == [ours[name] for name in EXACT_IN_DUCKDB]
    assert 0.95 < rough["words"] / exact["words"] < 1
    assert duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/turns.parquet'").fetchall() == [(ours["turns"],)]


@pytest.mark.parametrize("is_ours", [True, False])
def test_events_are_stored(tmp_path, is_ours):
    """The program raises when an event is missing, whichever storage it uses."""
    assert event_storage.events_per_s(tmp_path / "home", 3, is_ours) > 0


def test_a_look_at_many_uploads_finds_nothing_new(tmp_path, capsys):
    """All were registered, and a run was asked for each."""
    settings = load_settings(data_dir=tmp_path / "data", settle_s=0)

    many_uploads.make(settings, 30)
    many_uploads.tick(settings)

    made, looked = map(json.loads, capsys.readouterr().out.splitlines())
    assert made == {"registered": 30}
    assert (looked["seen"], looked["new"], looked["is_round"]) == (30, 0, True)


def test_many_datasets_are_published(tmp_path, capsys):
    """The second publication reads only what is new."""
    settings = load_settings(data_dir=tmp_path / "data", settle_s=0)

    for count in (3, 1):
        many_datasets.make(settings, count)
        many_datasets.publish(settings)

    outputs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each.get("ready") or (each["datasets"], each["profiles_read"]) for each in outputs] == [
        3,
        (3, 3),
        4,
        (4, 1),
    ]


def test_many_linked_datasets_are_folded_and_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(linked_datasets, "_ORIGINALS", 2)
    settings = load_settings(data_dir=tmp_path / "data", settle_s=0)
    linked_datasets.make(settings, 3)
    linked_datasets.publish(settings)

    folded = linked_datasets.fold(settings)
    linked_datasets.publish(settings)

    assert (folded["datasets"], folded["folds"]) == (5, 1)
    assert set(linked_datasets.ask(settings)) == {"one_dataset", "by_role", "first_rows"}


def test_one_upload_is_validated(tmp_path, valid, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["one_upload", str(valid), str(tmp_path / "data"), "1"])

    one_upload.main()

    printed = json.loads(capsys.readouterr().out)
    assert (printed["succeeded"], printed["status"], printed["pairs"] > 0) == (True, "ready", True)


def test_the_time_of_all_stages_is_that_of_the_whole(monkeypatch, tmp_path, valid):
    """Each function of a stage is there, is called, and is counted once, whatever it calls."""
    now_s = iter(range(10**6))
    monkeypatch.setattr(stages.time, "process_time", lambda: float(next(now_s)))
    clock = stages.Clock()
    for place in itertools.chain(*stages.STAGES.values()):  # to be put back after the test
        module, _, path = place.partition(":")
        holder, _, name = path.rpartition(".")
        held = import_module(module)
        monkeypatch.setattr(getattr(held, holder) if holder else held, name, attrgetter(path)(held))

    stages.timed_stages(clock)
    engine.profile_stream(io.BytesIO(valid.read_bytes()), tmp_path, Rules())
    spent_s = clock.take()

    assert all(spent_s.values()), f"never called: {[name for name, each in spent_s.items() if not each]}"
    assert sum(spent_s.values()) == next(now_s) - 1
