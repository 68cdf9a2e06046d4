"""The upload service in a browser test: a real `lora-pipeline serve`, real runs, and what a person does with pages.

Every page that is looked at is checked by axe and photographed, at the desk and on a phone, in light and dark.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from pipeline.installation import environment, once_command, prepare
from pipeline.settings import PROJECT_DIR, Settings, load_settings
from tests.browser.conftest import START_S, photograph, serving

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
NARROWEST = 360  # of the phones that people have; the sheet has no other rules for it
_AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
# In the dark a page has other colours, and nothing else is different.
_RULES = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "dark": ["color-contrast", "link-in-text-block"],
}


@dataclass(frozen=True)
class Served:
    """A running service. token: opens it; upload_origins: where its uploads go besides itself."""

    url: str
    token: str
    settings: Settings
    variables: dict[str, str]
    upload_origins: tuple[str, ...] = ()

    def look(self, page: Page, name: str) -> None:
        """`look`, where all is on this machine: a bucket and another catalog change nothing of how pages are."""
        if not self.upload_origins:
            look(page, name)

    @contextmanager
    def work(self) -> Iterator[None]:
        """Do meanwhile what the daemon would do: look at the store, and run what the sensors ask for, once."""
        command = subprocess.Popen(
            once_command(), env=self.variables, cwd=PROJECT_DIR, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            yield
        finally:
            output, _ = command.communicate(timeout=START_S)
        assert command.returncode == 0, output.decode()[-2_000:]


@contextmanager
def served_from(data_dir: Path, extra: dict[str, str], **chosen: object) -> Iterator[Served]:
    """Serve an installation of these settings; `extra` are further variables of the processes."""
    settings = load_settings(data_dir=data_dir, **chosen)
    prepare(settings)
    names = {f"LORA_{name.upper()}": str(value) for name, value in chosen.items()}
    variables = environment(settings, {**os.environ, **extra, **names, "LORA_SETTLE_S": "0"})
    log = data_dir / "service.log"
    command = [str(Path(once_command()[0]).parent / "lora-pipeline"), "serve", "--port"]
    with serving(command, "/healthz", variables, log) as url:
        found = re.search(r"token \(shown this once\): (\S+)", log.read_text())
        assert found
        origins = (settings.s3_endpoint_url,) if settings.store.startswith("s3://") else ()
        yield Served(url, found[1], settings, variables, origins)


def sign_in(page: Page, served: Served) -> None:
    """Open the list, and sign in on the way."""
    page.goto(f"{served.url}/datasets")
    page.get_by_label("Token").fill(served.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Datasets", exact=True)).to_be_visible()
    page.wait_for_load_state()  # the script


def choose(page: Page, served: Served, name: str, content: bytes) -> None:
    """Open the page of uploads and choose a file."""
    page.goto(f"{served.url}/datasets/new")
    file = {"name": name, "mimeType": "application/jsonl", "buffer": content}
    expect(page.get_by_text("Drop a file here")).to_be_visible()  # the script listens
    page.get_by_label("Drop a file here").set_input_files(file)
    expect(page.get_by_role("button", name="Upload and check")).to_be_visible()


def upload(page: Page, served: Served, name: str, content: bytes) -> None:
    """Upload a file, up to where it is being validated."""
    choose(page, served, name, content)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.locator("#verdict-place .card.validating")).to_be_visible()


def card(page: Page, name: str) -> Locator:
    """The card of a dataset in the list."""
    return page.get_by_role("article", name=name, exact=True)


def look(page: Page, name: str) -> None:
    """Hold a page to what every page promises, and photograph it: no violation, nothing wider than the window."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            photograph(page, f"service_{name}_{size}_{scheme}", full_page=True)
            assert (size, scheme, violations(page, scheme)) == (size, scheme, [])
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.set_viewport_size({"width": NARROWEST, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") == NARROWEST
    page.set_viewport_size(dict(zip(("width", "height"), SIZES["desk"], strict=True)))
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")


def violations(page: Page, scheme: str = "light") -> list[str]:
    """What axe finds on the page with its styles: rule, help and places."""
    page.wait_for_load_state("load")  # a heading is there before them
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_AXE)
    run = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(found => found.violations)"
    return [
        f"{each['id']}: {each['help']}: {[(node['target'], node['failureSummary']) for node in each['nodes']]}"
        for each in page.evaluate(run, _RULES[scheme])
    ]


def host(url: str) -> str:
    """Host and port."""
    return urlsplit(url).netloc
