"""What an installation is told in secret is found nowhere: no row, file, journal, log, card, answer or page has it."""

import logging
import os
import re
import shutil
import sqlite3
import time
from contextlib import closing

import pytest

from pipeline.clock import utc_now
from pipeline.flow.closing import close
from pipeline.flow.generation.installing import making_of
from pipeline.flow.generation.planning import BatchWish, keep, lay_out, start
from pipeline.flow.generation.scaffold_sets import import_scaffolds
from pipeline.flow.generation.steps import advance
from pipeline.flow.launching import make_trainings
from pipeline.generation.wish import PlanWish
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import make_lake
from tests.fakes.openai import FakeOpenAI
from tests.flow.generation.writer import answer
from tests.launchers.stub import stub_python
from tests.service.pages.conftest import opened
from tests.service.pages.signed_in import PAGE
from tests.service.serving import SECRET

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAFOUNDNOWHERE0001",
    "AWS_SECRET_ACCESS_KEY": "found-nowhere-0002-aws",
    "HF_TOKEN": "hf_FoundNowhere0003abcdefghijkl",
    "ANTHROPIC_API_KEY": "sk-ant-found-nowhere-0004",
    "OPENAI_API_KEY": "sk-found-nowhere-0005-openai",
    "TOGETHER_API_KEY": "found-nowhere-0006-together",
    "LORA_LLM_API_KEY": "sk-found-nowhere-0007-gateway",
    "LORA_JWT_SECRET": SECRET,
    "LORA_OPERATOR_WEBHOOK_URL": "http://127.0.0.1:9/found-nowhere-0008",
    "LORA_SMTP_URL": "smtp://found-nowhere-0009@127.0.0.1:9",
}
CHOSEN = {"model": "Qwen3-4B", "gpu": "L4", "preset": "balanced", "method": "", "trainer": "trl"}
_MOST_PAGES = 150
_NOT_LOOKED_AT = "train.log"  # what a trainer itself prints, on the machine that has the token


@pytest.fixture
def fake():
    """A provider that quotes the key in what it refuses."""
    with FakeOpenAI(answer=answer) as found:
        found.key = SECRETS["LORA_LLM_API_KEY"]
        found.words = f" with the key {found.key}"
        yield found


@pytest.fixture
def settings(template, tmp_path, fake, monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LORA_OPERATOR_EMAIL", "ops@example.com")
    shutil.copytree(template, tmp_path / "data")
    return load_settings(
        data_dir=tmp_path / "data",
        requests_per_minute=100_000,
        trainer_python=stub_python(tmp_path / "trainers", end="CUDA out of memory"),
        llm=f"openai+{fake.base_url}",
        llm_model="gpt-6.1-terra",
    )


def test_no_secret_is_found_in_any_row_file_log_or_page(settings, fake, caplog):
    caplog.set_level(logging.DEBUG)
    with opened(settings) as signed_in, Catalog.open(settings.catalog_url) as catalog:
        ana = signed_in("ana")
        _trained(settings, catalog, ana)
        _made(settings, catalog, fake)
        pages = _crawled(ana)

    with closing(sqlite3.connect(settings.data_dir / "catalog.db")) as connection:
        rows = {f"row {number}": row for number, row in enumerate(connection.iterdump())}
    files = {str(path): path.read_bytes().decode("utf-8", "replace") for path in _files(settings.data_dir)}
    for table in ("training_attempts", "cost_records", "llm_calls", "notifications"):
        assert any(row.startswith(f'INSERT INTO "{table}"') for row in rows.values())
    assert any(name.endswith("journal.jsonl") for name in files)
    assert any("/jobs/" in url for url in pages)
    assert any("CUDA out of memory" in page for page in pages.values())
    places = {**rows, **files, **pages, "the log": caplog.text}
    found = [
        (name, place)
        for name, value in SECRETS.items()
        for place, text in places.items()
        if value.removeprefix("smtp://") in text
    ]
    assert found == []


def _trained(settings, catalog, ana):
    """A training that prints its token, fails, and is closed; and one that a provider with a wrong key refuses."""
    dataset = next(each for each in catalog.list_datasets("ana").items if each.name == "good")
    job = ana.post(f"/datasets/{dataset.id}/train", data=CHOSEN, headers=PAGE).headers["location"]
    assert ana.post(f"{job}/start", data={"launcher": "local", "trainer": "trl"}, headers=PAGE).status_code == 303
    trainings = make_trainings(catalog, make_lake(settings), settings, os.environ)
    trainings.start_all(utc_now())
    deadline = time.monotonic() + 60
    while not catalog.unclosed_attempts(1):
        trainings.watch(utc_now())
        if time.monotonic() > deadline:
            pytest.fail("the training does not end")
        time.sleep(0.02)
    [attempt] = catalog.unclosed_attempts(1)
    close(trainings, make_lake(settings), attempt.id, utc_now())
    assert f"token {SECRETS['HF_TOKEN']}" in (settings.trainings / attempt.id / _NOT_LOOKED_AT).read_text()


def _made(settings, catalog, fake):
    """Conversations by a provider that first complains, then answers, then takes the key no more."""
    wish = BatchWish(PlanWish(items=3), settings.llm, settings.llm_model, budget_nano_usd=10**12)
    with making_of(catalog, make_lake(settings), settings, os.environ) as making:
        import_scaffolds(catalog, None, utc_now())
        for trouble in ("rate_limited", None, "invalid"):
            batch = keep(making, "ana", lay_out(making, "ana", wish), utc_now())
            start(making, batch.id, "ana", None, utc_now())
            if trouble:
                fake.fail("create", trouble)
            advance(making, batch.id)
            advance(making, batch.id)
    assert fake.bill
    assert any("with the key ***" in (each.status_reason or "") for each in catalog.list_batches("ana"))


def _crawled(browser):
    """Every page that links lead to, and what the API says of them."""
    pages, waiting = {}, ["/datasets", "/jobs", "/models", "/costs", "/generation", "/conversations", "/notifications"]
    while waiting and len(pages) < _MOST_PAGES:
        url = waiting.pop(0)
        if url in pages:
            continue
        pages[url] = browser.get(url).text
        for prefix in ("/datasets/", "/jobs/", "/generation/", "/notifications"):
            if url.startswith(prefix):
                pages[f"/api{url}"] = browser.get(f"/api{url}").text
        waiting += [each for each in re.findall(r'href="(/[^"#]*)"', pages[url]) if not each.startswith("/static")]
    return pages


def _files(folder):
    return (path for path in folder.rglob("*") if path.is_file() and path.name != _NOT_LOOKED_AT)
