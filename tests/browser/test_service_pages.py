"""What pages do when things go wrong, and for those who use no mouse, no script, or another's address."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import visiting
from tests.browser.service import choose, look, sign_in
from tests.installation import valid_file

pytestmark = pytest.mark.needs_browser


@pytest.fixture(scope="module")
def served(local_service):
    return local_service


def test_who_is_not_signed_in_is_asked_and_then_led_on(served, chromium):
    with visiting(chromium, served.url) as visit:
        page = visit.page
        page.goto(f"{served.url}/datasets/new")
        look(page, "login")
        page.get_by_label("Token").fill("another")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("is not the one of this installation")
        assert "401" in visit.complaint()
        page.get_by_label("Token").fill(served.token)
        page.keyboard.press("Enter")

        expect(page).to_have_url(f"{served.url}/datasets/new")
        page.get_by_label("Account").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_link_of_the_start_signs_in_and_leaves_no_token_in_the_address(served, chromium):
    with visiting(chromium, served.url) as visit:
        visit.page.goto(f"{served.url}/login#token={served.token}")

        expect(visit.page.get_by_role("heading", name="Datasets", exact=True)).to_be_visible()
        expect(visit.page).to_have_url(f"{served.url}/datasets")
        assert served.token not in visit.page.evaluate("performance.getEntries().map(each => each.name).join()")


def test_an_upload_goes_on_after_the_connection_broke_and_the_page_was_loaded_again(served, chromium):
    """Nothing that arrived is sent twice."""
    content = valid_file(15_000)
    with visiting(chromium, served.url) as visit:
        page, sent = visit.page, []
        page.on("request", lambda request: sent.append(request) if request.method == "PUT" else None)
        sign_in(page, served)
        network = page.context.new_cdp_session(page)
        limits = {"offline": False, "latency": 1, "downloadThroughput": -1}
        network.send("Network.enable")
        choose(page, served, "long.jsonl", content)
        look(page, "new_chosen")
        network.send("Network.emulateNetworkConditions", limits | {"uploadThroughput": len(content) / 60})
        page.get_by_role("button", name="Upload and check").click()
        expect(page.get_by_label("Uploaded")).to_have_attribute("value", re.compile(".."))
        expect(page.get_by_text("/s", exact=False).first).to_be_visible()
        look(page, "new_sending")
        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()
        network.send("Network.emulateNetworkConditions", limits | {"uploadThroughput": -1})

        expect(page.get_by_text("An upload was interrupted.")).to_be_visible()
        look(page, "new_resumable")
        file = {"name": "long.jsonl", "mimeType": "application/jsonl", "buffer": content}
        page.get_by_label("Drop a file here").set_input_files(file)
        expect(page.locator("#verdict-place .card.validating")).to_be_visible()

        assert [int(request.headers.get("upload-offset", 0)) > 0 for request in sent] == [False, True]
        stored = [each.read_bytes() for each in Path(served.settings.store, "uploads").rglob("*") if each.is_file()]
        assert stored.count(content) == 1
        with served.work():  # tests below look at it
            expect(page.locator("#verdict-place .card.ready")).to_be_visible()


def test_an_upload_can_be_cancelled(served, chromium):
    with visiting(chromium, served.url) as visit:
        page = visit.page
        sign_in(page, served)
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        choose(page, served, "unwanted.jsonl", valid_file(20_000, seed=1))
        limits = {"offline": False, "latency": 1, "downloadThroughput": -1, "uploadThroughput": 200_000}
        network.send("Network.emulateNetworkConditions", limits)
        page.get_by_role("button", name="Upload and check").click()
        expect(page.get_by_label("Uploaded")).not_to_have_attribute("value", "0")
        page.get_by_role("button", name="Cancel").click()

        expect(page.get_by_role("status")).to_have_text("The upload was cancelled")
        page.goto(f"{served.url}/datasets?search=unwanted")
        expect(page.get_by_text("Nothing is named like “unwanted”.")).to_be_visible()


def test_a_file_that_is_no_json_is_told_before_it_is_sent(served, chromium):
    with visiting(chromium, served.url) as visit:
        page = visit.page
        sign_in(page, served)

        choose(page, served, "notes.txt", b'{"a": 1}\nplain words\n')

        expect(page.locator("#peek")).to_contain_text("Line 2 is not a JSON object.")
        look(page, "new_warned")


def test_a_service_that_does_not_answer_can_be_asked_again(served, chromium):
    """The list says so in words, and what was asked for comes when it is back."""
    with visiting(chromium, served.url) as visit:
        page = visit.page
        sign_in(page, served)
        page.context.set_offline(True)
        page.get_by_label("Search by name").fill("long")
        expect(page.get_by_role("alert")).to_contain_text("The list could not be loaded.")
        page.context.set_offline(False)
        look(page, "failed")
        page.get_by_role("button", name="Try again").click()

        expect(page.get_by_role("status")).to_have_text("1 dataset found")
        assert [each for each in visit.messages if "ERR_INTERNET_DISCONNECTED" not in each] == []  # the browser's own
        visit.messages.clear()


def test_another_persons_dataset_is_not_there(served, chromium):
    with visiting(chromium, served.url) as visit:
        page = visit.page
        sign_in(page, served)

        page.goto(f"{served.url}/datasets/not-mine-1")

        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
        look(page, "not_found")
        assert "404" in visit.complaint()


def test_everything_but_the_upload_works_without_script(served, chromium):
    with visiting(chromium, served.url, java_script_enabled=False) as visit:
        page = visit.page
        sign_in(page, served)

        page.get_by_label("Search by name").fill("long")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="long", exact=True)).to_be_visible()
        page.get_by_role("link", name="View details").click()
        expect(page.get_by_role("heading", name="Ready to train")).to_be_visible()
        page.goto(f"{served.url}/datasets/new")
        expect(page.locator("noscript .callout")).to_be_visible()
        visit.photograph("service_new_without_script")


def test_the_keyboard_reaches_what_the_mouse_does(served, chromium):
    """In the order of the page, and past the bar at once."""
    with visiting(chromium, served.url) as visit:
        page = visit.page
        sign_in(page, served)
        reached = []
        for _ in range(11):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.ariaLabel || document.activeElement.innerText"))

        made, trained = ["Generation", "Conversations", "Training files"], ["Datasets", "Training", "Models", "Costs"]
        assert reached[:9] == ["Skip to the content", "LoRA datasets", *made, *trained]
        assert (reached[9].split(",")[0], reached[10]) == ("Notifications", "Account")
