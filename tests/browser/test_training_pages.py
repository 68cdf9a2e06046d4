"""What a person sees of a dataset's training jobs and their costs."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_asset_pages import rows

pytestmark = pytest.mark.needs_browser

CONFIGS = "training_job_configs"


def test_the_page_of_the_jobs_shows_the_estimate_the_config_and_the_trainer(ui, visit):
    """What it costs, what the trainer gets, and whether the trainer takes it, on one page."""
    dataset = ui.ids["everyday_talk"]

    page = visit.open(f"/assets/{CONFIGS}?view=partitions&partition={dataset}", "estimate")

    told = ("target_acceptance", "trainer", "config", "files")
    shown = rows(page, "summary", "jobs", *told)
    picture = page.get_by_alt_text("estimate")
    expect(picture).to_be_visible()
    visit.photograph("training_jobs")
    assert list(shown)[:3] == ["summary", "estimate", "jobs"]
    assert re.fullmatch(r"1 training job, from 0\.\d+ USD\.", shown["summary"])
    for name, value in (("complete", True), ("naturalWidth", 300), ("naturalHeight", 54)):
        expect(picture).to_have_js_property(name, value)
    assert "accepted" in shown["target_acceptance"]
    assert shown["trainer"].startswith("trl 1.")
    assert shown["files"].startswith(f"{ui.settings.lake}/training_jobs/job_id=everyday-talk-qwen3-8b-balanced-")
    page.locator("tr", has_text="config").get_by_text("[Show Markdown]").click()  # a text this long is behind a button
    expect(page.get_by_text('base_model: "Qwen/Qwen3-8B"')).to_be_visible()


def test_the_page_of_the_costs_shows_the_range_and_what_it_rests_on(ui, visit):
    page = visit.open(f"/assets/cost_records?view=partitions&partition={ui.ids['everyday_talk']}", "basis")

    shown = rows(page, "basis", "costs")
    visit.photograph("training_costs")
    assert "memory: " in shown["basis"]
    assert "low" in shown["costs"]
    expect(page.get_by_alt_text("estimate")).to_be_visible()


def test_a_rejected_dataset_has_no_cell(ui, visit):
    """The jobs' page lists the two ready samples, and not the third."""
    page = visit.open(f"/assets/{CONFIGS}?view=partitions", "Materialized (2)")

    visit.photograph("training_partitions")
    expect(page.get_by_text("Missing (0)", exact=True)).to_be_visible()
    expect(page.get_by_title(ui.ids["support_chat"]).first).to_be_visible()
    assert page.get_by_title(ui.ids["broken_lines"]).count() == 0


def test_the_check_of_steps_tells_the_small_dataset_from_the_large_one(ui, visit):
    page = visit.open(f"/assets/{CONFIGS}?view=checks&checkDetail=enough_optimiser_steps", "Execution history")

    page.get_by_role("tab", name="Partitions").last.click()

    expect(page.get_by_text("Passed (1)", exact=True)).to_be_visible()
    expect(page.get_by_text("Failed (1)", exact=True)).to_be_visible()
    visit.photograph("training_checks")
