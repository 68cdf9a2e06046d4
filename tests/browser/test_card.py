"""What a person sees of a card, opened from the disk, without a server."""

import pytest
from playwright.sync_api import expect

from pipeline.card.write import write_card
from tests.browser.conftest import photograph
from tests.card.cards import CASES

pytestmark = pytest.mark.needs_browser
SIZES = {"desk": (1280, 900), "phone": (360, 780)}


@pytest.fixture
def opened(chromium, tmp_path):
    """Opens a card and returns its page, with all that the browser said or asked for meanwhile."""
    contexts = []

    def open_card(name, size="desk", **options):
        write_card(CASES[name], tmp_path / name)
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page, events = context.new_page(), []
        page.on("console", lambda message: events.append(message.text))
        page.on("pageerror", lambda error: events.append(str(error)))
        page.on("dialog", lambda dialog: events.append(dialog.message))
        page.on("request", lambda request: events.append(request.url))
        address = (tmp_path / name).as_uri()
        page.goto(address)
        events.remove(address)
        return page, events

    yield open_card
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CASES)
def test_a_card_fits_its_window_and_is_quiet(opened, name, size, scheme):
    """Nothing is wider than the window, nothing is asked for, nothing runs."""
    page, events = opened(name, size, color_scheme=scheme)

    photograph(page, f"card_{name}_{size}_{scheme}", full_page=True)

    assert page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
    assert events == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", CASES)
def test_every_text_has_contrast_enough(opened, name, scheme):
    """4.5 to 1 or better, as WCAG 2.2 (1.4.3) asks of text of any size."""
    page, _ = opened(name, color_scheme=scheme)

    assert page.evaluate(_LOW_CONTRAST) == []


def test_a_long_turn_opens_with_the_keyboard(opened):
    page, _ = opened("ready.html")
    summary = page.locator("summary", has_text="Show all 992 characters")

    summary.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Show less")).to_be_visible()
    expect(page.locator(".opening")).to_be_hidden()
    expect(page.locator(".fold details .text")).to_be_visible()


def test_each_turn_is_written_in_its_own_direction(opened):
    page, _ = opened("ready.html")

    from_the_right = page.locator(".text:dir(rtl)").all_inner_texts()

    assert from_the_right == ["שלום עולם"]


@pytest.mark.parametrize("size", SIZES)
def test_who_listens_hears_the_verdict_the_tables_and_the_charts(opened, size):
    """Also where a narrow window stacks the cells of a table."""
    page, _ = opened("ready.html", size)

    expect(page.get_by_role("region", name="Ready to train")).to_be_visible()
    expect(page.get_by_role("navigation", name="On this page")).to_be_visible()
    expect(page.get_by_role("table", name="Roles")).to_be_visible()
    trainers = page.get_by_role("table", name="What each trainer does")
    expect(trainers.get_by_role("row").filter(has=page.get_by_role("rowheader", name="LLaMA-Factory"))).to_be_visible()
    label = (
        "Turns per conversation: 3 columns. The tallest is 2 turns, with 2 conversations. "
        "The smallest value is 2, the median 2, the largest 4."
    )
    expect(page.get_by_role("img", name=label)).to_be_visible()


def test_paper_shows_everything_on_white(opened):
    """Also where the screen is dark."""
    page, _ = opened("ready.html", color_scheme="dark")

    page.emulate_media(media="print")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    expect(page.get_by_role("navigation", name="On this page")).to_be_hidden()
    assert page.pdf(format="A4").startswith(b"%PDF")


# For each element with text of its own: its colour against the nearest background that is not transparent.
_LOW_CONTRAST = """() => {
  const rgb = css => css.match(/[\\d.]+/g).map(Number);
  const light = css => rgb(css).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if (rgb(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.body.querySelectorAll("*")]
    .filter(node => [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()))
    .filter(node => !node.closest("svg"))
    .map(node => {
      const [a, b] = [light(getComputedStyle(node).color), light(behind(node))].sort((x, y) => y - x);
      return [node.tagName, node.className, Math.round(100 * (a + 0.05) / (b + 0.05)) / 100];
    })
    .filter(([, , ratio]) => ratio < 4.5);
}"""
