"""Kill -9 of whoever plans, sends, takes and selects: nothing is paid twice, nothing that was paid is lost.

A dozen kills by default; KILLS=200 for as many as one likes.
"""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from pipeline.errors import ServiceError
from pipeline.flow.generation.online import AT_ONCE
from pipeline.state.catalog.statuses import ENDED_ITEMS
from tests.chaos.generation_worker import FastClock, work
from tests.fakes.anthropic import FakeAnthropic
from tests.fakes.openai import FakeOpenAI
from tests.fakes.provider import Fault
from tests.flow.generation.places import Place
from tests.flow.generation.writer import answer
from tests.installation import PROJECT_DIR

KILLS = int(os.environ.get("KILLS") or 12)
SEED = 7
FATES = ("refused", "truncated", "malformed", "errored", "expired", "double")


def fake_of(name):
    fake = FakeAnthropic(answer=answer) if name == "anthropic" else FakeOpenAI(answer=answer)
    rng = random.Random(SEED)

    def weather(endpoint):
        draw = rng.random()
        if endpoint == "create" and draw < 0.3:
            return Fault("lost" if draw < 0.2 else "overloaded", "1")
        if endpoint in ("retrieve", "list", "results") and draw < 0.1:
            return Fault("broken")
        return None

    fake.weather = weather
    fake.list_lag = 1
    return fake


def installed(folder, fake, *, is_batched=True):
    setting = f"openai+{fake.base_url}" if isinstance(fake, FakeOpenAI) else f"anthropic+{fake.url}"
    models = (
        ("gpt-6.1-terra", "gpt-6-luna") if isinstance(fake, FakeOpenAI) else ("claude-sonnet-5-5", "claude-haiku-4-5")
    )
    place = Place(folder, setting, models, FastClock(time.time())).open()
    fake.now = place.clock
    for seed in range(4):
        place.batch(items=8, budget=2_000_000_000, seed=seed, is_batched=is_batched)
    return place


def kill_and_finish(place, fake, kills, seen):
    """Kill who works at random moments, then let somebody finish. seen: is called at each kill.

    What was sent is done before anybody looks for it: on a busy machine it is late by more than the clock allows, of
    which a quarter of an hour are three seconds.
    """
    rng = random.Random(SEED)
    command = [sys.executable, "-m", "tests.chaos.generation_worker", str(place.folder), place.setting]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, str(place.clock.began_s)], cwd=PROJECT_DIR, **pipes) as worker:
        assert worker.stdout.readline() == "ready\n"
        for _ in range(kills):
            worker.stdin.write("go\n")
            worker.stdin.flush()
            child = int(worker.stdout.readline())
            time.sleep(0.03 + rng.random() * 0.4)
            os.kill(child, signal.SIGKILL)
            assert worker.stdout.readline() == "ended\n"
            fake.wait_for_the_dead()
            seen()
        worker.stdin.close()
    deadline = time.monotonic() + 120
    while place.catalog.list_batches(None, "running"):
        with suppress(ServiceError):
            work(place)
        if time.monotonic() > deadline:
            pytest.fail(f"the batches do not end: {place.catalog.list_batches(None, 'running')}")
        time.sleep(0.05)


def ledger(place):
    return [row for batch in place.catalog.export("llm_calls") for row in batch.to_pylist()]


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_kills_at_random_moments_pay_nothing_twice_and_lose_nothing(tmp_path, provider):
    with fake_of(provider) as fake:
        place = installed(tmp_path, fake)
        batches = place.catalog.list_batches(None)
        fated = iter(FATES * 3)

        def fate(asked):
            if asked.custom_id and asked.custom_id not in fake.fates and hash_of(asked.custom_id) % 5 == 0:
                fake.fates[asked.custom_id] = next(fated, "succeeded")
            return answer(asked)

        fake.answer = fate

        def within_budget():
            for batch in batches:
                money = place.catalog.spending_of(batch.id)
                assert money.spent_nano_usd + money.reserved_nano_usd <= batch.budget_nano_usd

        kill_and_finish(place, fake, KILLS, within_budget)
        fake.do_all()

        booked = {row["custom_id"]: row["cost_nano_usd"] for row in ledger(place)}
        billed = {row.asked.custom_id: row.nano_usd for row in fake.bill}
        assert fake.paid_twice() == []
        assert {each: booked.get(each) for each in billed} == billed
        assert all(cost == 0 for each, cost in booked.items() if each not in billed)
        wrote = [row.asked.prompt for row in fake.bill if row.asked.model == place.models[0]]
        assert len(wrote) == len(set(wrote))
        for batch in place.catalog.list_batches(None):
            states = place.states(batch.id)
            assert batch.status == "completed"
            assert sum(states[each] for each in ENDED_ITEMS if each in states) == batch.items
            assert place.catalog.spending_of(batch.id).reserved_nano_usd == 0
        place.making.close()
        place.catalog.close()


def test_kills_of_who_asks_one_by_one_leave_at_most_what_was_under_way_and_book_it(tmp_path):
    with fake_of("openai") as fake:
        place = installed(tmp_path, fake, is_batched=False)
        kill_and_finish(place, fake, max(3, KILLS // 2), lambda: None)

        rows = ledger(place)
        unknown = [row for row in rows if row["outcome"] == "unknown"]
        assert len(fake.bill) <= len(rows)
        assert len(unknown) <= max(3, KILLS // 2) * AT_ONCE
        assert sum(row["cost_nano_usd"] for row in rows) >= fake.total_nano_usd()
        known = sorted(row["cost_nano_usd"] for row in rows if row["outcome"] != "unknown")
        assert len(known) >= len(fake.bill) - len(unknown)
        for batch in place.catalog.list_batches(None):
            states = place.states(batch.id)
            assert sum(states[each] for each in ENDED_ITEMS if each in states) == batch.items
        place.making.close()
        place.catalog.close()


def hash_of(custom_id):
    """The same in each process."""
    return sum(custom_id.encode())
