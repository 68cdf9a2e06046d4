"""Several processes say what one says."""

import hashlib
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.profiles import parallel
from pipeline.dataset.profiles.budget import Budget, OverBudget
from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.dataset.tokens import TokenizerError
from tests.engine_blocks import line_of
from tests.installation import PROJECT_DIR

PATIENCE_S = 60
LINES = [
    line_of(f"c{n % 900}", ("user", f"question {n % 950} ?"), ("assistant", "answer " * (n % 7))) for n in range(1_000)
]
DATA = b"\xef\xbb\xbf" + b"".join(LINES) + b'{"x": "\xff"}\n\n' + LINES[3].strip()


def rows(profile, name: str) -> list[dict]:
    return [row for part in profile.parts for row in pq.read_table(part / f"{name}.parquet").to_pylist()]


def test_three_processes_give_the_report_and_rows_of_one(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "MIN_RANGE_BYTES", 1_000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(DATA)
    profiles, told = [], []
    for workers in (1, 3):
        folder = tmp_path / str(workers)
        folder.mkdir()
        told.append([])
        profiles.append(profile_path(path, folder, Rules(max_rejected_share=0.5), workers, told[-1].append))
    one, three = profiles

    assert (len(one.parts), len(three.parts)) == (1, 3)
    assert three.as_dict("a") == one.as_dict("a")
    assert three.statistics == one.statistics
    assert three.errors == one.errors
    assert rows(three, "conversations") == rows(one, "conversations")
    assert rows(three, "turns") == rows(one, "turns")
    assert pq.read_table(three.findings_path).equals(pq.read_table(one.findings_path))
    assert [sum(counts) for counts in told] == [len(DATA), len(DATA)]


def test_a_tokenizer_that_there_is_none_of_is_refused(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(DATA)

    with pytest.raises(TokenizerError):
        profile_path(path, tmp_path, Rules(tokenizer="none.json"))


def test_a_small_file_needs_no_second_process(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(DATA)

    assert profile_path(path, tmp_path, Rules(), workers=8).parts == (tmp_path,)


def test_a_file_that_is_no_text_is_refused_before_it_is_shared_out(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "MIN_RANGE_BYTES", 10)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\x7fELF" + b"\n" * 1_000)

    profile = profile_path(path, tmp_path, Rules(), workers=3)

    assert (profile.parts, list(profile.finding_counts)) == ((), ["binary-file"])


def test_a_range_over_its_budget_refuses_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "MIN_RANGE_BYTES", 1_000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(DATA)

    profile = profile_path(path, tmp_path, Rules(budget=Budget(1e-9, free_s=1e-9)), workers=3)

    assert (profile.status, dict(profile.finding_counts)) == ("error", {"takes-too-long": 1})
    assert profile.content_sha256 == hashlib.sha256(DATA).hexdigest()


def test_an_error_over_budget_comes_from_another_process_as_it_was():
    error = OverBudget(Finding(1, 0, "takes-too-long", "$", Mismatch("little", "much")))

    assert pickle.loads(pickle.dumps(error)).finding == error.finding  # our own


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked to, which only Linux can")
@pytest.mark.parametrize("is_forked", [False, True])
def test_helpers_end_with_a_process_that_was_killed(is_forked, tmp_path):
    script = (
        "import time\n"
        "from pipeline.engines.helpers import Helpers\n"
        "if __name__ == '__main__':\n"
        f"    pool = Helpers(1, {is_forked})._pool\n"
        "    print(*[pool.submit(time.sleep, 0).result() or pid for pid in list(pool._processes)], flush=True)\n"
        "    time.sleep(600)\n"
    )
    path = tmp_path / "parent.py"
    path.write_text(script)
    with subprocess.Popen([sys.executable, path], cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True) as parent:
        pids = parent.stdout.readline().split()
        parent.kill()

    assert len(pids) == 1
    deadline_s = time.monotonic() + PATIENCE_S
    while any(_lives(pid) for pid in pids):
        if time.monotonic() > deadline_s:
            pytest.fail("a worker outlived the process that started it")
        time.sleep(0.05)


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
