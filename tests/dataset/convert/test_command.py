"""`lora-pipeline convert`: exit codes, sentences, and that files stand whole or not at all."""

import gzip
import json
import os
import subprocess
import sys

import pytest

from pipeline.cli.dataset_files import Made
from pipeline.contract.converted_format import ConvertedFormat
from pipeline.dataset.convert import row_writers
from pipeline.dataset.convert.output_formats import OUTPUT_FORMATS
from pipeline.service.pages import mend_page
from tests.cli.goldens import run

ROW = '{"messages": [{"role": "user", "content": "%s"}, {"role": "assistant", "content": "b"}]}\n'
NATIVE = '{"conversation_id":"row-1","turns":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}\n'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Commands run in an empty folder of their own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "in.jsonl").write_text(ROW % "a")
    return tmp_path / "here"


def convert(*arguments: str, stdin: bytes = b""):
    return run(["convert", *arguments], stdin=stdin)


def names(folder) -> list[str]:
    return sorted(os.listdir(folder))


def test_all_of_it_is_written_and_said(folder):
    result = convert("in.jsonl", "--to", "native", "-o", "out.jsonl")

    sentence = "Wrote 1 conversation to out.jsonl, read as OpenAI chat: messages of role and content.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (0, sentence, "")
    assert (folder / "out.jsonl").read_text() == NATIVE
    assert names(folder) == ["in.jsonl", "out.jsonl"]


def test_what_is_left_out_is_said_with_exit_code_1(folder):
    (folder / "in.jsonl").write_text((ROW % "a").replace('{"m', '{"id": "x", "m') * 4 + "{}\n" + ROW % "c")

    result = convert("in.jsonl", "--to", "openai", "-o", "out.jsonl")

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "Wrote 5 conversations to out.jsonl, read as OpenAI chat: messages of role and content.",
        "Left out: ids of conversations, in 4 conversations (lines 1, 2, 3, …).",
        "Rejected: 1 line (line 5): missing-field 1; lora-pipeline check in.jsonl shows where.",
    ]
    assert len((folder / "out.jsonl").read_text().splitlines()) == 5


def test_programs_get_one_object(folder):
    (folder / "in.jsonl").write_text((ROW % "a").replace('{"m', '{"id": "x", "m') + "{}\n")

    result = convert("in.jsonl", "--to", "openai", "-o", "out.jsonl", "--json")

    assert json.loads(result.stdout) == {
        "path": "in.jsonl",
        "output": "out.jsonl",
        "format": "openai",
        "target": "openai",
        "conversations": 1,
        "rejected_lines": 1,
        "first_rejected_lines": [2],
        "rejected_codes": {"missing-field": 1},
        "left_out": {"ids": {"conversations": 1, "first_lines": [1]}},
        "broken_archive": None,
        "warnings": [],
    }


def test_standard_input_and_output_carry_data_alone(folder):
    result = convert("-", "--to", "native", "-o", "-", stdin=(ROW % "a").encode())

    assert (result.exit_code, result.stdout) == (0, NATIVE)
    assert result.stderr.startswith("Wrote 1 conversation to standard output, read as ")


def test_a_chosen_format_is_read(folder):
    (folder / "in.jsonl").write_text('{"prompt": "a", "completion": "b", "text": "c"}\n')

    assert convert("in.jsonl", "--to", "native", "-o", "out.jsonl", "--format", "plain-text").exit_code == 1
    assert json.loads((folder / "out.jsonl").read_text())["turns"] == [{"role": "assistant", "content": "c"}]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["no.jsonl", "--to", "native", "-o", "out"], "no.jsonl: no such file or directory"),
        (
            [".", "--to", "native", "-o", "out"],
            ". is a folder; name one of the files in it, or read all as one dataset: add --as-one",
        ),
        (
            ["in.jsonl", "--to", "native", "-o", "./in.jsonl"],
            "--output: in.jsonl is the file to convert; choose another name",
        ),
        (["in.jsonl", "--to", "native", "-o", "no/out"], "--output: there is no folder no; make it first"),
        (["in.jsonl", "--to", "native", "-o", "."], "--output: expected a file, found ., which is none"),
        (
            ["in.jsonl", "--to", "native", "-o", "/dev/null"],
            "--output: expected a file, found /dev/null, which is none",
        ),
    ],
)
def test_exit_code_2_comes_with_one_sentence(folder, arguments, sentence):
    result = convert(*arguments)

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: {sentence}\n")
    assert (folder / "in.jsonl").read_text() == ROW % "a"
    assert names(folder) == ["in.jsonl"]


@pytest.mark.parametrize("arguments", [["--to", "csv"], ["--to", "native", "--format", "csv"]])
def test_unknown_formats_are_refused(arguments):
    assert convert("in.jsonl", "-o", "out.jsonl", *arguments).exit_code == 2


def test_a_file_that_is_no_text_is_wrong_use_and_writes_nothing(folder):
    (folder / "in.jsonl").write_bytes(b"%PDF-")

    result = convert("in.jsonl", "--to", "native", "-o", "out.jsonl")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: in.jsonl: cannot convert it: expected JSON Lines text, found a PDF")
    assert names(folder) == ["in.jsonl"]


def test_an_earlier_output_is_replaced_only_by_a_whole_one(folder, monkeypatch):
    (folder / "out.jsonl").write_text("earlier\n")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(row_writers.OUTPUT_FORMATS, "native", fail)
    failed = convert("in.jsonl", "--to", "native", "-o", "out.jsonl")
    kept = (folder / "out.jsonl").read_text()
    monkeypatch.undo()
    monkeypatch.chdir(folder)

    assert (failed.exit_code, kept, names(folder)) == (3, "earlier\n", ["in.jsonl", "out.jsonl"])
    assert convert("in.jsonl", "--to", "native", "-o", "out.jsonl").exit_code == 0
    assert (folder / "out.jsonl").read_text() == NATIVE


def test_a_broken_archive_gives_what_it_holds_and_says_so(folder):
    rows = "".join(ROW % os.urandom(20).hex() for _ in range(5_000)).encode()
    packed = gzip.compress(rows)
    (folder / "in.jsonl").write_bytes(packed[: len(packed) // 2])

    result = convert("in.jsonl", "--to", "native", "-o", "out.jsonl")

    assert result.exit_code == 1
    assert "The archive ends early: expected the archive's end, found it cut off.\n" in result.stdout
    assert len((folder / "out.jsonl").read_bytes().splitlines()) > 1_000


@pytest.mark.skipif(sys.platform != "linux", reason="a process's own peak is read from /proc")
def test_memory_does_not_grow_with_the_file(folder):
    """60 MB are converted within the memory of a few blocks."""
    row = json.loads(ROW % ("word " * 200))
    (folder / "in.jsonl").write_text("".join(json.dumps(row | {"id": n}) + "\n" for n in range(60_000)))
    program = (
        "import sys; sys.argv = 'lora-pipeline convert in.jsonl --to native -o out.jsonl'.split()\n"
        "from pipeline.cli import main\n"
        "try: main()\n"
        "finally: print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
    )

    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)

    assert (folder / "in.jsonl").stat().st_size > 60e6
    assert int(done.stdout.splitlines()[-1]) < 250_000


@pytest.mark.parametrize("mapping", ["auto", '{"prompt": "request", "answer": "reply"}', "fields.toml"])
def test_rows_of_no_known_format_are_written_by_their_mapping(folder, mapping):
    (folder / "fields.toml").write_text('prompt = "request"\nanswer = "reply"\n')
    (folder / "asked.jsonl").write_text('{"request": "a", "reply": "b"}\n')

    result = convert("asked.jsonl", "--mapping", mapping, "--to", "native", "-o", "out.jsonl")

    assert (result.exit_code, result.stderr, (folder / "out.jsonl").read_text()) == (0, "", NATIVE)


def test_every_format_is_offered_wherever_a_file_is_taken_home():
    assert {*ConvertedFormat} == {*OUTPUT_FORMATS}
    assert [*Made] == ["original", "mended", *ConvertedFormat]
    assert [*mend_page._FORMATS] == [*ConvertedFormat]
