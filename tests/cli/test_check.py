"""`lora-pipeline check`: exit codes, sentences, and the files it writes."""

import errno
import io
import json
import os
import tarfile
import threading

import pyarrow.parquet as pq
import pytest

from pipeline.cli.check_outputs import FINDINGS_WITH_FILE, stems
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.dataset.quality import quality_findings
from pipeline.state.lake import SCHEMAS
from pipeline.trainers.acceptance import acceptance_of
from tests.cli.goldens import run

TURNS = '[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho, how are you?"}]'
GOOD = f'{{"conversation_id": "%s", "turns": {TURNS}}}\n'
BAD = '{"conversation_id": "x", "turns": []}\n'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Commands run in an empty folder of their own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture(autouse=True)
def no_rule_about_answers(monkeypatch):
    """What a new rule would say of the few words here is no matter of exit codes; its reports are in `golden/check`."""
    monkeypatch.setattr(quality_findings, "ANSWER_RULES", [])


@pytest.fixture
def good(folder):
    (folder / "good.jsonl").write_text(GOOD % "a")
    return "good.jsonl"


@pytest.fixture
def bad(folder):
    (folder / "bad.jsonl").write_text(GOOD % "a" + BAD)
    return "bad.jsonl"


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_exit_code_0_says_that_every_file_is_ready(good):
    result = run(["check", good, good])

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "Checked 2 files: 2 ready; no findings."


def test_exit_code_1_says_that_a_file_is_not_ready(good, bad):
    result = run(["check", bad, good])

    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.splitlines()[-1] == "Checked 2 files: 1 ready, 1 not ready; 1 error."


def test_a_folder_is_all_files_in_it_but_those_left_out(good, bad):
    assert run(["check", "."]).stdout.splitlines()[-1] == "Checked 2 files: 1 ready, 1 not ready; 1 error."
    assert run(["check", ".", "--exclude", "b*"]).exit_code == 0


def test_a_folder_that_is_packed_on_the_way_is_one_dataset(tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in ("part-10", "part-2"):
            (tmp_path / f"{name}.jsonl").write_text(GOOD.replace("hi", name) if name == "part-2" else BAD)
            archive.add(tmp_path / f"{name}.jsonl", f"data/{name}.jsonl")

    result = run(["check", "-"], stdin=packed.getvalue())

    assert result.stdout.splitlines()[0] == "✗ <stdin> is not ready: 1 of 2 lines rejected"
    assert "(line 1 of data/part-10.jsonl)" in result.stdout


def test_a_share_of_rejected_lines_may_be_allowed(bad):
    assert run(["check", bad, "--max-rejected-share", "0.5"]).exit_code == 0
    assert run(["check", bad, "--max-rejected-share", "0.49"]).exit_code == 1
    assert run(["check", bad], {"LORA_MAX_REJECTED_SHARE": "0.5"}).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nope.jsonl"], "nope.jsonl: there is no such file; check its name"),
        (["good.jsonl/x"], "good.jsonl/x: there is no such file; check its name"),
        (["*.csv"], "*.csv: expected files like it, found none; check the name"),
        ([], "Missing argument 'FILE'; see lora-pipeline check --help"),
        (["--quick", "good.jsonl"], "No such option: --quick; see lora-pipeline check --help"),
        (["-", "-"], "standard input (-) can be read only once; name it once"),
        (["good.jsonl", "--output", "good.jsonl"], "--output: expected a folder, found the file good.jsonl"),
        (
            ["good.jsonl", "--findings", "out.csv"],
            "--findings: expected a name that ends in .jsonl or .parquet, found out.csv",
        ),
        (["good.jsonl", "--findings", "no/out.jsonl"], "--findings: there is no folder no; make it first"),
        (
            ["good.jsonl", "--findings", "./good.jsonl"],
            "--findings: good.jsonl is one of the files to check; choose another name",
        ),
    ],
)
def test_exit_code_2_comes_with_one_sentence(good, arguments, sentence):
    result = run(["check", *arguments])

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: {sentence}\n")


@pytest.mark.parametrize("share", ["1", "-0.1", "nan", "much"])
def test_a_share_that_is_none_is_wrong_use(good, share):
    result = run(["check", good, "--max-rejected-share", share])

    assert result.exit_code == 2
    assert result.stderr.startswith("error: Invalid value for '--max-rejected-share'")
    assert result.stderr.count("\n") == 1


def test_files_after_a_missing_one_are_still_checked(good, bad):
    result = run(["check", "nope.jsonl", bad, good])

    assert result.exit_code == 2
    last = "Checked 3 files: 1 ready, 1 not ready, 1 not read; 1 error."
    assert result.stdout.splitlines()[-1] == last
    assert result.stderr == "error: nope.jsonl: there is no such file; check its name\n"


def test_json_of_the_files_that_could_be_read_is_all_there_is_on_stdout(good):
    result = run(["check", "--json", "nope.jsonl", good])

    assert result.exit_code == 2
    assert [json.loads(line)["path"] for line in result.stdout.splitlines()] == [good]


def test_json_is_exactly_the_profile(bad, tmp_path):
    with open(bad, "rb") as stream:
        profile = profile_stream(stream, tmp_path, Rules())
    expected = profile.as_dict(bad, [each.as_dict() for each in acceptance_of(profile)])

    assert json.loads(run(["check", "--json", bad]).stdout) == expected


def test_a_file_name_that_is_not_text_is_kept(folder):
    name = os.fsdecode(b"caf\xe9.jsonl")
    (folder / name).write_text(BAD)

    assert json.loads(run(["check", "--json", name]).stdout)["path"] == name
    assert "✗ caf\\xe9.jsonl is not ready" in run(["check", name]).stdout
    run(["check", name, "--findings", "out.jsonl", "--output", "out"])
    assert json.loads((folder / "out.jsonl").read_text().splitlines()[0])["file"] == name


def test_standard_input_is_read_and_has_no_excerpts():
    result = run(["check", "-"], stdin=BAD.encode())

    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "✗ <stdin> is not ready: every line is rejected"
    assert result.stdout.splitlines()[-4:] == [
        "  <stdin>:1  $.turns",
        "  │ expected at least one turn, found none",
        "",
        "Found 1 error in <stdin>.",
    ]


def test_a_named_pipe_is_read_once(folder):
    os.mkfifo(folder / "pipe")
    writer = threading.Thread(target=lambda: (folder / "pipe").write_text(GOOD % "a"))
    writer.start()

    result = run(["check", "--json", "pipe"])

    writer.join()
    assert (result.exit_code, json.loads(result.stdout)["conversations"]) == (0, 1)


def test_findings_of_all_files_are_written_as_json_lines(good, bad, folder):
    result = run(["check", bad, good, bad, "--findings", "all.jsonl"])

    rows = [json.loads(line) for line in (folder / "all.jsonl").read_text().splitlines()]
    assert result.exit_code == 1
    assert [list(row) for row in rows] == [FINDINGS_WITH_FILE.names] * 2
    assert {json.dumps(row) for row in rows} == {
        json.dumps(
            {
                "file": "bad.jsonl",
                "row": 2,
                "line": 2,
                "byte_offset": len(GOOD % "a"),
                "column": None,
                "code": "empty-turns",
                "severity": "error",
                "path": "$.turns",
                "expected": "at least one turn",
                "found": "none",
                "detail": None,
                "message": "expected at least one turn, found none; add the turns, or remove the line",
            }
        )
    }


def test_findings_as_parquet_have_the_same_rows(bad, folder):
    run(["check", bad, "--findings", "all.jsonl"])
    run(["check", bad, "--findings", "all.parquet"])

    table = pq.read_table(folder / "all.parquet")
    assert table.schema.equals(FINDINGS_WITH_FILE)
    assert table.to_pylist() == [json.loads(line) for line in (folder / "all.jsonl").read_text().splitlines()]


def test_more_findings_than_a_report_holds_are_all_written(folder):
    (folder / "many.jsonl").write_text(BAD * 1_500)

    report = run(["check", "--json", "many.jsonl", "--findings", "all.jsonl"]).stdout

    assert json.loads(report)["findings_truncated"] is True
    assert len((folder / "all.jsonl").read_text().splitlines()) == 1_500


def test_findings_appear_whole_or_not_at_all(bad, folder, monkeypatch):
    """What was there before stays when writing fails, and nothing is left beside it."""
    (folder / "all.jsonl").write_text("before")
    monkeypatch.setattr("pipeline.cli.check_outputs.json_text", _no_space)

    result = run(["check", bad, "--findings", "all.jsonl"])

    assert (result.exit_code, result.stderr) == (3, "error: cannot write all.jsonl: no space left on device\n")
    assert tree(folder) == ["all.jsonl", "bad.jsonl"]
    assert (folder / "all.jsonl").read_text() == "before"


def _no_space(_value):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_output_holds_the_tables_of_each_file(good, bad, folder):
    run(["check", good, bad, "--output", "out/tables"])

    out = folder / "out" / "tables"
    assert tree(out) == [
        f"{table}/{stem}-0.parquet" for table in ("conversations", "findings", "turns") for stem in ("bad", "good")
    ]
    for table in ("conversations", "turns", "findings"):
        assert pq.read_schema(out / table / "bad-0.parquet").equals(SCHEMAS[table])
    assert pq.read_table(out / "turns")["content"].to_pylist() == ["Hi", "Ho, how are you?"] * 2


def test_a_refused_file_has_empty_tables(folder):
    (folder / "empty.jsonl").touch()

    run(["check", "empty.jsonl", "--output", "out"])

    tables = {table: pq.read_table(folder / "out" / table / "empty-0.parquet") for table in ("turns", "findings")}
    rows = {name: table.num_rows for name, table in tables.items()}
    assert rows == {"turns": 0, "findings": 1}


def test_checking_again_leaves_no_part_of_the_earlier_check(good, folder):
    (folder / "out" / "turns").mkdir(parents=True)
    for name in ("good-1.parquet", "good-12.parquet", "good-x.parquet", "goods-1.parquet"):
        (folder / "out" / "turns" / name).touch()

    run(["check", good, "--output", "out"])

    assert tree(folder / "out" / "turns") == ["good-0.parquet", "good-x.parquet", "goods-1.parquet"]


def test_files_of_one_name_have_tables_of_their_own():
    assert stems(["a/x.jsonl", "b/x.jsonl", "x.2.jsonl", "x.json", "-"]) == ["x", "x.2", "x.2.2", "x.3", "stdin"]


def test_nothing_is_left_in_the_folder_for_temporary_files(good, bad, folder, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    run(["check", good, bad, "nope.jsonl"])

    assert tree(folder) == ["bad.jsonl", "good.jsonl"]


def test_a_folder_that_cannot_be_written_is_named(good, folder, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(folder / "gone"))

    result = run(["check", good])

    assert result.exit_code == 3
    assert result.stderr == f"error: cannot write {folder / 'gone'}: no such file or directory\n"


def test_a_file_that_may_not_be_read_is_our_trouble(good, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("pipeline.cli.check_run.open", refuse, raising=False)  # root may read everything

    result = run(["check", good])

    assert (result.exit_code, result.stderr) == (3, "error: good.jsonl cannot be read: permission denied\n")


def test_a_read_error_is_our_trouble(good, monkeypatch):
    def fail(*_arguments):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("pipeline.cli.check_run.profile_path", fail)

    result = run(["check", good])

    assert (result.exit_code, result.stderr) == (3, "error: good.jsonl cannot be read: input/output error\n")


def test_a_full_disk_is_named(good, folder, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr("pipeline.cli.check_run.profile_path", lambda *_: _no_space(None))

    result = run(["check", good])

    sentence = f"no space left in {folder}; free some there, or set TMPDIR to a larger disk"
    assert (result.exit_code, result.stderr) == (3, f"error: {sentence}\n")


def test_what_should_not_happen_is_one_sentence_too(good, monkeypatch):
    def fail(*_arguments):
        raise ZeroDivisionError("by\x1b[31m zero")

    monkeypatch.setattr("pipeline.cli.check_run.profile_path", fail)

    result = run(["check", good])

    sentence = "this should not happen: ZeroDivisionError: by\\x1b[31m zero (LORA_DEBUG=1 shows where)"
    assert (result.exit_code, result.stderr) == (3, f"error: {sentence}\n")
    assert "Traceback" in run(["check", good], {"LORA_DEBUG": "1"}).stderr


def test_colors_follow_the_usual_variables(good):
    assert "\x1b[" not in run(["check", good], {}).stdout
    assert "\x1b[" in run(["check", good], {"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" not in run(["check", good], {"FORCE_COLOR": "0"}).stdout
    assert "\x1b[" not in run(["check", good], {"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout


def test_the_first_places_of_a_rare_code_are_shown_however_late(folder):
    """They may stand behind more findings of other codes than a profile holds."""
    blank = "\n" * 12_000
    (folder / "late.jsonl").write_text(GOOD % "a" + blank + BAD)

    result = run(["check", "late.jsonl"])

    assert "  late.jsonl:12002:35  $.turns" in result.stdout.splitlines()


def test_a_place_far_into_a_long_line_is_named_without_being_drawn(folder):
    line = GOOD % "a"
    far = line.replace("Hi", "x" * (5 * 2**20)).replace('"Ho, how are you?"', "1")
    (folder / "far.jsonl").write_text(far + line)

    lines = run(["check", "far.jsonl"]).stdout.splitlines()

    at = lines.index("  far.jsonl:1  $.turns[1].content")
    assert lines[at + 1] == "  │ expected a string, found a number"


def test_reading_a_stream_and_a_file_say_the_same(bad, folder):
    of_stream = json.loads(run(["check", "--json", "-"], stdin=(folder / bad).read_bytes()).stdout)
    of_file = json.loads(run(["check", "--json", bad]).stdout)

    assert of_stream | {"path": bad} == of_file


@pytest.mark.parametrize("group", [[], ["datasets"], ["jobs"], ["prices"]], ids=" ".join)
def test_help_lists_commands_with_whole_sentences(group):
    listed = run([*group, "--help"], {"COLUMNS": "80"}).stdout.partition("Commands:")[2]

    assert listed.count("\n") > 2
    assert "..." not in listed
