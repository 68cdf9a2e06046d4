"""The upload sensor: what a tick registers, how it batches, and that nothing is asked for twice or forgotten."""

import json
import threading
from datetime import timedelta

import pytest

from pipeline.clock import utc_now
from tests.installation import bad_file, valid_file
from tests.permissions import forbid


def _ranges(tick):
    names = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    return [tuple(tags[name] for name in names) for tags in tick.runs]


def _covered(installation, tick):
    """Keys of each requested run, as Dagster will resolve its range."""
    order = installation.partitions
    return [order[order.index(start) : order.index(end) + 1] for start, end in _ranges(tick)]


def test_what_arrives_together_is_one_run(installation):
    """Many partitions in one run."""
    for number in range(5):
        installation.drop(f"file-{number}.jsonl", valid_file(seed=number))

    tick = installation.tick()

    assert _covered(installation, tick) == [installation.partitions]
    assert len(installation.partitions) == 5
    assert [event.partition for event in tick.result.asset_events] == installation.partitions


def test_a_tick_that_finds_nothing_says_what_it_saw(installation):
    """The sensor's page explains why nothing started."""
    installation.drop("file.jsonl", valid_file())
    installation.ingest()

    tick = installation.tick()

    assert tick.result.skip_message == "1 uploads seen, none new; 0 still being written"
    assert tick.runs == []


def test_a_file_that_is_still_being_written_waits(make_installation):
    """Local files appear before they are complete."""
    installation = make_installation(settle_s=3600)
    installation.drop("file.jsonl", valid_file())

    tick = installation.tick()

    assert tick.result.skip_message == "1 uploads seen, none new; 1 still being written"
    assert installation.datasets() == []


def test_batches_are_capped_by_count(make_installation):
    """A run has an end; others go on beside it."""
    installation = make_installation(batch_max_datasets=2)
    for number in range(5):
        installation.drop(f"file-{number}.jsonl", valid_file(seed=number))

    tick = installation.tick()

    keys = installation.partitions
    assert _covered(installation, tick) == [keys[:2], keys[2:4], keys[4:]]


def test_batches_are_capped_by_bytes(make_installation):
    """One large file does not hold up the small ones behind it."""
    small, large = valid_file(12), valid_file(60, seed=9)
    installation = make_installation(batch_max_bytes=3 * len(small))
    for number in range(3):
        installation.drop(f"a-{number}.jsonl", valid_file(12, seed=number))
    installation.tick()
    installation.drop("large.jsonl", large)
    installation.tick()
    installation.drop("z.jsonl", small)
    installation.forget_requests()

    tick = installation.tick()

    sizes = {each.id: each.file_size for each in installation.datasets()}
    sums = [sum(sizes[key] for key in keys) for keys in _covered(installation, tick)]
    assert sums[-2:] == [len(large), len(small)]
    assert sorted(key for keys in _covered(installation, tick) for key in keys) == sorted(sizes)


def test_a_tick_registers_at_most_its_cap_and_the_next_goes_on(make_installation):
    """Adding partitions is slow; the cursor keeps the rest."""
    installation = make_installation(tick_max_uploads=2)
    for number in range(5):
        installation.drop(f"file-{number}.jsonl", valid_file(seed=number))

    registered = [len(installation.tick().result.asset_events) for _ in range(4)]

    assert registered == [2, 2, 1, 0]
    assert len(installation.partitions) == 5


def test_the_cursor_is_a_position_and_losing_it_loses_nothing(make_installation):
    """The catalog is the registry, so a reset cursor asks for nothing twice."""
    installation = make_installation(tick_max_uploads=2)
    for number in range(3):
        installation.drop(f"file-{number}.jsonl", valid_file(seed=number))
    installation.tick()
    assert json.loads(installation.cursors["new_uploads"]) == {"resume_after": "uploads/ana/file-1.jsonl"}

    installation.cursors.clear()
    ticks = [installation.tick() for _ in range(3)]

    assert sum(len(tick.runs) for tick in ticks) == 1
    assert len(installation.datasets()) == 3


def test_ranges_cover_what_waits_and_nothing_else(installation):
    """Ranges follow the order of addition; a key in between that is done splits them."""
    for name in ["a", "b", "c"]:
        installation.drop(f"{name}.jsonl", valid_file(seed=ord(name)))
    installation.ingest()
    ids = {name: installation.dataset(name).id for name in "abc"}
    with installation.catalog() as catalog:
        catalog.request_again([ids["a"], ids["c"]], utc_now())
    installation.drop("d.jsonl", valid_file(seed=4))

    tick = installation.tick()

    middle = installation.dataset("b").id
    covered = _covered(installation, tick)
    assert sorted(key for keys in covered for key in keys) == sorted([ids["a"], ids["c"], installation.dataset("d").id])
    assert middle not in {key for keys in covered for key in keys}


@pytest.fixture
def at_once(monkeypatch):
    """What Dagster does not know counts as lost at once, not after two minutes."""
    monkeypatch.setattr("pipeline.flow.retries.LOST_AFTER", timedelta(0))


def test_a_crash_after_partitions_were_added_is_mended_by_the_next_ticks(installation, at_once):
    """Dagster adds partitions before it keeps the run requests; what the crash took is asked for again."""
    installation.drop("file.jsonl", valid_file())
    result = installation.evaluate("new_uploads")
    for request in result.dynamic_partitions_requests:
        installation.instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)

    assert installation.tick().runs == []
    installation.tick("failed_runs")
    tick = installation.tick()

    assert _covered(installation, tick) == [installation.partitions]
    assert installation.run("ingest", tick.runs[0]).success
    assert installation.statuses() == {"file": "ready"}


def test_a_crash_before_anything_was_kept_is_mended_by_the_next_ticks(installation, at_once):
    """The same when Dagster kept nothing of the tick at all."""
    installation.drop("file.jsonl", valid_file())
    installation.drop("bad.jsonl", bad_file())
    installation.evaluate("new_uploads")

    assert installation.partitions == []
    installation.tick("failed_runs")
    runs = installation.ingest()

    assert [run.success for run in runs] == [True]
    assert installation.statuses() == {"file": "ready", "bad": "error"}


def test_a_repeated_result_starts_no_second_run(installation):
    """A daemon that crashed after it launched the runs submits the same requests again."""
    installation.drop("file.jsonl", valid_file())
    result = installation.evaluate("new_uploads")
    first = installation.apply("new_uploads", result)
    installation.run("ingest", first[0])

    assert installation.apply("new_uploads", result) == []


def test_a_request_has_its_own_run_key(installation):
    """A key is unique for ever; without the moment in it, a failed run would never be asked for again."""
    installation.drop("file.jsonl", valid_file())
    first = installation.tick()
    installation.forget_requests()

    second = installation.tick()

    keys = [tick.runs[0]["dagster/run_key"] for tick in (first, second)]
    assert keys[0] != keys[1]
    assert keys[0].rpartition("-")[0] == keys[1].rpartition("-")[0]


def test_a_catalog_that_was_lost_has_the_same_runs_started_again(installation):
    """Dagster remembers the keys of runs that the catalog forgot."""
    installation.drop("file.jsonl", valid_file())
    first = installation.tick()
    installation.run("ingest", first.runs[0])
    installation.lose_catalog()

    [tags] = installation.tick().runs

    assert installation.run("ingest", tags).success
    assert installation.statuses() == {"file": "ready"}


def test_uploads_that_stream_in_share_a_run_while_one_waits_in_the_queue(installation):
    """A queue of runs of one dataset each would keep plans and publications out; a full run need not wait."""
    installation.drop("a.jsonl", valid_file(seed=1))
    [tags] = installation.tick().runs
    installation.enqueue("ingest", tags)
    waiting = []
    for name in ("b", "c"):
        installation.drop(f"{name}.jsonl", valid_file(seed=ord(name)))
        waiting.append(installation.tick().result.skip_message)
    installation.instance.delete_run(installation.instance.get_runs()[0].run_id)

    tick = installation.tick()

    assert waiting == ["1 uploads wait for the run that is queued", "2 uploads wait for the run that is queued"]
    assert [len(keys) for keys in _covered(installation, tick)] == [2]


def test_while_a_store_cannot_be_reached_the_tick_waits_and_says_for_what(make_installation, monkeypatch):
    """Nothing is registered, the cursor stays; the next tick starts at the same place."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    installation = make_installation(store="s3://bucket", s3_endpoint_url="http://127.0.0.1:9")
    installation.cursors["new_uploads"] = '{"resume_after": "uploads/ana/x"}'

    result = installation.tick().result

    assert result.skip_message.startswith("waiting: the store does not answer since ")
    assert result.skip_message.endswith("check that http://127.0.0.1:9 is up and LORA_S3_ENDPOINT_URL right")
    assert installation.datasets() == []
    assert installation.cursors["new_uploads"] == '{"resume_after": "uploads/ana/x"}'


def test_a_tick_says_which_uploads_cannot_be_read(installation, monkeypatch):
    """Whoever asks why a file is not noticed finds it on the sensor's page."""
    path = installation.drop("closed.jsonl", valid_file())
    forbid(monkeypatch, path)

    tick = installation.tick()

    assert tick.result.skip_message == (
        "1 uploads seen, none new; 0 still being written; 1 ignored (all: lora-pipeline datasets ignored): "
        "uploads/ana/closed.jsonl: it cannot be read: its permissions forbid it, its path is too long, or its disk "
        "fails; let the user who runs the pipeline read it, or store it again under a shorter path"
    )


def test_a_file_that_comes_while_a_tick_looks_is_taken_by_it(make_installation):
    """Who drops a file does not wait for the next tick."""
    installation = make_installation(look_again_s=0.05)
    dropping = threading.Timer(0.3, installation.drop, ("late.jsonl", valid_file()))
    dropping.start()

    tick = installation.tick()

    dropping.join()
    assert _covered(installation, tick) == [installation.partitions]
    assert len(installation.partitions) == 1
