"""Arrays whose rows share lines, all the way: upload, verdict, plan, data of the job, commands, pages, warehouse."""

import json
from pathlib import PurePosixPath

import pytest

from tests.cli.goldens import run
from tests.training.jobs.datasets import chat, with_call

GOOD = [chat(number, turns=1 + number % 2) for number in range(60)]
TEXTS = list(map(json.dumps, GOOD))
ONE_LINE = json.dumps(GOOD).encode()
TWO_A_LINE = "[{}]".format(",\n".join(f"{one}, {other}" for one, other in zip(TEXTS[::2], TEXTS[1::2], strict=True)))
# Row 4 repeats row 3, row 8 is wrong, row 10 says what row 3 says with another answer.
ODD = [*GOOD[:3], GOOD[2], *GOOD[3:6], {"messages": 7}, GOOD[6], chat(2, turns=1), *GOOD[7:]]
ODD[9]["messages"][1]["content"] = "Ask somebody else."  # type: ignore[index]


def trained_on(installation, name, sides=("train", "validation")):
    """The first question of each row in the data files of the dataset's job, by file."""
    [job] = [job for job in installation.jobs() if job.dataset_id == installation.dataset(name).id]
    found = {}
    for side in sides:
        with installation.lake.fetch_job_file(job.id, f"trl/{side}.jsonl") as path:
            rows = map(json.loads, path.read_text().splitlines())
            found[side] = [row["messages"][0]["content"] for row in rows]
    return found


def test_arrays_on_one_line_have_the_split_and_the_job_of_their_rows(installation):
    """One stands among files of lines, whose plans must not wait for it."""
    installation.drop("lines.jsonl", "".join(f"{text}\n" for text in TEXTS).encode())
    installation.drop("one_line.json", ONE_LINE)
    installation.drop("two_a_line.json", TWO_A_LINE.encode())
    installation.drop("tools.json", json.dumps([with_call(number) for number in range(12)]).encode())

    assert {run.success for run in installation.ingest()} == {True}
    assert {run.success for run in installation.plan()} == {True}

    assert installation.statuses() == dict.fromkeys(("lines", "one_line", "two_a_line", "tools"), "ready")
    expected = trained_on(installation, "lines")
    assert sorted(len(rows) for rows in expected.values()) == [3, 57]
    assert trained_on(installation, "one_line") == trained_on(installation, "two_a_line") == expected
    assert len(trained_on(installation, "tools", ["train"])["train"]) == 12


@pytest.fixture
def odd(make_installation):
    """An installation with one ready dataset on one line that has a bad row, a repeat and an answer in conflict."""
    installation = make_installation(max_rejected_share=0.1)
    installation.drop("odd.json", json.dumps(ODD).encode())
    assert [run.success for run in installation.ingest()] == [True]
    return installation


def offset_of(row):
    """Of a row of ODD, from 1, in its file."""
    return 1 + sum(len(json.dumps(each)) + 2 for each in ODD[: row - 1])


def test_findings_say_which_row_they_are_of(odd):
    found = odd.lake_rows("findings", odd.dataset("odd").id)

    assert {row["code"]: (row["row"], row["line"], row["byte_offset"]) for row in found} == {
        "wrong-type": (8, 1, offset_of(8)),
        "duplicate-conversation": (4, 1, offset_of(4)),
        "conflicting-answers": (10, 1, offset_of(10)),
    }
    messages = {row["code"]: row["message"] for row in found}
    assert messages["duplicate-conversation"].startswith("expected new turns, found the turns of row 3;")
    assert messages["conflicting-answers"].startswith(
        "expected one answer to a prompt, found the prompt of row 3 with another answer;"
    )


def test_commands_name_the_row(odd):
    env = {"LORA_DATA_DIR": str(odd.settings.data_dir), "LORA_DEFAULT_OWNER": "ana", "COLUMNS": "200"}

    listed = run(["findings", "odd", "--code", "wrong-type"], env)
    shown = run(["datasets", "list"], env)
    as_json = run(["findings", "odd", "--code", "wrong-type", "--json"], env)
    made = run(["jobs", "create", "odd", "--model", "Qwen3-8B"], env)

    assert [cell.strip() for cell in listed.stdout.splitlines()[3].split("│")[1:5]] == [
        "8",
        "1",
        str(offset_of(8)),
        "wrong-type",
    ]
    assert f"row 8 (line 1, byte {offset_of(8)}): wrong-type" in shown.stdout
    assert json.loads(as_json.stdout)["row"] == 8
    assert made.exit_code == 0, made.stderr


def test_the_warehouse_joins_by_row(odd):
    assert odd.run("publish").success

    joined = odd.query(
        "SELECT count(*), count(DISTINCT c.row) FROM conversations c JOIN turns t USING (dataset_id, row) "
        "JOIN splits s USING (dataset_id, row) WHERE t.turn_index = 0"
    )

    assert joined == [(len(ODD) - 1, len(ODD) - 1)]


def test_mending_keeps_and_puts_aside_each_row_by_itself(tmp_path):
    source, target = tmp_path / "odd.json", tmp_path / "mended.json"
    source.write_text(json.dumps(ODD))

    assert run(["mend", str(source), "-o", str(target)]).exit_code in (0, 1)

    kept = json.loads(target.read_text())
    aside = [json.loads(line) for line in (tmp_path / "mended.json.rejected.jsonl").read_text().splitlines()]
    assert kept == [row for number, row in enumerate(ODD, start=1) if number not in (4, 8)]
    assert [(row["row"], row["line"], row["byte_offset"], row["text"]) for row in aside] == [
        (number, 1, offset_of(number), json.dumps(ODD[number - 1])) for number in (4, 8)
    ]


@pytest.mark.parametrize("form", ["text", "github", "sarif", "json"])
def test_every_report_of_a_check_says_which_row_it_is(tmp_path, form):
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(ODD))

    text = run(["check", "--format", form, str(path)], {"COLUMNS": "200"}).stdout

    if form == "json":
        [found] = [each for each in json.loads(text)["findings"] if each["code"] == "wrong-type"]
        assert (found["row"], found["line"], found["byte_offset"]) == (8, 1, offset_of(8))
    elif form == "sarif":
        [found] = [each for each in json.loads(text)["runs"][0]["results"] if each["ruleId"] == "wrong-type"]
        assert found["message"]["text"].startswith(f"row 8, byte {offset_of(8)}: $.messages: expected")
        place = found["locations"][0]["physicalLocation"]
        assert place["region"] == {"startLine": 1, "byteOffset": offset_of(8)}
        assert PurePosixPath(place["artifactLocation"]["uri"]).name == "odd.json"
    else:
        assert f"row 8, byte {offset_of(8)}" in text


def test_a_row_that_moves_keeps_its_fingerprint_in_sarif(tmp_path):
    marks = []
    for number, rows in enumerate([ODD, [GOOD[50], *ODD[:20]]]):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(rows))
        results = json.loads(run(["check", "--format", "sarif", str(path)]).stdout)["runs"][0]["results"]
        marks.append({each["ruleId"]: each["partialFingerprints"] for each in results}["wrong-type"])

    assert marks[0] == marks[1]
