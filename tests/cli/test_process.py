"""`lora-pipeline` as a process of its own: exit codes, signals, pipes, terminals, and what it imports."""

import fcntl
import gc
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from pipeline.cli import lasting_imports
from tests.samples import SAMPLES_DIR

# What the console script does.
COMMAND = [sys.executable, "-c", "from pipeline.cli import main; main()"]
ROOT = Path(__file__).resolve().parents[2]
HEAVY = ["boto3", "dagster", "duckdb", "numpy", "polars", "pyarrow", "rich", "sqlalchemy"]


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "temporary").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.endswith("COLOR")}
    return kept | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "temporary"), "COLUMNS": "80", "TERM": "xterm"}


def run(arguments, environment, **options):
    return subprocess.run([*COMMAND, *arguments], env=environment, capture_output=True, timeout=60, **options)


@pytest.mark.parametrize(
    ("arguments", "code", "stderr"),
    [
        (["check", str(SAMPLES_DIR / "support_chat.jsonl")], 0, b""),
        (["check", str(SAMPLES_DIR / "broken_lines.jsonl")], 1, b""),
        (["check", "nope.jsonl"], 2, b"error: nope.jsonl: there is no such file; check its name\n"),
    ],
)
def test_the_console_script_exits_with_the_verdict(arguments, code, stderr, environment):
    result = run(arguments, environment)

    assert (result.returncode, result.stderr) == (code, stderr)


def test_help_needs_nothing_heavy(environment):
    """It answers at once, whatever the commands need."""
    program = f"import sys; from pipeline.cli import app; print([name for name in {HEAVY} if name in sys.modules])"

    result = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)

    assert result.stdout == b"[]\n"


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [(["check", "--help"], "check"), (["models", "--help"], "models"), (["card", "--help"], "card")],
)
def test_a_command_imports_no_other(arguments, shown, environment):
    """To import all takes longer than to read a small file."""
    program = (
        f"import sys, atexit; sys.argv = ['lora-pipeline', *{arguments}]; from pipeline.cli import main\n"
        "from pipeline.cli.command_line import COMMANDS\n"
        "named = {f'pipeline.cli.{c.partition(\":\")[2] or c}' for c in COMMANDS}\n"
        "atexit.register(lambda: print(len(named & set(sys.modules)), file=sys.stderr)); main()"
    )

    result = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)

    assert f"lora-pipeline {shown}".encode() in result.stdout + result.stderr
    assert result.stderr.split()[-1] == b"1"


def test_check_needs_no_service(environment, tmp_path):
    """The engine in a terminal: no orchestrator, database or store is imported, and nothing that takes long and that
    only some options need."""
    needless = [name for name in HEAVY if name not in ("numpy", "pyarrow", "polars", "rich")]
    needless += ["pydantic", "pyarrow.compute"]
    data = SAMPLES_DIR / "support_chat.jsonl"
    program = (
        "import sys; from pipeline.cli.command_line import app_of\n"
        f"app_of(['check'])(['check', {str(data)!r}, '--output', {str(tmp_path)!r}], standalone_mode=False)\n"
    )
    end = f"import atexit, sys; atexit.register(lambda: print([n for n in {needless} if n in sys.modules]))\n"

    done = subprocess.run([sys.executable, "-c", end + program], env=environment, capture_output=True, check=True)

    assert done.stdout.splitlines()[-1] == b"[]"


@pytest.mark.parametrize(("threshold", "is_ours"), [(20_000, True), (700, False)])
def test_the_collector_leaves_imports_alone_in_a_process_of_ours_only(threshold, is_ours, monkeypatch):
    """Others of the process, such as these tests, have garbage, which would never be collected."""
    frozen = []
    monkeypatch.setattr(gc, "get_threshold", lambda: (threshold, 10, 10))
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))

    with lasting_imports():
        is_paused = not gc.isenabled()

    assert (is_paused, gc.isenabled(), frozen) == (is_ours, True, [True] * is_ours)


def test_output_that_nobody_reads_ends_the_command_quietly(environment, tmp_path):
    (tmp_path / "many.jsonl").write_text('{"conversation_id": 1}\n[]\n""\n' * 100)
    process = subprocess.Popen(
        [*COMMAND, "check", *[str(tmp_path / "many.jsonl")] * 40],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()

    stderr = process.stderr.read()

    process.stderr.close()
    assert (process.wait(60), stderr) == (141, b"")
    assert os.listdir(environment["TMPDIR"]) == []


def test_a_full_disk_under_stdout_is_one_sentence(environment):
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [*COMMAND, "check", "--json", str(SAMPLES_DIR / "support_chat.jsonl")],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
        )

    assert (result.returncode, result.stderr) == (3, b"error: no space left on device\n")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_is_stopped_leaves_nothing_behind(environment, sent, code):
    process = subprocess.Popen(
        [*COMMAND, "check", "-"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A script that starts the tests in its background ignores SIGINT, and its children with it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while not os.listdir(environment["TMPDIR"]):
        time.sleep(0.02)
    time.sleep(0.1)

    process.send_signal(sent)
    stdout, stderr = process.communicate(timeout=60)

    assert (process.returncode, stdout, stderr) == (code, b"", b"")
    assert os.listdir(environment["TMPDIR"]) == []


def test_a_terminal_that_is_not_utf8_gets_its_report_and_json_in_utf8(environment, tmp_path):
    (tmp_path / "好.jsonl").touch()
    environment["PYTHONIOENCODING"] = "latin-1"

    report = run(["check", "好.jsonl"], environment, cwd=tmp_path)
    as_json = run(["check", "--json", "好.jsonl"], environment, cwd=tmp_path)

    assert report.stdout.startswith(b"\\u2717 \\u597d.jsonl is not ready")
    assert json.loads(as_json.stdout.decode("utf-8"))["path"] == "好.jsonl"


def in_terminal(arguments, environment, stdin=(), columns=100):
    """What the command writes when stdout and stderr are a terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in environment.items() if name != "COLUMNS"}
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=environment, stdin=subprocess.PIPE, stdout=slave, stderr=slave
    )
    os.close(slave)
    written = b""
    for piece in stdin:
        process.stdin.write(piece)
        process.stdin.flush()
        time.sleep(0.3)  # a bar is drawn for what takes a while
    process.stdin.close()
    while True:
        try:
            chunk = os.read(master, 65_536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not chunk:
            break
        written += chunk
    os.close(master)
    return process.wait(60), written.decode()


def test_a_terminal_gets_colors_and_its_width(environment):
    code, written = in_terminal(["check", str(SAMPLES_DIR / "broken_lines.jsonl")], environment, columns=120)

    assert code == 1
    assert "\x1b[1;31m✗ " in written
    assert any(len(line) > 100 for line in written.replace("\x1b", "").splitlines() if "│" in line)


def test_a_terminal_gets_a_progress_bar_that_goes_away(environment):
    line = (SAMPLES_DIR / "support_chat.jsonl").read_bytes()

    code, written = in_terminal(["check", "-"], environment, stdin=[line * 2_000] * 4)

    assert code == 0
    assert "<stdin>" in written
    assert "MB/s" in written
    report = written[written.index("✓ ") :]
    assert "MB/s" not in report


def test_what_asks_the_warehouse_says_nothing_of_what_is_left_at_the_end(environment, tmp_path):
    """DuckDB would, where the interpreter does not collect it."""
    done = run(["export", "--portable", "copy.duckdb"], environment | {"LORA_DATA_DIR": str(tmp_path)}, cwd=tmp_path)

    assert done.stderr.decode() == (
        f"error: expected the warehouse at {tmp_path / 'warehouse.duckdb'}, found nothing: publish it first\n"
    )
