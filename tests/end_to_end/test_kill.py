"""Kill -9 at any moment, again and again, while others read: nothing is lost, nothing is there twice, nothing is wrong.

A dozen kills by default; `KILLS=50 make test ARGS=tests/end_to_end/test_kill.py` for as many as one likes.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta

from pipeline.clock import utc_now
from pipeline.flow.validation import Validator, rules_of
from pipeline.state.lake import LocalLake
from pipeline.state.store import make_store
from tests.end_to_end.reader import expected
from tests.installation import PROJECT_DIR, bad_file, valid_file

KILLS = int(os.environ.get("KILLS") or 12)
SEED = 20_261
TABLES = ("conversations", "turns", "findings")


def _start(module, data_dir):
    command = [sys.executable, "-m", f"tests.end_to_end.{module}", str(data_dir)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=PROJECT_DIR, **pipes)


class Victim:
    """The process whose forks are killed."""

    def __init__(self, process):
        self.process = process
        assert process.stdout.readline() == "ready\n"

    def do_everything(self, kill_after_s=None):
        """Let a fork work to its end or to its death; return its exit status."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            # Not reaped yet, or reaped and its number not given away again: numbers go round slowly.
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return int(self.process.stdout.readline())


def _drop_some(installation, rng, number):
    """Three uploads: small and good, bad, and now and then one of a megabyte."""
    count = 8_000 if number % 6 == 0 else rng.randint(1, 40)
    installation.drop(f"good-{count}-{number}.jsonl", valid_file(count, seed=2 * number))
    small = rng.randint(1, 40)
    installation.drop(f"good-{small}-{number}b.jsonl", valid_file(small, seed=2 * number + 1))
    bad = rng.randint(1, 40)
    installation.drop(f"bad-{bad}-{number}c.jsonl", bad_file(bad, seed=number))


def test_kills_at_random_moments_leave_no_trace(installation, tmp_path):
    rng = random.Random(SEED)
    data_dir = installation.settings.data_dir
    killed = 0
    with _start("victim", data_dir) as victim_process, _start("reader", data_dir) as reader:
        victim = Victim(victim_process)
        assert reader.stdout.readline() == "ready\n"
        _drop_some(installation, rng, 0)
        assert victim.do_everything() == 0
        _drop_some(installation, rng, 1)
        started_s = time.monotonic()
        assert victim.do_everything() == 0
        round_s = time.monotonic() - started_s  # of a usual one: of the first, half of the kills would come too late

        for number in range(2, KILLS + 2):
            _drop_some(installation, rng, number)
            while victim.do_everything(kill_after_s=rng.uniform(0, round_s)) == 0:
                _drop_some(installation, rng, number + 1_000 * (killed + 1))  # it was faster: once more, with new work
            killed += 1
        assert victim.do_everything() == 0
        assert victim.do_everything() == 0

        victim_process.stdin.close()
        reader.stdin.close()
        seen = json.loads(reader.stdout.readline())

    assert killed == KILLS
    assert seen["wrong"] == []
    assert seen["reads"] > 3
    _assert_complete(installation)
    _assert_one_job_for_each_ready_dataset(installation)
    _assert_rows_as_undisturbed(installation, tmp_path)
    assert [path.name for path in data_dir.iterdir() if ".building" in path.name] == []
    installation.lake.sweep(utc_now() + timedelta(days=2))
    assert list((data_dir / "lake" / "_staging").iterdir()) == []


def _assert_complete(installation):
    """Every upload is one dataset with its one verdict and its one notification."""
    uploads = sorted(path.stem for path in installation.uploads.rglob("*.jsonl"))
    datasets = installation.datasets()
    told = Counter(title.split()[0] for kind, title in installation.notices() if kind.startswith("dataset_"))

    assert sorted(dataset.name for dataset in datasets) == uploads
    assert {each.name: each.status for each in datasets} == {name: expected(name)["status"] for name in uploads}
    assert told == Counter(uploads)
    published = installation.query("SELECT name, status FROM datasets ORDER BY name")
    assert published == [(name, expected(name)["status"]) for name in uploads]


def _assert_one_job_for_each_ready_dataset(installation):
    """Made once, with its files and its one estimate, and published."""
    ready = sorted(each.id for each in installation.datasets() if each.status == "ready")
    jobs = installation.jobs()

    assert sorted(job.dataset_id for job in jobs) == ready
    assert {job.status for job in jobs} == {"configured"}
    for job in jobs:
        assert {"job.json", "trl/config.yaml", "trl/train.jsonl"} <= set(installation.lake.job_files(job.id)), job.id
    costs = installation.query("SELECT job_id, count(*) FROM training_lineage WHERE cost_usd > 0 GROUP BY 1 ORDER BY 1")
    assert costs == [(job_id, 1) for job_id in sorted(job.id for job in jobs)]


def _assert_rows_as_undisturbed(installation, tmp_path):
    """The rows are those of an installation in which nothing was killed."""
    calm = LocalLake(tmp_path / "calm")
    validator = Validator(make_store(installation.settings), calm, rules_of(installation.settings), 10**9, "calm")
    for dataset in installation.datasets():
        uris = validator.validate(dataset).lake_uris
        for table in TABLES:
            assert _bytes(installation.lake.uri(table, dataset.id)) == _bytes(uris[table]), (dataset.name, table)


def _bytes(path):
    with open(path, "rb") as file:
        return file.read()
