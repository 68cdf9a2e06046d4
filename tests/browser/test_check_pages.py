"""What a person sees of the checks."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.needs_browser


def test_each_dataset_has_its_own_result(ui, visit):
    """One run judged all three; the page of the check tells them apart."""
    page = visit.open("/assets/dataset_profiles?view=checks&checkDetail=structure", "Execution history")

    page.get_by_role("tab", name="Partitions").last.click()
    expect(page.get_by_text("Passed (2)")).to_be_visible()

    visit.photograph("structure_partitions")
    for count in ("Failed (1)", "Missing (0)", "In Progress (0)", "Execution Failed (0)"):
        expect(page.get_by_text(count, exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("name", "result", "description"),
    [("broken_lines", "Failed", "6 of 6 lines rejected"), ("everyday_talk", "Passed", "0 of 3,000 lines rejected")],
)
def test_a_result_says_why(ui, visit, name, result, description):
    """The partition's own figures stand beside its result."""
    page = visit.open("/assets/dataset_profiles?view=checks&checkDetail=structure", "Execution history")

    page.get_by_role("tab", name="Partitions").last.click()
    expect(page.get_by_text("Passed (2)")).to_be_visible()
    page.get_by_title(ui.ids[name]).last.click()

    expect(page.get_by_text(description)).to_be_visible()
    visit.photograph(f"structure_{name}")
    expect(page.get_by_text(result, exact=True).last).to_be_visible()
