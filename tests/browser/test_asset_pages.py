"""What a person sees of a dataset on the asset pages."""

import pytest
from playwright.sync_api import expect

from pipeline.state.lake import SCHEMAS

pytestmark = pytest.mark.needs_browser


def _texts(cells):
    """What the browser runs on rows: the texts of so many cells of each."""
    return f"rows => rows.map(row => [...row.cells].slice(0, {cells}).map(cell => cell.innerText.trim()))"


# What the browser waits for: rows of these names in the first table, each with its text.
_FILLED = """names => {
  const rows = [...(document.querySelector("table")?.tBodies[0]?.rows ?? [])];
  const isFilled = (row, name) => row.cells[0].innerText.trim() === name && row.cells[1]?.innerText.trim();
  return names.every(name => rows.some(row => isFilled(row, name)));
}"""


def rows(page, *names):
    """The metadata of the page: name and text of each row, in the order of the page, once those of these names have it.

    names: every row that the test speaks of afterwards; a page fills its rows one after another.
    """
    page.wait_for_function(_FILLED, arg=list(names))
    listed = page.locator("table").first.locator(":scope > tbody > tr")
    cells = listed.evaluate_all(_texts(2))
    return {row[0]: row[1] for row in cells}


def test_a_ready_dataset_shows_its_verdict_its_figures_and_where_its_rows_are(ui, visit):
    """What one wants to know of a dataset is on one page."""
    dataset = ui.ids["everyday_talk"]

    page = visit.open(f"/assets/dataset_profiles?view=partitions&partition={dataset}", "verdict")

    figures = ("conversations", "answers_to_learn", "rejected_lines", "lines")
    shown = rows(page, "verdict", "summary", "card", "tokens", "upload", "dagster/uri", *figures)
    visit.photograph("ready_profile")
    assert list(shown)[:3] == ["verdict", "summary", "card"]
    assert shown["verdict"] == "ready"
    assert shown["summary"] == f"3,000 conversations, {int(shown['tokens']):,} tokens."
    assert {name: shown[name] for name in figures} == {
        "conversations": "3000",
        "answers_to_learn": "4189",
        "rejected_lines": "0",
        "lines": "3000",
    }
    assert shown["upload"] == f"{ui.settings.store}/uploads/local/everyday_talk.jsonl"
    assert shown["dagster/uri"] == f"{ui.settings.lake}/profiles/dataset_id={dataset}/data.parquet"


@pytest.mark.parametrize("asset", ["dataset_profiles", "conversations"])
def test_the_picture_is_drawn(ui, visit, asset):
    """Not a link, not a broken image: the browser has decoded it."""
    page = visit.open(f"/assets/{asset}?view=partitions&partition={ui.ids['support_chat']}", "words_per_turn")

    picture = page.get_by_alt_text("words per turn")

    expect(picture).to_be_visible()
    for name, value in (("complete", True), ("naturalWidth", 240), ("naturalHeight", 60)):
        expect(picture).to_have_js_property(name, value)


def test_a_rejected_dataset_shows_its_faults_at_once(ui, visit):
    """The first findings stand right below the verdict."""
    page = visit.open(f"/assets/dataset_profiles?view=partitions&partition={ui.ids['broken_lines']}", "first_findings")

    shown = rows(page, "verdict", "summary", "first_findings")
    table = page.get_by_role("table").filter(has_text="severity").last
    expect(table.locator("tbody tr")).to_have_count(6)
    visit.photograph("rejected_profile")
    assert list(shown)[:3] == ["verdict", "summary", "first_findings"]
    assert (shown["verdict"], shown["summary"]) == ("error", "6 of 6 lines rejected; first: line 1, malformed-json.")
    assert table.locator("tbody tr").evaluate_all(_texts(4)) == [
        ["1", "1", "malformed-json", "error"],
        ["2", "2", "missing-field", "error"],
        ["3", "3", "wrong-type", "error"],
        ["4", "4", "empty-turns", "error"],
        ["5", "5", "empty-conversation-id", "error"],
        ["6", "6", "invalid-utf8", "error"],
    ]


def test_conversations_are_green_for_ready_datasets_only(ui, visit):
    """One run covered all three; the rejected one still counts as missing."""
    page = visit.open("/assets/conversations?view=partitions", "Missing (1)")

    for count in ("Materialized (2)", "Failed (0)"):
        expect(page.get_by_text(count, exact=True)).to_be_visible()
    page.goto(f"{ui.url}/assets/conversations?view=partitions&partition={ui.ids['broken_lines']}")
    expect(page.get_by_text("No metadata entries")).to_be_visible()

    visit.photograph("rejected_conversations")


@pytest.mark.parametrize("asset", ["conversations", "findings", "dataset_profiles"])
def test_every_column_is_explained(ui, visit, asset):
    """Nobody has to read code to know what a column means."""
    page = visit.open(f"/assets/{asset}", "Column name")

    columns = page.get_by_role("table").filter(has_text="Column name").locator("tbody tr")
    expect(columns).to_have_count(len(SCHEMAS["profiles" if asset == "dataset_profiles" else asset]))
    for column in columns.all():
        expect(column.locator("td").last).not_to_be_empty()  # they come a moment after the names
    visit.photograph(f"columns_{asset}")
