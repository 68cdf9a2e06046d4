"""Kill -9 of whoever starts, watches and closes trainings, and of the trainings: each is trained once and told whole.

A dozen kills by default; KILLS=100 for as many as one likes.
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
from dataclasses import replace

import pytest

from pipeline.clock import utc_now
from pipeline.flow.trainings import Wish, ask
from pipeline.launchers import runner
from pipeline.training.considering import consider
from tests.chaos.training_worker import opened_trainings, work
from tests.installation import PROJECT_DIR
from tests.state.catalog.examples import NOON
from tests.training.examples import CATALOGUES
from tests.training.installed import SETUP, installed

KILLS = int(os.environ.get("KILLS") or 12)
SEED = 7


def _jobs(folder):
    """Three jobs of one dataset."""
    with installed(folder) as made:
        made.ready()
        prepared = made.prepared()
        return [
            made.maker.make(prepared, consider(prepared.facts, setup, CATALOGUES), "person", NOON).id
            for setup in (replace(SETUP, preset=name) for name in ("conservative", "balanced", "aggressive"))
        ]


def _kill(pid):
    with suppress(ProcessLookupError, TypeError):
        os.kill(pid, signal.SIGKILL)


def _told_in_journal(place):
    """Steps with a loss, as the trainer told them."""
    lines = (json.loads(line) for line in (place / "journal.jsonl").read_text().splitlines())
    return {line["step"]: line["values"]["loss"] for line in lines if line["kind"] == "metrics"}


def test_kills_at_random_moments_train_nothing_twice_and_lose_nothing(tmp_path):
    rng = random.Random(SEED)
    jobs = _jobs(tmp_path)
    kills = Counter()
    command = [sys.executable, "-m", "tests.chaos.training_worker", str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=PROJECT_DIR, **pipes) as worker, opened_trainings(tmp_path) as (trainings, lake):
        catalog, here = trainings.catalog, trainings.launchers["local"]

        def ask_for_more():
            for job_id in jobs:
                attempts = catalog.attempts_of([job_id])[job_id]
                if not attempts or attempts[-1].closed_at is not None:
                    ask(catalog, trainings.settings, "ann", Wish(job_id), utc_now())

        assert worker.stdout.readline() == "ready\n"
        while sum(kills.values()) < KILLS:
            ask_for_more()
            worker.stdin.write("go\n")
            worker.stdin.flush()
            child = int(worker.stdout.readline())
            time.sleep(rng.random() * 0.6)
            live = [here.place(each.id) for each in catalog.attempts_to_watch()]
            if live and rng.random() < 0.4:
                name = rng.choice(["lease.json", "trainer.json"])
                _kill(runner.living(rng.choice(live) / name))
                kills[name] += 1
            _kill(child)
            assert worker.stdout.readline() == "ended\n"
            kills["worker"] += 1
        worker.stdin.close()
        deadline = time.monotonic() + 60
        while catalog.attempts_to_watch() or catalog.unclosed_attempts(1):
            work(trainings, lake)
            if time.monotonic() > deadline:
                pytest.fail("the trainings do not end")
            time.sleep(0.02)

        attempts = [each for job_id in jobs for each in catalog.attempts_of([job_id])[job_id]]
        for attempt in attempts:
            place = here.place(attempt.id)
            started = place / "job/trl/started"
            assert len(started.read_text().split() if started.exists() else []) <= 1
            told = _told_in_journal(place)
            known = {point.step: point.value for _, point in catalog.points_of(attempt.id) if point.name == "loss"}
            assert known == told
            assert attempt.state == ("completed" if len(told) == 25 and attempt.state == "completed" else "failed")
            if attempt.state == "completed":
                assert catalog.get_model(attempt.id).files.keys() >= {"model/adapter_model.safetensors"}
            assert attempt.closed_at is not None
        assert kills["worker"] > 0
        assert any(each.state == "completed" for each in attempts)
