"""A training before one's eyes: its page renews itself while it lives, and the buttons around it follow its state."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from pipeline.clock import utc_now
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from tests.browser.conftest import visiting
from tests.browser.service import look, violations
from tests.service.serving import SECRET, lines, serving, token
from tests.service.trainings import Trainings

pytestmark = pytest.mark.needs_browser


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    settings = load_settings(data_dir=tmp_path_factory.mktemp("live") / "data", jwt_secret=SECRET)
    with serving(settings) as running:
        yield running


@pytest.fixture(scope="module")
def trainings(served):
    with served.client("ana") as client, Catalog.open(served.settings.catalog_url) as catalog:
        dataset = served.upload(client, lines(60), name="support_chat")
        served.validate()
        made = client.post(f"/api/datasets/{dataset}/jobs", json={"model": "Qwen3-4B", "gpu": "L4"})
        yield Trainings(catalog, made.json()["data"]["id"], "ana")


def test_a_training_is_followed_until_it_has_ended(served, trainings, chromium):
    """Nothing is loaded anew by hand; what was opened stays open, and who listens is told."""
    attempt = trainings.running(utc_now() - timedelta(minutes=8), 240, price_per_gpu_hour=0.8, provider="Cloud")
    with visiting(chromium, served.url) as visit:
        page = visit.page
        page.goto(f"{served.url}/login?next=/jobs/{trainings.job_id}")
        page.get_by_label("Token").fill(token("ana"))
        page.keyboard.press("Enter")
        expect(page.get_by_text("step 240 of 600")).to_be_visible()
        page.get_by_text("The end of its log").click()
        look(page, "job_running")

        trainings.told(attempt.id, utc_now(), 420)
        expect(page.get_by_text("step 420 of 600")).to_be_visible()
        expect(page.get_by_role("img", name="Loss over 600 steps: training")).to_be_visible()
        expect(page.get_by_role("region", name="Log")).to_contain_text("'epoch': 2.10")
        trainings.kept(attempt.id, utc_now())
        expect(page.get_by_role("status")).to_have_text("Completed")

        expect(page.get_by_text("Cancel the training")).to_have_count(0)
        expect(page.locator("#again")).to_have_text("Train again", use_inner_text=True)
        page.get_by_role("link", name="Open its model").click()
        expect(page.get_by_role("heading", name="Quality")).to_be_visible()
        assert violations(page) == []


def test_a_training_elsewhere_is_asked_for_copied_and_cancelled(served, trainings, chromium):
    with visiting(chromium, served.url, permissions=["clipboard-read", "clipboard-write"]) as visit:
        page = visit.page
        page.goto(f"{served.url}/login?next=/jobs/{trainings.job_id}")
        page.get_by_label("Token").fill(token("ana"))
        page.keyboard.press("Enter")
        page.locator("#again > summary").click()
        page.get_by_role("radio", name="Your own machine").check()
        page.get_by_role("button", name="Train again").click()
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("status")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        page.get_by_text("Cancel the training").click()
        page.get_by_role("button", name="End it now").click()

        expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
        assert copied.startswith(f"curl -fsSL {served.url}/api/jobs/{trainings.job_id}/attempts/")
