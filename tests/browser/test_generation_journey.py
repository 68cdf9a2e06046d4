"""From a plan to a dataset as a domain expert does it: planned, made, reviewed by keyboard, built, sent."""

import re

import pytest
from playwright.sync_api import expect

from pipeline.clock import utc_now
from pipeline.settings import load_settings
from tests.browser.conftest import visiting
from tests.browser.service import look, violations
from tests.fakes.anthropic import FakeAnthropic
from tests.flow.generation.places import opened
from tests.made import SETTINGS, written
from tests.service.serving import serving, token

pytestmark = pytest.mark.needs_browser


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An installation whose provider is a fake; its runs are ours to do."""
    with FakeAnthropic(answer=written) as fake, opened(tmp_path_factory.mktemp("made"), fake) as made:
        made.clock.at = utc_now()
        yield made


@pytest.fixture(scope="module")
def served(place):
    chosen = {"data_dir": place.folder, "llm": place.setting}
    with serving(load_settings(**SETTINGS | chosen)) as running:
        yield running


def test_conversations_are_planned_made_reviewed_by_keyboard_built_and_sent(place, served, chromium):
    with visiting(chromium, served.url) as visit:
        page = visit.page
        page.goto(f"{served.url}/login?next=/generation")
        page.get_by_label("Token").fill(token("ann"))
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Plan a batch").first.click()
        page.get_by_label("How many conversations").fill("12")
        page.get_by_text("Personas: all 6").click()
        page.get_by_role("checkbox", name="Noor").check()
        expect(page.get_by_text("Personas: 1 of 6")).to_be_visible()
        expect(page.get_by_role("heading", name="12 conversations, in batches")).to_be_visible()
        look(page, "plan_batch")
        page.get_by_role("button", name="Keep this plan").click()
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.get_by_role("heading", name="Being made")).to_be_visible()

        place.work()
        expect(page.get_by_role("heading", name="Completed")).to_be_visible()
        look(page, "batch")
        page.get_by_role("link", name="To be reviewed").click()
        page.locator("table.made tbody a").first.click()
        look(page, "conversation")
        _press(page, "e")
        field = page.get_by_label("Turn 1 user")
        field.fill(field.input_value().replace(" This is a training conversation.", ""))
        page.get_by_role("button", name="Save as another version").click()
        expect(page.get_by_text("It was changed after it was judged")).to_be_visible()
        page.get_by_label("Note").fill("aaa")  # keys mean nothing where one types
        page.get_by_label("Note").blur()
        _press(page, "a")
        expect(page.get_by_role("status").filter(has_text="Approved")).to_be_visible()
        page.goto(f"{served.url}/conversations?status=accepted")
        first = page.locator("table.made tbody a").first.get_attribute("href")
        page.locator("table.made tbody a").first.click()
        _press(page, "j")
        expect(page).not_to_have_url(f"{served.url}{first}")
        _press(page, "k")
        expect(page).to_have_url(f"{served.url}{first}")
        _press(page, "r")
        expect(page.get_by_role("status").filter(has_text="Rejected")).to_be_visible()
        page.get_by_role("link", name="Conversations", exact=True).last.click()  # the list that one came from
        page.get_by_label("Quality").select_option("production")
        expect(page).to_have_url(re.compile("quality_tier=production"))
        expect(page.locator("#said")).to_have_text(re.compile("conversations? found"))
        assert violations(page) == []

        page.get_by_role("link", name="Training files", exact=True).click()
        page.get_by_role("link", name="Choose conversations").click()
        page.get_by_label(re.compile("^Name")).fill("Money talk")
        page.get_by_label("Persona").select_option("well_paid_spender")
        expect(page).to_have_url(re.compile("persona=well_paid_spender"))
        expect(page.get_by_label(re.compile("^Name"))).to_have_value("Money talk")
        look(page, "new_training_file")
        page.get_by_role("button", name="Build it").click()
        page.get_by_role("button", name="Send to datasets").click()
        served.validate()
        page.reload()
        expect(page.get_by_text("Ready", exact=True)).to_be_visible()
        assert violations(page) == []
        page.get_by_role("link", name="Money-talk-v1").or_(page.get_by_role("link", name="Money talk-v1")).click()

        expect(page.get_by_text("Made of the training file")).to_be_visible()
        assert violations(page) == []


def _press(page, key):
    """A key of the page's own, once its script listens."""
    expect(page.locator(f'[data-key="{key}"]')).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press(key)
