"""The commands that speak of an installation, on one that the demo has made with real runs."""

import io
import json
import sys
from pathlib import Path

import duckdb
import pytest

from pipeline.cli import app
from pipeline.cli.demo import program_from_here
from pipeline.cli.upload_shards import shards_there
from pipeline.errors import UsageError
from pipeline.flow.shards import shards_of
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.store.local_store import LocalStore
from tests.cli.goldens import run
from tests.samples import SAMPLES_DIR

BROKEN, TALK, CHAT = "broken_lines", "everyday_talk", "support_chat"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The data folder and the output of `lora-pipeline demo`."""
    folder = tmp_path_factory.mktemp("demo")
    result = run(["demo"], {"LORA_DATA_DIR": str(folder), "COLUMNS": "200"})
    assert result.exit_code == 0, result.stderr
    return folder, result.stdout


@pytest.fixture
def command(demo):
    """Run a command on the demo's installation."""
    return lambda *arguments: run(arguments, {"LORA_DATA_DIR": str(demo[0]), "COLUMNS": "200"})


def _by_name(result):
    return {row["name"]: row for row in map(json.loads, result.stdout.splitlines())}


def test_the_demo_prints_a_verdict_for_each_sample_and_what_to_try_next(demo):
    rows = [line.split("│")[1:-1] for line in demo[1].splitlines() if line.startswith("│")]
    cells = [[cell.strip() for cell in row] for row in rows]
    headings = [number for number, row in enumerate(cells) if row[0] == "name"]
    datasets, jobs = cells[1 : headings[1]], cells[headings[1] + 1 :]

    assert sorted(row[:7] for row in datasets) == [
        [BROKEN, "error", "0", "0", "0", "6", "line 1: malformed-json"],
        [TALK, "ready", "3000", "4189", "128044", "0", ""],
        [CHAT, "ready", "5", "14", "668", "0", ""],
    ]
    assert sorted(row[:5] for row in jobs) == [
        [f"{name}, Qwen3-8B, balanced", "configured", "lora", "A100-80GB-SXM", "trl"] for name in (TALK, CHAT)
    ]
    assert "lora-pipeline query" in demo[1]
    assert "lora-pipeline dev\n" in demo[1]


def test_every_query_that_the_demo_proposes_works(demo, command):
    proposed = [line.split('"')[1] for line in demo[1].splitlines() if "lora-pipeline query" in line]

    assert [command("query", sql).exit_code for sql in proposed] == [0] * len(proposed)
    assert len(proposed) == 3


def test_the_demo_proposes_commands_that_a_shell_finds(monkeypatch, tmp_path):
    """`make demo` leaves PATH as it is, so the bare name would not be found."""
    script = Path(sys.executable).with_name("lora-pipeline")
    monkeypatch.setenv("PATH", str(tmp_path))

    monkeypatch.chdir(tmp_path)
    elsewhere = program_from_here()
    monkeypatch.chdir(script.parent.parent)
    below = program_from_here()
    monkeypatch.setenv("PATH", str(script.parent))
    on_path = program_from_here()

    assert [elsewhere, below, on_path] == [str(script), f"{script.parent.name}/lora-pipeline", "lora-pipeline"]


def test_a_second_demo_changes_nothing(demo, command):
    before = command("datasets", "list", "--json").stdout

    assert command("demo").exit_code == 0
    assert {row["id"] for row in map(json.loads, command("datasets", "list", "--json").stdout.splitlines())} == {
        row["id"] for row in map(json.loads, before.splitlines())
    }


def test_listing_filters_by_status_and_name(command):
    assert set(_by_name(command("datasets", "list", "--json", "--status", "ready"))) == {TALK, CHAT}
    assert set(_by_name(command("datasets", "list", "--json", "--search", "TALK"))) == {TALK}
    assert set(_by_name(command("datasets", "list", "--json", "--owner", "somebody"))) == set()
    assert set(_by_name(command("datasets", "list", "--json", "--everyone"))) == {BROKEN, TALK, CHAT}


def test_a_list_says_whose_it_is_and_an_empty_one_how_to_see_others(command):
    assert command("datasets", "list").stderr == "3 of 3 datasets of local\n"
    assert command("datasets", "list", "--everyone").stderr == "3 of 3 datasets\n"
    assert command("jobs", "list", "--owner", "somebody").stderr == (
        "0 of 0 jobs of somebody; --everyone shows those of all owners\n"
    )


def test_an_unknown_status_names_the_known_ones(command):
    result = command("datasets", "list", "--status", "done")

    assert result.exit_code == 2
    assert result.stderr == "error: --status: expected one of uploading, validating, ready, error, failed, found done\n"


def test_a_dataset_is_shown_with_its_first_errors_or_conversations(command):
    broken, chat = command("datasets", "show", BROKEN).stdout, command("datasets", "show", CHAT).stdout

    assert "malformed-json" in broken
    assert "conversation conv-1" in chat


def test_a_dataset_of_another_user_does_not_exist(command):
    result = command("datasets", "show", CHAT, "--owner", "somebody")

    assert result.exit_code == 2
    assert CHAT in result.stderr


def test_a_deleted_dataset_leaves_the_list_and_comes_back(command):
    assert command("datasets", "delete", CHAT).exit_code == 0
    assert CHAT not in _by_name(command("datasets", "list", "--json"))
    assert CHAT in _by_name(command("datasets", "list", "--json", "--deleted"))

    assert command("datasets", "restore", CHAT).exit_code == 0
    assert CHAT in _by_name(command("datasets", "list", "--json"))


def test_findings_are_all_there_in_line_order_or_those_of_one_code(command):
    every = [json.loads(line) for line in command("findings", BROKEN, "--json").stdout.splitlines()]
    one = [
        json.loads(line) for line in command("findings", BROKEN, "--json", "--code", "empty-turns").stdout.splitlines()
    ]

    assert [row["line"] for row in every] == [1, 2, 3, 4, 5, 6]
    assert [row["code"] for row in one] == ["empty-turns"]


def test_findings_stand_above_the_lines_that_they_speak_of(command):
    lines = command("findings", BROKEN, "--lines", "--limit", "2").stdout.splitlines()

    place, text, carets, second = *lines[:3], lines[3]
    assert place.startswith("line 1, character 155 of the line: malformed-json: expected one JSON value")
    assert text[carets.index("^")] == "]"
    assert second.startswith("line 2, role of turn 1: missing-field: ")


def test_rows_of_a_dataset_are_looked_at_turn_by_turn_or_as_json(command):
    found = command("datasets", "rows", "support_chat", "--text", "PARCEL", "--limit", "2")
    as_json = command("datasets", "rows", "support_chat", "--row", "2", "--json").stdout.splitlines()
    rejected = command("datasets", "rows", BROKEN, "--rejected", "--limit", "1").stdout.splitlines()
    wrong = command("datasets", "rows", "support_chat", "--split", "test")
    beyond = [
        command("datasets", "rows", "support_chat", f"--{name}", str(10**40)) for name in ("row", "cluster", "after")
    ]

    assert "parcel" in found.stdout.lower()
    assert [json.loads(line)["row"] for line in as_json] == [2]
    assert (rejected[0], rejected[2][rejected[3].index("^")]) == ("row 1, line 1", "]")
    assert (wrong.exit_code, wrong.stderr) == (
        2,
        "error: --split: input should be 'train' or 'validation', found test\n",
    )
    assert [each.exit_code for each in beyond] == [2, 2, 2]


def test_a_dataset_is_mended_converted_and_taken_home(command, tmp_path):
    preview = command("datasets", "mend", BROKEN, "--json")
    told = command("datasets", "mend", CHAT)
    original, openai = tmp_path / "original.jsonl", tmp_path / "openai.jsonl"
    done = [
        command("datasets", "download", CHAT, "-o", str(original)),
        command("datasets", "download", CHAT, "--as", "openai", "-o", str(openai)),
        command("datasets", "download", CHAT, "--as", "mended", "-o", str(tmp_path / "mended.jsonl")),
    ]

    assert (json.loads(preview.stdout)["lines_in"], preview.exit_code) == (6, 1)
    assert "rows: " in told.stdout
    assert [each.exit_code for each in done] == [0, 0, 0]
    assert original.read_bytes() == (SAMPLES_DIR / "support_chat.jsonl").read_bytes()
    assert list(json.loads(openai.read_text("utf-8").splitlines()[0])) == ["messages"]
    assert command("datasets", "download", CHAT, "-o", str(tmp_path)).exit_code == 2


def test_two_datasets_are_compared(command):
    told = command("datasets", "compare", BROKEN, CHAT)
    same = json.loads(command("datasets", "compare", CHAT, CHAT, "--json").stdout)

    assert "0 rows unchanged" in told.stderr
    assert [line.split()[-2] for line in told.stdout.splitlines() if "malformed-json" in line] == ["-1"]
    assert (same["added"], same["removed"], same["changed"], same["findings"]) == (0, 0, 0, [])
    assert command("upload", "x", "--replaces", CHAT).exit_code == 2


def test_a_table_of_findings_shows_whole_messages_where_there_is_room_and_says_that_there_are_more(command):
    lines = command("findings", BROKEN, "--limit", "2").stdout.splitlines()
    in_full = command("findings", BROKEN, "--limit", "2", "--json").stdout

    assert [line.split("│")[-2].strip() for line in lines if line.startswith("│")] == [
        "message",
        "expected one JSON value, found a fault at column 155: trailing comma in array (a trailing comma before a "
        "closing bracket or brace: remove it; …",  # where there is no room for all of it
        "expected the field role, found field content; add the field",
    ]
    assert "lora-pipeline mend does); write the line with a JSON library, one object a line" in in_full
    assert lines[-1] == "first 2 rows, there are more"


def test_an_unknown_code_is_wrong_use(command):
    result = command("findings", BROKEN, "--code", "nonsense")

    assert (result.exit_code, result.stderr) == (
        2,
        "error: --code: expected a code of docs/findings.md, found nonsense\n",
    )


def test_a_query_prints_a_table_json_or_csv(command):
    sql = "SELECT name, line_count FROM datasets ORDER BY name"

    assert TALK in command("query", sql).stdout
    assert json.loads(command("query", sql, "--json").stdout.splitlines()[0]) == {"name": BROKEN, "line_count": 6}
    assert command("query", sql, "--csv").stdout.splitlines()[:2] == ["name,line_count", f"{BROKEN},6"]


@pytest.mark.parametrize("arguments", [["SELECT nothing FROM datasets"], ["SELECT 1", "--json", "--csv"]])
def test_a_wrong_query_is_one_sentence(command, arguments):
    result = command("query", *arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")


def test_a_query_works_on_an_empty_installation(tmp_path):
    Catalog.open(Settings(data_dir=tmp_path).catalog_url).close()

    result = run(["query", "SELECT count(*) AS n FROM turns", "--json"], {"LORA_DATA_DIR": str(tmp_path)})

    assert result.stdout == '{"n":0}\n'


def test_a_query_comes_from_standard_input(tmp_path):
    Catalog.open(Settings(data_dir=tmp_path).catalog_url).close()

    result = run(["query", "-", "--csv"], {"LORA_DATA_DIR": str(tmp_path)}, b"SELECT count(*) AS n\nFROM datasets;\n")

    assert (result.exit_code, result.stdout) == (0, "n\n0\n")


def test_an_upload_is_registered_at_once_and_lies_in_the_store(tmp_path):
    source = tmp_path / "My Talk.jsonl"
    source.write_text('{"conversation_id":"a","turns":[{"role":"user","content":"hi"}]}\n')

    result = run(["upload", str(source), "--owner", "ana"], {"LORA_DATA_DIR": str(tmp_path / "data")})

    assert result.exit_code == 0, result.stderr
    with Catalog.open(Settings(data_dir=tmp_path / "data").catalog_url) as catalog:
        [dataset] = catalog.list_datasets("ana").items
    assert result.stdout == f"{dataset.id}: validating\n"
    assert (tmp_path / "data" / dataset.storage_path).read_bytes() == source.read_bytes()


def test_a_new_version_of_a_file_is_read_by_the_mapping_of_the_one_before(tmp_path):
    source, data = tmp_path / "chat.jsonl", {"LORA_DATA_DIR": str(tmp_path / "data")}
    source.write_text('{"request": "How long?", "reply": "Three minutes."}\n')
    first = run(["upload", str(source), "--owner", "ana", "--mapping", "auto"], data)
    source.write_text('{"request": "How hot?", "reply": "Not quite boiling."}\n')

    second = run(["upload", str(source), "--owner", "ana"], data)

    said = "read by the mapping of the file before: auto"
    assert (said in first.stderr.splitlines(), second.stderr.splitlines()[0]) == (False, said)
    assert "chat.jsonl" in (tmp_path / "data/uploads/ana/.mappings").read_text()


def test_a_new_version_of_a_file_is_read_by_no_mapping_where_none_is_said(tmp_path):
    source, data = tmp_path / "chat.jsonl", {"LORA_DATA_DIR": str(tmp_path / "data")}
    source.write_text('{"request": "How long?", "reply": "Three minutes."}\n')
    run(["upload", str(source), "--owner", "ana", "--mapping", "auto"], data)
    source.write_text('{"request": "How hot?", "reply": "Not quite boiling."}\n')

    said = run(["upload", str(source), "--owner", "ana", "--mapping", "none"], data)

    assert (said.exit_code, "mapping" in said.stderr) == (0, False)
    assert (tmp_path / "data/uploads/ana/.mappings").read_text() == "{}"
    with Catalog.open(Settings(data_dir=tmp_path / "data").catalog_url) as catalog:
        assert catalog.list_datasets("ana").items[0].mapping is None


def test_an_owner_whose_name_is_no_folder_is_told_how_to_find_the_dataset(tmp_path):
    data = {"LORA_DATA_DIR": str(tmp_path / "data")}
    source = tmp_path / "mine.jsonl"
    source.write_text("{}\n")

    said = run(["upload", str(source), "--owner", "../ana"], data).stderr.splitlines()[0]

    words, _, owner = said.rpartition(" ")
    assert words == "the owner's name cannot be a folder's: find it with --owner"
    assert "mine" in run(["datasets", "list", f"--owner={owner}"], data).stdout


def test_an_upload_without_room_is_told_before_it_is_stored(tmp_path):
    """A file that takes the place of another needs room for the difference."""
    file = tmp_path / "chat.jsonl"
    file.write_bytes(b"x" * 600)
    variables = {"LORA_DATA_DIR": str(tmp_path / "data"), "LORA_QUOTA_BYTES": "1000"}

    first = run(["upload", str(file)], variables)
    second = run(["upload", str(file), "--name", "other.jsonl"], variables)
    file.write_bytes(b"y" * 1_000)
    again = run(["upload", str(file)], variables)

    assert (first.exit_code, second.exit_code, again.exit_code) == (0, 2, 0)
    assert "expected at most 400 bytes, which is what is left of your 1,000, found 600" in second.stderr
    assert [path.name for path in (tmp_path / "data/uploads/local").iterdir()] == ["chat.jsonl"]


def test_a_folder_is_put_there_as_shards_with_their_manifest(tmp_path):
    folder, data = tmp_path / "spring", {"LORA_DATA_DIR": str(tmp_path / "data")}
    folder.mkdir()
    for name in ("part-10.jsonl", "part-2.jsonl", "README.md", ".hidden"):
        (folder / name).write_text(f"{name}\n")

    result = run(["upload", str(folder), "--as-one", "--owner", "ana"], data)
    alone = run(["upload", str(folder)], data)
    sent = run(["upload", str(folder), "--as-one", "--server", "http://127.0.0.1:9", "--token", "t"], data)
    empty = run(["upload", str(folder / "*.md"), "--as-one"], data)

    uploads = tmp_path / "data/uploads/ana"
    assert result.exit_code == 0, result.stderr
    assert json.loads((uploads / "spring.shards.json").read_text()) == {
        "shards": ["spring.shards/part-2.jsonl", "spring.shards/part-10.jsonl"]
    }
    assert (uploads / "spring.shards/part-2.jsonl").read_text() == "part-2.jsonl\n"
    with Catalog.open(Settings(data_dir=tmp_path / "data").catalog_url) as catalog:
        [dataset] = catalog.list_datasets("ana").items
    assert (dataset.name, dataset.file_size) == ("spring", 27)
    assert (alone.exit_code, sent.exit_code, empty.exit_code) == (2, 2, 2)
    assert alone.stderr.endswith(f"found a folder; upload its files as one dataset: --as-one {folder}\n")
    assert sent.stderr.endswith(f"send the files packed: tar -czf spring.tar.gz {folder}\n")
    assert empty.stderr == f"error: --as-one: {folder}/*.md: expected files of rows, found none\n"


def test_objects_of_the_store_become_one_dataset_where_they_are(tmp_path):
    store = LocalStore(tmp_path)
    for number in (1, 2):
        store.put(f"uploads/ana/spring.shards/{number}.jsonl", io.BytesIO(b"{}\n"), 3)
    address = store.uri("uploads/ana/spring.shards/x").removesuffix("x")

    there = shards_there(f"{address}*.jsonl", "ana", None)
    stored = there.put(store)

    assert (there.size_in(store), stored.key) == (6, "uploads/ana/spring.shards.json")
    assert [shard.name for shard in shards_of(store, stored.key).shards] == [f"spring.shards/{n}.jsonl" for n in (1, 2)]
    with pytest.raises(UsageError, match=r"^--as-one: expected the shards of the manifest, found none at .*/3\.jsonl$"):
        shards_there(f"{address}3.jsonl", "ana", "x").put(store)
    assert [path.name for path in (tmp_path / "uploads/ana").iterdir() if path.is_file()] == ["spring.shards.json"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--as-one"],
            "--as-one: expected shards by their paths below uploads/local/, or below {data}/uploads/local/, ",
        ),
        ([], "s3://b/*.jsonl: expected a file, found an address; objects of the store become a dataset with --as-one"),
        (["--as-one", "--server", "http://127.0.0.1:9"], "--as-one: expected no --server, found one; send a file "),
    ],
)
def test_an_address_of_others_or_where_none_is_taken_is_wrong_use(tmp_path, arguments, told):
    result = run(["upload", "s3://b/*.jsonl", *arguments], {"LORA_DATA_DIR": str(tmp_path), "LORA_TOKEN": "t"})

    assert (result.exit_code, list((tmp_path / "uploads").rglob("*.json"))) == (2, [])
    assert result.stderr.startswith(f"error: {told.format(data=tmp_path)}")


@pytest.mark.parametrize(
    ("name", "files", "told"),
    [
        ("ü" * 300, ["a.jsonl"], ""),
        ("...", ["a.jsonl"], ""),
        ("chats/", ["a.jsonl"], ""),
        ("a*b", ["a.jsonl"], "found a*b.shards/a.jsonl: rename files"),
        ("all", ["a.jsonl", "old.shards.json"], "found 'old.shards.json': rename it"),
        ("all", ["/".join(["d" * 120] * 9) + "/a.jsonl"], "in paths of at most 1,024, found all.shards/ddd"),
    ],
)
def test_a_folder_becomes_shards_whatever_its_name_or_is_refused_before_any_is_stored(tmp_path, name, files, told):
    for file in files:
        (tmp_path / "in" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / file).write_text("{}\n")
    (tmp_path / "in/b.jsonl").write_text("{}\n")

    arguments = ["upload", f"{tmp_path}/in", "--as-one", "--owner", "ana", "--name", name]
    result = run(arguments, {"LORA_DATA_DIR": str(tmp_path / "data")})

    stored = [path.name for path in (tmp_path / "data/uploads").rglob("*.json*")]
    assert (result.exit_code, told in result.stderr) == (2 if told else 0, True), result.stderr
    assert sum(each.endswith(".shards.json") for each in stored) == (0 if told else 1)
    assert len(stored) == (0 if told else 3)


def test_an_upload_of_nothing_is_wrong_use(tmp_path):
    result = run(["upload", str(tmp_path / "none.jsonl")], {"LORA_DATA_DIR": str(tmp_path)})

    assert (result.exit_code, result.stderr) == (2, f"error: {tmp_path}/none.jsonl: expected a file, found nothing\n")


def test_settings_name_their_variables_and_hide_passwords(tmp_path):
    url = "postgresql://user:s3cret@db/catalog"

    result = run(["settings"], {"LORA_DATA_DIR": str(tmp_path), "LORA_CATALOG_URL": url})

    assert "s3cret" not in result.stdout
    assert "LORA_CATALOG_URL=postgresql://user:***@db/catalog" in result.stdout.splitlines()


def test_the_warehouse_of_the_demo_opens_read_only_in_plain_duckdb(demo):
    with duckdb.connect(str(demo[0] / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM conversations").fetchall() == [(3_005,)]


def test_every_command_has_a_help_text():
    assert [c.callback.__doc__ for c in app.registered_commands if not c.callback.__doc__] == []
