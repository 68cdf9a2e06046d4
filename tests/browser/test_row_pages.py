"""Rows of a dataset in a browser: hostile ones are shown and do nothing, and a person finds what they look for."""

import pytest
from playwright.sync_api import expect

from tests.browsed import browsed
from tests.browser.conftest import visiting
from tests.browser.service import look, served_from, sign_in

pytestmark = pytest.mark.needs_browser


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    dataset = browsed(folder).dataset
    with served_from(folder / "data", {}) as served:
        yield served, f"{served.url}/datasets/{dataset.id}"


def test_hostile_rows_are_shown_and_do_nothing(served, chromium):
    """`visiting` fails at its end where the page complained, or asked for anything elsewhere."""
    service, dataset = served
    with visiting(chromium, service.url) as visit:
        page, dialogs = visit.page, []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message) or dialog.dismiss())
        sign_in(page, service)

        page.goto(f"{dataset}/rows")
        expect(page.locator("#row-6 .text").first).to_contain_text("<script>alert(1)</script>")
        look(page, "rows")
        page.goto(f"{dataset}/rows?kind=rejected")
        expect(page.locator("#row-7 .marked")).to_contain_text("{not json <script>alert(1)</script>")
        look(page, "rows_rejected")
        page.goto(f"{dataset}/mend")
        expect(page.locator(".example .before").last).to_contain_text("{not json <script>alert(1)</script>")
        look(page, "mend")
        page.goto(f"{dataset}/compare?with={dataset.rpartition('/')[2]}")
        expect(page.get_by_text("All accepted rows say the same.")).to_be_visible()
        look(page, "compare")
        page.goto(dataset)
        expect(page.locator("code.marked").last).to_contain_text("onerror=alert(1)")

        assert dialogs == []
        assert page.evaluate("document.querySelectorAll('main script, main img').length") == 0


def test_a_person_narrows_the_rows_by_keyboard_and_reads_what_was_found(served, chromium):
    service, dataset = served
    with visiting(chromium, service.url) as visit:
        page = visit.page
        sign_in(page, service)
        page.goto(f"{dataset}/rows")

        page.get_by_label("Search in the text").fill("OSLO")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="3 conversations found")).to_be_visible()
        expect(page.locator("#row-4 mark")).to_have_text("Oslo")
        page.locator("#row-1").get_by_text("Thought").click()
        expect(page.get_by_text("The tool says so.")).to_be_visible()
        page.get_by_label("Role").select_option("narrator")
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.get_by_role("heading", name="1 conversation found")).to_be_visible()
        page.get_by_role("link", name="Rejected").click()
        expect(page.get_by_role("heading", name="2 rejected rows")).to_be_visible()
