"""`lora-pipeline preflight` says whether a change may be made, and changes nothing itself."""

import json
import sqlite3
from contextlib import closing

import pytest

from pipeline.preflight import Line, events, models
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from tests.cli.goldens import run
from tests.moto_server import moto_url, uploads_told

__all__ = ["moto_url", "uploads_told"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("pipeline.state.catalog.live_catalog._PATIENCE_S", 0.01)


@pytest.fixture
def data_dir(tmp_path):
    Catalog.open(f"sqlite:///{tmp_path / 'catalog.db'}").close()
    return tmp_path


def preflight(data_dir, **variables):
    """The exit code, and the lines by their names; but for the space, which is the machine's own matter."""
    done = run(["preflight", "--json"], {"LORA_DATA_DIR": str(data_dir), **variables})
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.exit_code, {line["name"]: (line["level"], line["found"]) for line in lines if line["name"] != "space"}


def test_an_installation_that_may_be_changed(data_dir):
    code, lines = preflight(data_dir)

    assert {name: level for name, (level, _) in lines.items()} == dict.fromkeys(
        ("settings", "rights", "migrations", "catalog", "locks"), "ok"
    )
    assert code in (0, 1)


def test_what_is_not_there_yet_is_not_made(tmp_path):
    code, lines = preflight(tmp_path / "new")

    assert (code, lines["catalog"][0]) == (1, "warn")
    assert list(tmp_path.iterdir()) == []


def test_whoever_writes_is_named(data_dir):
    with closing(sqlite3.connect(data_dir / "catalog.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        code, lines = preflight(data_dir)

    assert (code, lines["locks"]) == (1, ("warn", f"another process writes to {data_dir / 'catalog.db'}"))


@pytest.mark.parametrize(("revision", "level"), [("0001", "warn"), ("9999", "fail")])
def test_a_catalog_of_another_version_is_told_and_left_alone(data_dir, revision, level):
    with closing(sqlite3.connect(data_dir / "catalog.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])

    code, lines = preflight(data_dir)

    assert (code, lines["migrations"][0]) == (1, level)
    with closing(sqlite3.connect(data_dir / "catalog.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)


def test_a_catalog_that_was_emptied_is_told(data_dir):
    (data_dir / "catalog.db").write_bytes(b"")

    code, lines = preflight(data_dir)

    assert code == 1
    assert "is an empty file" in lines["catalog"][1]


def test_settings_that_cannot_be_used_are_told(tmp_path):
    code, lines = preflight(tmp_path, LORA_MAX_ATTEMPTS="many")

    assert (code, list(lines)) == (1, ["settings"])


@pytest.mark.parametrize(
    ("llm", "model", "line"),
    [
        ("", "", None),
        ("http://127.0.0.1:8080/v1", "ours", Line("models", "ok", "local: ours")),
        ("openai", "gpt-6-luna", Line("models", "warn", "openai takes a key, found none here", "set OPENAI_API_KEY")),
        ("opnai", "", ("fail", "expected anthropic, openai, or an address as ")),
        ("openai", "nobody", ("fail", "no price of nobody at openai is known")),
    ],
)
def test_who_writes_conversations_is_looked_up_and_not_asked(tmp_path, llm, model, line):
    found = list(models(load_settings(data_dir=tmp_path, llm=llm, llm_model=model), {}))

    if isinstance(line, tuple):
        assert (found[0].level, found[0].found[: len(line[1])]) == line
    else:
        assert found == ([line] if line else [])


def test_people_read_a_line_each(data_dir):
    done = run(["preflight"], {"LORA_DATA_DIR": str(data_dir), "NO_COLOR": "1"})

    assert "ok   locks: nobody keeps others waiting" in done.stdout.splitlines()
    assert "" not in done.stdout.splitlines()


@pytest.mark.needs_s3
def test_a_bucket_that_may_be_written_is_told_from_one_that_is_not_there(data_dir, s3_gateway, monkeypatch):
    for variable, value in s3_gateway.environment.items():
        monkeypatch.setenv(variable, value)
    bucket = s3_gateway.new_bucket()
    places = {"LORA_S3_ENDPOINT_URL": s3_gateway.endpoint_url, "LORA_LAKE": f"s3://{bucket}/lake"}

    _, lines = preflight(data_dir, LORA_STORE=f"s3://{bucket}/up", **places)
    code, missing = preflight(data_dir, LORA_STORE="s3://nowhere", **places)

    assert lines["buckets"] == ("ok", f"s3://{bucket}/lake and s3://{bucket}/up may be written")
    assert (code, missing["buckets"][0]) == (1, "fail")
    assert missing["buckets"][1].startswith("the bucket nowhere does not exist at")
    client = s3_gateway.client()
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)


def test_a_queue_of_uploads_that_can_be_used_is_told_from_one_without_redriving_and_from_none(tmp_path, uploads_told):
    def line():
        [found] = events(uploads_told.settings(data_dir=tmp_path))
        return found.level, found.found

    place = uploads_told.places["events"]
    assert line() == ("ok", f"{place} may be read, about 1 message there")
    uploads_told.sqs.set_queue_attributes(QueueUrl=uploads_told.url, Attributes={"RedrivePolicy": ""})
    assert line() == ("warn", f"{place} has no redrive policy: a message that nobody can read comes again and again")
    uploads_told.sqs.delete_queue(QueueUrl=uploads_told.url)
    assert line()[0] == "fail"
    assert line()[1].endswith(" does not exist: create it, or check LORA_EVENTS")
    assert list(events(load_settings(data_dir=tmp_path))) == []
