"""Ranges that pass by are whole lines, and hold all of them; rows come back from wherever workers left them."""

import gzip
import hashlib
import io
from contextlib import nullcontext
from dataclasses import asdict, replace

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clock import utc_now
from pipeline.dataset.formats.blocks_of_lines import BYTE_ORDER_MARK
from pipeline.dataset.near.signatures import BANDS
from pipeline.dataset.profiles.budget import Budget
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.engines.processes import Processes
from pipeline.errors import LakeError
from pipeline.flow import passing
from pipeline.flow.intake import look
from pipeline.flow.passing import PassedFiles, Span
from pipeline.flow.scan import Cursor
from pipeline.flow.stored_near import StoredBands
from pipeline.flow.stored_ranges import Cluster, StoreAt, StoredRange
from pipeline.flow.validation import Validator
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import make_lake
from pipeline.state.lake.places_of_parts import FolderParts
from pipeline.state.store import make_store
from tests.engine_blocks import line_of
from tests.engines.backwards import Backwards
from tests.flow.test_validation import ROWS, _register, place
from tests.installation import bad_file, valid_file

__all__ = ["place"]


def passed_by(*files, size=6, **how):
    """What was cut of files, and the whole that passed by."""
    passed = PassedFiles(
        [f"f{number}" for number in range(len(files))],
        lambda number: nullcontext(io.BytesIO(files[number])),
        10**9,
        **how,
    )
    return passed, list(passed.spans(size))


@given(data=st.lists(st.sampled_from([b"\n", b"a", b"bcdef"])).map(b"".join), size=st.integers(1, 9))
def test_ranges_are_all_lines_in_order_with_the_number_of_the_first(data, size):
    passed, spans = passed_by(data, size=size)

    assert b"".join(data[span.start : span.stop] for span in spans) == data
    assert [span.first_line for span in spans] == [1 + data[: span.start].count(b"\n") for span in spans]
    assert all(data[span.stop - 1 : span.stop] == b"\n" and span.stop - span.start >= size for span in spans[:-1])
    assert (passed.size_bytes, passed.sha256()) == (len(data), hashlib.sha256(data).hexdigest())


def test_lines_are_cut_where_blocks_of_reading_meet(monkeypatch):
    monkeypatch.setattr(passing, "BLOCK_BYTES", 4)

    _, spans = passed_by(b"aa\nbbbb\ncc\n\n\nd")

    assert spans == [Span(0, 0, 8, 1, 0), Span(0, 8, 14, 3, 8)]


@given(
    files=st.lists(st.lists(st.sampled_from([b"\n", b"a", b"bcdef", BYTE_ORDER_MARK])).map(b"".join), min_size=1),
    packed=st.sets(st.integers(0, 9)),
)
def test_files_pass_by_as_one_text_with_lines_of_their_own(files, packed):
    """No line goes on from one file to the next, and a mark of the byte order is none between them."""
    passed, spans = passed_by(*[gzip.compress(file) if n in packed else file for n, file in enumerate(files)])

    texts = [file.removeprefix(BYTE_ORDER_MARK) if n else file for n, file in enumerate(files)]
    ended = [text if text.endswith(b"\n") or not text else text + b"\n" for text in texts[:-1]] + texts[-1:]
    whole = b"".join(ended)
    assert passed.sha256() == hashlib.sha256(whole).hexdigest()
    assert b"".join(files[span.file][span.start : span.stop] + span.ending for span in spans) == whole
    assert [span.first_line for span in spans] == [1 + whole[: span.offset].count(b"\n") for span in spans]
    starts = [sum(map(len, ended[:n])) for n in range(len(ended))]
    for n, text in enumerate(ended):
        if text:
            assert passed.place_of(1 + whole[: starts[n]].count(b"\n")) == f"line 1 of f{n}"


def cluster_here(settings):
    """A cluster whose one worker is this process."""
    return Cluster(lambda: Processes(1), StoreAt(settings.store, settings.s3_endpoint_url, "us-east-1"), 9_000)


def test_a_range_over_its_budget_refuses_the_upload(place, monkeypatch):
    settings, alone = place
    _, dataset = _register(settings, content := valid_file(200))
    rules = Rules(budget=Budget(1e-9, free_s=1e-9))

    outcome = replace(alone, rules=rules, large_upload_bytes=1, cluster=cluster_here(settings)).validate(dataset)

    assert dict(outcome.profile.finding_counts) == {"takes-too-long": 1}
    assert outcome.profile.content_sha256 == hashlib.sha256(content).hexdigest()


def near_file(count):
    """Conversations of nine stems, in each of which a word is replaced."""
    stems = [[f"stem{stem}word{place}" for place in range(60)] for stem in range(9)]
    texts = [" ".join([*stems[number % 9][:-1], f"own{number}"]) for number in range(count)]
    return b"".join(line_of(str(number), ("user", text), ("assistant", "Yes")) for number, text in enumerate(texts))


@pytest.mark.parametrize(("width", "calls"), [(1, 8), (9, 9), (40, 32)])
def test_near_duplicates_by_the_bands_of_an_engine_are_those_of_one_process(place, width, calls):
    settings, alone = place
    _, dataset = _register(settings, near_file(60) + near_file(3) + valid_file(90))
    engine = Backwards(width)
    cluster = replace(cluster_here(settings), begin=lambda: engine, near_rows=153)

    outcomes, rows = [], []
    for each in (alone, replace(alone, large_upload_bytes=1, cluster=cluster)):
        outcomes.append(each.validate(dataset))
        rows.append({table: pq.read_table(outcomes[-1].lake_uris[table]).to_pylist() for table in ROWS})

    shared = [part.numbers for part in engine.done if isinstance(part, StoredBands)]
    assert len(shared) == calls
    assert sorted(number for some in shared for number in some) == list(range(BANDS))
    assert outcomes[0].profile.nearness.near_duplicate_conversations == 51
    assert outcomes[0].profile.as_dict("a") == outcomes[1].profile.as_dict("a")
    assert rows[0] == rows[1]


def test_with_fewer_conversations_the_run_looks_for_near_duplicates(place):
    settings, alone = place
    _, dataset = _register(settings, near_file(20))
    engine = Backwards(2)
    cluster = replace(cluster_here(settings), begin=lambda: engine, near_rows=21)

    outcome = replace(alone, large_upload_bytes=1, cluster=cluster).validate(dataset)

    assert outcome.profile.nearness.near_duplicate_conversations == 11
    assert {type(part) for part in engine.done} == {StoredRange}


def test_what_has_no_lines_is_read_here(place):
    settings, alone = place
    _, dataset = _register(settings, b"[" + b",".join(valid_file(9).splitlines()) + b"]", "a.json")

    def begin():
        raise AssertionError("no cluster is needed")

    cluster = replace(cluster_here(settings), begin=begin)
    outcome = replace(alone, large_upload_bytes=1, cluster=cluster).validate(dataset)

    assert outcome.profile.statistics.conversations == 9


def test_a_worker_that_does_not_see_the_folder_says_what_is_expected(tmp_path):
    with pytest.raises(LakeError, match=r"expected LORA_LAKE to be s3://…, or a folder that all workers have"):
        FolderParts(tmp_path / "elsewhere").lend().__enter__()


@pytest.mark.needs_s3
def test_parts_go_through_the_bucket_and_leave_nothing_there(bucket_settings):
    settings = bucket_settings
    store, lake = make_store(settings), make_lake(settings)
    content = near_file(20) + valid_file(180) + bad_file(3)
    store.put("uploads/ana/a.jsonl", io.BytesIO(content), len(content))
    with Catalog.open(settings.catalog_url) as catalog:
        [dataset_id] = look(store, catalog, settings, Cursor(), utc_now()).registered
        dataset = catalog.get(dataset_id)
    alone = Validator(store, lake, Rules(), settings.max_upload_bytes, "run-1")

    cluster = replace(cluster_here(settings), near_rows=1)
    outcomes, rows = [], []
    for each in (alone, replace(alone, large_upload_bytes=1, cluster=cluster)):
        outcomes.append(each.validate(dataset))
        rows.append({})
        for table in ROWS:
            with lake.fetch(table, dataset_id) as path:
                rows[-1][table] = pq.read_table(path)

    assert [len(each.profile.parts) for each in outcomes] == [1, 5]
    assert [each.profile.nearness.near_duplicate_conversations for each in outcomes] == [11, 11]
    assert asdict(outcomes[0].verdict()) == asdict(outcomes[1].verdict())
    assert rows[0] == rows[1]
    assert "Contents" not in lake._client.list_objects_v2(Bucket=store.bucket, Prefix="lake/_parts")
