"""Promises of `row_measures.py` and `rejected_texts.py`: what the lake says of each conversation and rejected row."""

import io
import json

import pyarrow.parquet as pq
import pytest

from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile_rules import WORDS, Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.state.lake.examples import conversation, jsonl

TALKS = jsonl(
    conversation("a", "Grüß Gott 🙂", "Guten Morgen, was darf es heute für Sie sein, ein Kaffee vielleicht?"),
    conversation("b", "Where is the station, please?", "It is straight on and then to the left, behind the church."),
    conversation("c", "Hi", "Hi"),
)


def _conversations(data, folder, rules, *columns):
    folder.mkdir()
    profile = profile_stream(io.BytesIO(data), folder, rules)
    return profile, pq.read_table(folder / "conversations.parquet", columns=list(columns)).to_pydict()


def test_each_conversation_has_its_characters_tokens_and_where_asked_its_language(tmp_path):
    asked = Rules(has_languages=True)
    profile, found = _conversations(TALKS, tmp_path / "asked", asked, "char_count", "token_count", "language")
    _, usual = _conversations(TALKS, tmp_path / "usual", Rules(), "language")
    _, words = _conversations(TALKS, tmp_path / "words", Rules(tokenizer=WORDS), "token_count")

    assert found["char_count"] == [11 + 68, 29 + 58, 4]
    assert found["language"] == ["de", "en", None]
    assert sum(found["token_count"]) == pytest.approx(profile.token_count, rel=0.2)
    assert (usual["language"], words["token_count"]) == ([None] * 3, [None] * 3)


def test_tokens_that_are_counted_one_by_one_are_those_of_the_file(tmp_path):
    profile, found = _conversations(TALKS, tmp_path / "exact", Rules(is_exact=True), "token_count")

    assert sum(found["token_count"]) == profile.token_count


def test_however_a_file_is_shared_out_its_rows_are_measured_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.dataset.profiles.parallel.MIN_RANGE_BYTES", 100)
    path = tmp_path / "talks.jsonl"
    path.write_bytes(TALKS * 40)
    tables = []
    for workers in (1, 3):
        (folder := tmp_path / str(workers)).mkdir()
        profile = profile_path(path, folder, Rules(has_languages=True), workers)
        parts = [pq.read_table(part / "conversations.parquet") for part in profile.parts]
        tables.append([row for part in parts for row in part.drop_columns(["byte_offset"]).to_pylist()])

    assert tables[0] == tables[1]


BAD = b'{"conversation_id": 7}\n'
NO_UTF8 = b'{"conversation_id": "caf\xe9"}\n'


def _texts(data, folder, rules):
    folder.mkdir()
    profile = profile_stream(io.BytesIO(data), folder, rules)
    found = pq.read_table(profile.findings_path, columns=["line", "severity", "row_text"]).to_pylist()
    return profile, {(row["line"], row["row_text"]) for row in found if row["severity"] == "error"}, found


def test_a_rejected_row_keeps_so_much_of_its_text_as_is_asked_for(tmp_path):
    data = TALKS + BAD + NO_UTF8
    profile, texts, found = _texts(data, tmp_path / "kept", Rules(rejected_text_chars=20))
    _, nothing, _ = _texts(data, tmp_path / "none", Rules())

    assert texts == {(4, '{"conversation_id": '), (5, '{"conversation_id": ')}
    assert {row["row_text"] for row in found if row["severity"] != "error"} <= {None}
    assert {text for _, text in nothing} == {None}
    assert all("row_text" not in finding for finding in (*profile.findings, *profile.errors))
    assert _texts(data, tmp_path / "whole", Rules(rejected_text_chars=99))[1] == {
        (4, BAD.decode().strip()),
        (5, '{"conversation_id": "caf\\xe9"}'),
    }


def test_rows_of_an_array_keep_theirs(tmp_path):
    rows = json.dumps([{"turns": 7}, *map(json.loads, TALKS.splitlines())]).encode()

    _, texts, _ = _texts(rows, tmp_path / "array", Rules(rejected_text_chars=50))

    assert {text for _, text in texts} == {'{"turns": 7}'}
