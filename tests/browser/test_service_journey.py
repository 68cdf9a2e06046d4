"""What a person does from the first upload to a training config, in a real browser against real runs."""

import json
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import visiting
from tests.browser.service import card, sign_in, upload
from tests.samples import EVERYDAY_TALK, SAMPLES_DIR

pytestmark = pytest.mark.needs_browser


@pytest.fixture(scope="module")
def served(local_service):
    return local_service


def _take_findings(page):
    """Narrow the findings of the page to a kind, and take them home."""
    page.get_by_role("navigation", name="By kind").get_by_role("link", name="missing-field").click()
    rows = page.get_by_role("region", name="Findings").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Expected the field role, found field content")
    with page.expect_download() as taken:
        page.get_by_role("link", name="JSON Lines").click()
    lines = [json.loads(line) for line in taken.value.path().read_text("utf-8").splitlines()]
    assert [(line["line"], line["code"]) for line in lines] == [(2, "missing-field")]


def _take_files(page):
    """Take all files of the job of the page home, in one."""
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download all files").click()
    with zipfile.ZipFile(taken.value.path()) as archive:
        names = {name.split("/", 1)[1] for name in archive.namelist()}
        assert archive.testzip() is None
    listed = page.get_by_role("region", name="Files").get_by_role("link").all_inner_texts()
    assert names == set(listed)
    assert {"job.json", "trl/config.yaml", "trl/train.jsonl", "trl/train.py"} <= names


@pytest.mark.needs_s3
@pytest.mark.needs_postgres
def test_all_that_is_sent_and_taken_goes_through_a_bucket(remote_service, chromium):
    """Of what a person does, that in which the bucket and the other catalog have a part; the rest is as below."""
    served = remote_service
    with visiting(chromium, served.url, *served.upload_origins) as visit:
        page = visit.page
        sign_in(page, served)
        upload(page, served, "everyday_talk.jsonl", EVERYDAY_TALK.read_bytes())
        upload(page, served, "broken_lines.jsonl", (SAMPLES_DIR / "broken_lines.jsonl").read_bytes())
        page.goto(f"{served.url}/datasets")
        with served.work():
            expect(card(page, "broken_lines").get_by_text("All 6 lines are rejected.")).to_be_visible()
        expect(card(page, "everyday_talk").get_by_text("4,189")).to_be_visible()

        card(page, "broken_lines").get_by_role("link", name="View details").click()
        _take_findings(page)

        page.goto(f"{served.url}/datasets")
        card(page, "everyday_talk").get_by_role("link", name="Start training").click()
        page.wait_for_load_state()
        page.get_by_role("button", name="Make the training files").click()
        _take_files(page)


def test_from_an_upload_to_a_verdict(served, chromium):
    """A good and a bad file reach their verdicts before one's eyes; the findings can be read, narrowed and taken."""
    with visiting(chromium, served.url, *served.upload_origins) as visit:
        page = visit.page
        sign_in(page, served)
        expect(page.get_by_role("heading", name="Your first dataset")).to_be_visible()
        served.look(page, "empty")

        upload(page, served, "everyday_talk.jsonl", EVERYDAY_TALK.read_bytes())
        served.look(page, "new_sent")
        with served.work():
            expect(page.locator("#verdict-place .card.ready")).to_be_visible()
        expect(page.get_by_role("status")).to_have_text("everyday_talk is ready")
        served.look(page, "new_ready")

        upload(page, served, "broken_lines.jsonl", (SAMPLES_DIR / "broken_lines.jsonl").read_bytes())
        page.goto(f"{served.url}/datasets")
        expect(card(page, "broken_lines").get_by_text("Validating")).to_be_visible()
        served.look(page, "datasets_validating")
        with served.work():
            expect(card(page, "broken_lines").get_by_text("All 6 lines are rejected.")).to_be_visible()
        expect(page.get_by_role("link", name="Error 1")).to_be_visible()
        expect(card(page, "everyday_talk").get_by_text("4,189")).to_be_visible()
        served.look(page, "datasets")

        card(page, "broken_lines").get_by_role("link", name="View details").click()
        expect(page.get_by_role("heading", name="Not ready")).to_be_visible()
        served.look(page, "error")
        _take_findings(page)
        served.look(page, "error_narrowed")

        page.goto(f"{served.url}/datasets")
        card(page, "everyday_talk").get_by_role("link", name="View details").click()
        expect(page.get_by_role("heading", name="Ready to train")).to_be_visible()
        served.look(page, "ready")
        page.get_by_role("link", name="Dataset card").click()
        expect(page.get_by_role("heading", name="What trainers do with it")).to_be_visible()


def test_from_a_ready_dataset_to_a_training_config(served, chromium):
    """What a training takes changes as one chooses; what does not fit is said; the files are there to take."""
    with visiting(chromium, served.url) as visit:
        page = visit.page
        sign_in(page, served)
        card(page, "everyday_talk").get_by_role("link", name="Start training").click()
        expect(page.get_by_role("heading", name="Fits on A100-80GB-SXM")).to_be_visible()
        page.wait_for_load_state()
        served.look(page, "train")
        first = page.locator("#plan .takes").inner_text()

        page.get_by_label("Base model").select_option("Llama-3.3-70B")
        expect(page.locator("#plan .takes")).not_to_have_text(first)
        page.get_by_label("GPU", exact=True).select_option("RTX-4090")
        expect(page.get_by_role("heading", name="No training like this")).to_be_visible()
        expect(page.locator("#plan")).to_contain_text("does not fit: needs")
        expect(page.get_by_role("status")).to_contain_text("does not fit: needs")
        served.look(page, "train_does_not_fit")
        page.get_by_label("Base model").select_option("Qwen3-4B")
        page.get_by_role("radio", name="QLoRA").check()
        expect(page.get_by_role("heading", name="Fits on RTX-4090")).to_be_visible()
        page.get_by_text("Values of your own").click()
        rank, alpha = page.get_by_label("Rank", exact=True), page.get_by_label("Alpha")
        expect(alpha).to_have_attribute("placeholder", "32")
        rank.fill("0")
        rank.press("Enter")
        expect(page.locator("#plan")).to_contain_text("Settings: rank: expected an integer from 1 to 1024, found '0'.")
        expect(page.locator("#field-rank")).to_contain_text("Expected an integer from 1 to 1024, found '0'.")
        rank.fill("8")
        alpha.focus()
        expect(alpha).to_have_attribute("placeholder", "16")
        expect(alpha).to_be_focused()
        expect(page.get_by_text("Values of your own: 1 set")).to_be_visible()
        served.look(page, "train_settings")
        page.get_by_role("button", name="Make the training files").click()

        expect(page.get_by_role("heading", name="everyday_talk, Qwen3-4B, balanced")).to_be_visible()
        served.look(page, "job")
        with page.expect_download() as taken:
            page.get_by_role("link", name="trl/config.yaml").click()
        config = taken.value.path().read_text("utf-8")
        assert "Qwen/Qwen3-4B" in config
        assert "  r: 8\n" in config
        _take_files(page)

        page.get_by_role("link", name="Training", exact=True).click()
        expect(page.get_by_role("link", name="everyday_talk, Qwen3-4B, balanced")).to_be_visible()
        served.look(page, "jobs")


def test_notifications_are_read(served, chromium):
    with visiting(chromium, served.url) as visit:
        page = visit.page
        sign_in(page, served)

        page.get_by_label("Notifications, 3 unread").click()
        page.locator("#bell").get_by_role("button", name="Mark as read: broken_lines has errors").click()
        expect(page.get_by_label("Notifications, 2 unread")).to_be_visible()
        served.look(page, "bell")
        page.get_by_role("link", name="All notifications").click()
        served.look(page, "notifications")
        page.get_by_role("button", name="Mark all read").click()

        expect(page.get_by_label("Notifications, 0 unread")).to_be_visible()


def test_a_deletion_can_be_undone(served, chromium):
    with visiting(chromium, served.url) as visit:
        page = visit.page
        sign_in(page, served)

        card(page, "broken_lines").get_by_role("button", name="Delete").click()
        expect(page.get_by_text("Deleted broken_lines.")).to_be_visible()
        expect(card(page, "broken_lines")).to_have_count(0)
        served.look(page, "deleted")
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("heading", name="Not ready")).to_be_visible()
        page.goto(f"{served.url}/datasets")

        expect(card(page, "broken_lines")).to_be_visible()


def test_the_list_narrows_as_one_types(served, chromium):
    """Without leaving the page; the address has it, so that it can be kept and sent."""
    with visiting(chromium, served.url) as visit:
        page = visit.page
        sign_in(page, served)

        page.keyboard.press("/")
        page.keyboard.type("TALK")
        expect(page.get_by_role("status")).to_have_text("1 dataset found")
        expect(card(page, "broken_lines")).to_have_count(0)
        page.get_by_role("link", name="Error 1").click()
        expect(page.get_by_text("No dataset fits.")).to_be_visible()
        served.look(page, "nothing_fits")
        expect(page).to_have_url(f"{served.url}/datasets?status=error&search=TALK")
        page.go_back()

        expect(card(page, "everyday_talk")).to_be_visible()
