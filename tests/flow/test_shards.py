"""Shards are one dataset, as if they were one file; a manifest names its owner's uploads and no others."""

import bz2
import gzip
import hashlib
import io
import json
import os
import re
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clock import utc_now
from pipeline.dataset.formats.blocks_of_lines import read_head
from pipeline.dataset.profiles import parallel
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.errors import Conflicting, ObjectChanged, StoreError
from pipeline.flow import shards, stored_ranges
from pipeline.flow.derived_files import converted_pieces, mend_preview
from pipeline.flow.intake import look
from pipeline.flow.passing import PassedFiles
from pipeline.flow.scan import Cursor
from pipeline.flow.shards import KeptUpload, Shard, Shards, is_manifest, opened_upload, shards_of
from pipeline.flow.stored_ranges import store_of
from pipeline.flow.validation import Validator
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import AnnouncedUpload
from pipeline.state.lake import make_lake
from pipeline.state.store import make_store
from pipeline.state.store.local_store import LocalStore
from tests.flow.test_stored_ranges import cluster_here
from tests.flow.test_validation import ROWS, place
from tests.installation import bad_file, valid_file

__all__ = ["place"]
FIRST, SECOND, THIRD = valid_file(60), bad_file(3), valid_file(40, seed=9)


class Shelf:
    """An owner's uploads, and what becomes of the manifest among them."""

    def __init__(self, settings, validator):
        self.settings, self.store = settings, validator.store
        self.validator = replace(validator, place=store_of(settings))

    def put(self, name, content):
        self.store.put(f"uploads/ana/{name}", io.BytesIO(content), len(content))

    def name(self, *names, name="all"):
        self.put(f"{name}.shards.json", json.dumps({"shards": names}).encode())

    def look(self):
        with Catalog.open(self.settings.catalog_url) as catalog:
            found = look(self.store, catalog, self.settings, Cursor(), utc_now())
            return [catalog.get(each) for each in found.registered], [each.key for each in found.scan.ignored]

    def dataset(self):
        [dataset], _ = self.look()
        return dataset

    def rows(self, outcome):
        lake, found = self.validator.lake, {}
        for table in ROWS:
            with lake.fetch(table, outcome.dataset.id) as path:
                found[table] = pq.read_table(path)
        return found


@pytest.fixture
def shelf(place):
    return Shelf(*place)


def put_three(shelf):
    """One file, and the same in shards: packed, without a last line's end, with a byte order mark."""
    shelf.put("all.shards/part-2.jsonl.gz", gzip.compress(FIRST))
    shelf.put("all.shards/part-10.jsonl", SECOND.rstrip(b"\n"))
    shelf.put("all.shards/last.jsonl.zst", zstandard.compress(b"\xef\xbb\xbf" + THIRD))
    shelf.name("all.shards/part-*", "all.shards/last.jsonl.zst")


def report(outcome):
    """All that is said of a dataset but where its rows were."""
    said = outcome.profile.as_dict("")
    findings = [{k: v for k, v in row.items() if k not in ("detail", "message")} for row in said.pop("findings")]
    return {name: value for name, value in said.items() if name != "format_why"}, findings


@pytest.mark.parametrize("by", ["this process", "processes", "a cluster"])
def test_shards_are_the_dataset_that_one_file_is(shelf, by, monkeypatch):
    monkeypatch.setattr(stored_ranges, "MIN_RANGE_BYTES", 5_000)
    monkeypatch.setattr(parallel, "MIN_RANGE_BYTES", 10**9)
    shelf.put("one.jsonl", FIRST + SECOND + THIRD)
    alone = shelf.validator.validate(shelf.dataset())
    whole = shelf.rows(alone)
    put_three(shelf)
    [dataset], ignored = shelf.look()
    large = {
        "this process": {},
        "processes": {"large_upload_bytes": 1, "workers": 2},
        "a cluster": {"large_upload_bytes": 1, "cluster": cluster_here(shelf.settings)},
    }[by]
    read = replace(shelf.validator, **large).validate(dataset)
    rows = shelf.rows(read)

    assert (ignored, dataset.file_size > len(SECOND)) == ([], True)
    assert report(read)[1] == report(alone)[1]
    assert {**report(read)[0], "bytes": 0} == {**report(alone)[0], "bytes": 0}
    assert all(rows[table].equals(whole[table]) for table in ROWS if table != "findings")
    assert [row["detail"] for row in read.profile.errors] == [
        f"(line {line} of all.shards/part-10.jsonl)" for line in (3, 4, 5)
    ]
    assert read.profile.reading.why.endswith(
        "; the rows are in 3 shards, all.shards/part-2.jsonl.gz to all.shards/last.jsonl.zst"
    )
    assert [(line.before, line.marked) for line in read.lines] == [(line.before, line.marked) for line in alone.lines]
    assert list(shelf.settings.data_dir.glob("lake/_staging/*")) == []


def test_shards_are_converted_as_one_file(shelf):
    put_three(shelf)
    dataset = shelf.dataset()

    lines = b"".join(converted_pieces(shelf.store, dataset, "openai", Rules().limits)).splitlines()
    shelf.put("all.shards/part-2.jsonl.gz", gzip.compress(THIRD))

    assert len(lines) == 102
    with pytest.raises(ObjectChanged, match=f"the shards of .* are not those of {dataset.id} any more"):
        converted_pieces(shelf.store, dataset, "openai", Rules().limits)


@pytest.mark.parametrize(
    ("manifest", "code", "found"),
    [
        ('["a.jsonl"]', "bad-manifest", "Input should be an object"),
        (
            '{"shards": [], "x": 1}',
            "bad-manifest",
            "List should have at least 1 item after validation, not 0 at shards",
        ),
        ('{"shards": ["../ben/secret.jsonl"]}', "bad-manifest", "../ben/secret.jsonl"),
        ('{"shards": ["/etc/passwd"]}', "bad-manifest", "/etc/passwd"),
        ('{"shards": ["s3://other/uploads/ana/a.jsonl"]}', "bad-manifest", "s3://other/uploads/ana/a.jsonl"),
        ('{"shards": ["*/a.jsonl"]}', "bad-manifest", "*/a.jsonl"),
        ('{"shards": [".owner"]}', "bad-manifest", ".owner"),
        ('{"shards": ["all.shards.json"]}', "bad-manifest", "another manifest, all.shards.json"),
        ('{"shards": ["a.jsonl", "a.*"]}', "bad-manifest", "a.jsonl twice"),
        (json.dumps({"shards": [f"{number}-*" for number in range(33)]}), "bad-manifest", "more"),
        (json.dumps({"shards": ["ü" * 128]}), "bad-manifest", "ü" * 128),
        (json.dumps({"shards": ["/".join(["d" * 200] * 6) + "/*"]}), "bad-manifest", f"{'d' * 200}…"),
        (
            '{"shards": ["linked.jsonl", "linked/secret.jsonl", "linked/*"]}',
            "shard-missing",
            "none at linked.jsonl and 2 more",
        ),
        ('{"shards": ["a.jsonl", "b.jsonl", "c-*"]}', "shard-missing", "none at b.jsonl and 1 more"),
        ('{"shards": ["a.jsonl", "a.csv"]}', "mixed-archive", "other rows in a.csv"),
        ('{"shards": ["a.jsonl", "a.bz2"]}', "mixed-archive", "a bzip2 archive in a.bz2"),
        ('{"shards": ["wide.jsonl", "a.jsonl"]}', "mixed-archive", "the byte order mark of UTF-16 in wide.jsonl"),
        ('\ufeff{"shards": ["b.jsonl"]}', "shard-missing", "none at b.jsonl"),
        (gzip.compress(b'{"shards": ["a.jsonl"]}', mtime=0), "bad-manifest", "a gzip archive"),
        ('{"shards": ["a.jsonl"]}'.encode("utf-16"), "bad-manifest", "the byte order mark of UTF-16"),
        ('{"shards": ["a.csv", "a.jsonl"]}', "mixed-archive", "other rows in a.csv"),
        ('{"shards": ["a.jsonl", "openai.jsonl"]}', "mixed-archive", "native in the first and openai in openai.jsonl"),
        ('{"shards": ["cut.jsonl.gz", "a.jsonl"]}', "broken-archive", "it cut off"),
    ],
)
def test_a_manifest_that_cannot_be_followed_is_a_verdict(shelf, manifest, code, found):
    shelf.put("a.jsonl", FIRST)
    shelf.put("a.csv", b"prompt,completion\nHello there,Hi\n")
    shelf.put("cut.jsonl.gz", gzip.compress(FIRST)[:-12])
    shelf.put(
        "openai.jsonl", b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'
    )
    shelf.store.put("uploads/ben/secret.jsonl", io.BytesIO(FIRST), len(FIRST))
    ben, ana = (shelf.store.local_path(f"uploads/{owner}") for owner in ("ben", "ana"))
    (ana / "linked").symlink_to(ben)
    (ana / "linked.jsonl").symlink_to(ben / "secret.jsonl")
    shelf.put("a.bz2", bz2.compress(FIRST))
    shelf.put("wide.jsonl", FIRST.decode().encode("utf-16"))
    shelf.put("all.shards.json", manifest.encode() if isinstance(manifest, str) else manifest)
    dataset = next(each for each in shelf.look()[0] if each.file_name == "all.shards.json")

    outcome = shelf.validator.validate(dataset)

    assert (code, found) in [(row["code"], row["found"]) for row in outcome.profile.errors]
    assert outcome.profile.status == "error"


def test_shards_that_are_refused_are_judged_once_and_changed_ones_again(shelf):
    shelf.put("a.jsonl", FIRST)
    shelf.put("a.csv", b"prompt,completion\nHello there,Hi\n")
    shelf.put("cut.jsonl.gz", gzip.compress(FIRST)[:-12])
    refused = {"bad": ["../x"], "missing": ["b.jsonl"], "mixed": ["a.jsonl", "a.csv"], "table": ["a.csv", "a.jsonl"]}
    for name, names in {**refused, "cut": ["a.jsonl", "cut.jsonl.gz"], "changed": ["a.jsonl"]}.items():
        shelf.name(*names, name=name)
    shelf.name("a.jsonl", "cut.jsonl.gz", name="large")
    datasets = [each for each in shelf.look()[0] if each.file_name.endswith(".shards.json")]

    with Catalog.open(shelf.settings.catalog_url) as catalog:
        catalog.mark_requested([each.id for each in datasets], "run", utc_now())
        for each in datasets:
            known = replace(each, content_version="shards:other") if each.name == "changed" else each
            most = len(FIRST) if each.name == "large" else shelf.validator.max_upload_bytes
            verdict = replace(shelf.validator, max_upload_bytes=most).validate(known).verdict()
            catalog.record_verdict(replace(verdict, content_version=each.content_version), utc_now())
        look(shelf.store, catalog, shelf.settings, Cursor(), utc_now())

        assert [each.status for each in map(catalog.get, (each.id for each in datasets if each.name != "changed"))] == (
            ["error"] * 6
        )
        assert {each.name for each in catalog.unrequested(10, utc_now()) if is_manifest(each.file_name)} == {"changed"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([gzip.compress(FIRST)], []),
        ([b"\n", gzip.compress(b"\xef\xbb\xbf \n"), FIRST], []),
        ([b"", gzip.compress(b"")], ["empty-file"]),
        ([b"", b"\n"], ["no-conversations"]),
    ],
)
def test_shards_of_which_one_or_none_holds_rows(shelf, files, told):
    for number, content in enumerate(files):
        shelf.put(f"all.shards/{number}", content)
    shelf.name("all.shards/*")

    outcome = shelf.validator.validate(shelf.dataset())

    assert [row["code"] for row in outcome.profile.errors] == told
    assert outcome.profile.statistics.conversations == (0 if told else 60)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["a.jsonl", "b.jsonl"], "none at b.jsonl"),
        (["../a.jsonl"], "../a.jsonl"),
        (["a.jsonl", "cut.jsonl.gz", "a-2.jsonl"], "it cut off (in cut.jsonl.gz)"),
    ],
)
def test_shards_that_are_not_whole_are_neither_mended_nor_converted(shelf, names, why):
    shelf.put("a.jsonl", FIRST)
    shelf.put("a-2.jsonl", THIRD)
    shelf.put("cut.jsonl.gz", gzip.compress(FIRST)[:-12])
    shelf.name(*names)
    dataset = next(each for each in shelf.look()[0] if each.name == "all")

    preview = mend_preview(shelf.store, dataset, Rules().limits)

    assert (preview.is_ready, why in preview.refusal) == (False, True)
    with pytest.raises(Conflicting, match=rf"^{dataset.id} cannot be converted: .*{re.escape(why)}"):
        list(converted_pieces(shelf.store, dataset, "openai", Rules().limits))


def test_a_manifest_that_came_through_the_service_is_confirmed_by_its_own_bytes(shelf):
    """Where its confirmation was lost."""
    shelf.put("a.jsonl", FIRST)
    key, manifest = "uploads/ana/m-0123456789abcdef/m.shards.json", b'{"shards": ["a.jsonl"]}'
    announced = AnnouncedUpload("m-0123456789abcdef", "m", "local", key, "m.shards.json", len(manifest))
    with Catalog.open(shelf.settings.catalog_url) as catalog:
        catalog.create_upload(announced, "ana", utc_now())
        shelf.store.put(key, io.BytesIO(manifest), len(manifest))
        found = look(shelf.store, catalog, shelf.settings, Cursor(), utc_now(), is_thorough=True)

        assert found.confirmed == ("m-0123456789abcdef",)
        assert shelf.validator.validate(catalog.get("m-0123456789abcdef")).is_ready


def test_a_manifest_whose_shards_the_store_refuses_keeps_no_other_upload_waiting(shelf, monkeypatch):
    shelf.put("one.jsonl", FIRST)
    shelf.name("refused.jsonl")
    stat, refused = LocalStore.stat, ["refused.jsonl"]

    def some(store, key):
        if key.endswith(tuple(refused)):
            raise StoreError(f"the service refused {key}")
        return stat(store, key)

    monkeypatch.setattr(LocalStore, "stat", some)
    with Catalog.open(shelf.settings.catalog_url) as catalog:
        found = look(shelf.store, catalog, shelf.settings, Cursor(), utc_now())
        refused.append("all.shards.json")
        with pytest.raises(StoreError, match=r"refused uploads/ana/all\.shards\.json"):
            look(shelf.store, catalog, shelf.settings, Cursor(), utc_now())

    assert [each.partition("-")[0] for each in found.registered] == ["one"]
    assert found.unreadable == {
        "uploads/ana/all.shards.json": "the shards of uploads/ana/all.shards.json cannot be looked at: "
        "the service refused uploads/ana/refused.jsonl"
    }


def test_no_more_of_a_folder_is_looked_at_than_may_be_shards(shelf, monkeypatch):
    for number in range(6):
        shelf.put(f"all.shards/a/{number}.jsonl", FIRST)
    found = []
    for most, listed in ((5, 10), (10, 5)):
        monkeypatch.setattr(shards, "MAX_SHARDS", most)
        monkeypatch.setattr(shards, "_MOST_LISTED", listed)
        shelf.name("all.shards/a/*", "all.shards/*")
        found.append(shards_of(shelf.store, "uploads/ana/all.shards.json").bad.finding.mismatch.expected)

    assert found == ["at most 5 shards, each once", "folders of shards that hold at most 5 files"]


PIECES = st.sampled_from([b"", b"\xef\xbb\xbf", b"a", b"\n", b"bc\n"])
PACKERS = st.sampled_from([bytes, gzip.compress, zstandard.compress])


@given(st.lists(st.tuples(st.lists(PIECES, max_size=3).map(b"".join), PACKERS), min_size=1, max_size=6))
def test_the_text_of_shards_is_the_same_wherever_it_is_read(contents):
    """An empty one between others ended what was converted, mended and shown."""
    files = {str(number): pack(content) for number, (content, pack) in enumerate(contents)}
    named = Shards(tuple(Shard(name, name, len(content), "") for name, content in files.items()), (), "")
    store = SimpleNamespace(open=lambda key, **_: nullcontext(io.BytesIO(files[key])))
    passed = PassedFiles(list(files), lambda number: store.open(str(number)), 10**6)
    spans = list(passed.spans(2))

    with opened_upload(store, KeptUpload("", "", named), 10**6) as reader:
        text = read_head(reader, 10**6)

    assert (len(text), hashlib.sha256(text).hexdigest()) == (passed.size_bytes, passed.sha256())
    assert [text.count(b"\n", 0, span.offset) + 1 for span in spans] == [span.first_line for span in spans]


@given(pieces=st.lists(st.text("ab.", max_size=3), min_size=2), name=st.text("ab./", max_size=12))
def test_a_star_stands_for_any_characters_of_a_name(pieces, name):
    expected = re.fullmatch("[^/]*".join(map(re.escape, pieces)), name) is not None

    assert shards._fits(f"x/{name}", f"x/{'*'.join(pieces)}") == expected


def test_shards_that_change_before_they_are_read_and_too_many_bytes_are_verdicts(shelf):
    put_three(shelf)
    dataset = shelf.dataset()
    small = replace(shelf.validator, max_upload_bytes=100).validate(replace(dataset, file_size=50))
    shelf.put("all.shards/part-3.jsonl", THIRD)
    changed = shelf.validator.validate(dataset)
    shelf.name("all.shards/part-*")
    again = shelf.dataset()

    assert [dict(each.profile.finding_counts) for each in (small, changed)] == [
        {"upload-too-large": 1},
        {"shard-changed": 1},
    ]
    assert again.id != dataset.id
    assert shelf.validator.validate(again).profile.statistics.conversations == 102


def test_shards_without_a_manifest_are_told_and_many_names_are_looked_up_at_once(shelf):
    for number in range(25):
        shelf.put(f"many.shards/{number}.jsonl", FIRST)
    _, ignored = shelf.look()
    shelf.name(*[f"many.shards/{number}.jsonl" for number in range(24, -1, -1)], name="many")

    assert len(ignored) == 25
    assert shelf.look()[1] == []
    named = shards_of(shelf.store, "uploads/ana/many.shards.json")
    assert [each.name for each in named.shards] == [f"many.shards/{number}.jsonl" for number in range(24, -1, -1)]


@pytest.mark.needs_s3
def test_eight_shards_in_a_bucket_are_the_dataset_that_one_file_is(bucket_settings):
    settings = bucket_settings
    validator = Validator(make_store(settings), make_lake(settings), Rules(), settings.max_upload_bytes, "run-1")
    shelf = Shelf(settings, validator)
    parts = [valid_file(20, seed=seed) for seed in range(8)]
    shelf.put("one.jsonl", b"".join(parts))
    alone = shelf.validator.validate(shelf.dataset())
    whole = shelf.rows(alone)
    for number, part in enumerate(parts):
        shelf.put(f"all.shards/part-{number}.jsonl.gz", gzip.compress(part, mtime=0))
    shelf.name(f"{settings.store}/uploads/ana/all.shards/*.jsonl.gz")

    read = replace(validator, large_upload_bytes=1, cluster=cluster_here(settings)).validate(shelf.dataset())

    assert len(read.profile.parts) == 8
    assert read.profile.content_sha256 == alone.profile.content_sha256
    assert report(read)[1] == report(alone)[1]
    assert all(shelf.rows(read)[table].equals(whole[table]) for table in ROWS)
    assert "_parts" not in os.listdir(settings.data_dir)
