"""What is compiled before the tests run is what pytest would have written."""

import subprocess
import sys

from tests.bytecode import compile_tests

TEST = "def test_one():\n    assert [1, 2] == [1, 3]\n"


def test_pytest_reads_what_was_compiled_and_writes_nothing(tmp_path, pytestconfig, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    (tmp_path / "test_a.py").write_text(TEST)
    counts = [compile_tests(tmp_path, pytestconfig) for _ in range(2)]
    [written] = (tmp_path / "__pycache__").iterdir()
    before = (written.stat().st_ino, written.read_bytes())

    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout

    assert counts == [1, 0]
    assert "At index 1 diff: 2 != 3" in told
    assert [(each.stat().st_ino, each.read_bytes()) for each in (tmp_path / "__pycache__").iterdir()] == [before]
