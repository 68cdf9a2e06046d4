"""The samples, validated by the real sensor and real runs; Dagster's webserver on top of them; a browser before it.

Every page that a test opens is photographed into build/screenshots/, for people to look at; not in CI.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect, sync_playwright

from pipeline.installation import environment, once_command, prepare
from pipeline.settings import PROJECT_DIR, Settings, load_settings
from pipeline.state.catalog.catalog import Catalog
from tests.samples import SAMPLES_DIR
from tests.services import browser as find_browser

if TYPE_CHECKING:
    from tests.browser.service import Served

SCREENSHOTS = PROJECT_DIR / "build" / "screenshots"
START_S, PAGE_S, STOP_S = 180, 180, 60  # generous: another test may have the processor
# What Chromium must not do by itself: call home, update, guess names.
_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
# Warnings of the UI's own libraries about themselves, and what the browser says of a page that is left early.
_KNOWN_MESSAGES = re.compile(r"go\.apollo\.dev/c/err|WebSocket is closed before the connection is established")


@dataclass(frozen=True)
class Ui:
    """A served installation. ids: the dataset of each sample, by its name."""

    url: str
    ids: dict[str, str]
    settings: Settings


@dataclass
class Visit:
    """One browser page, and what it did that nobody asked for."""

    page: Page
    url: str
    messages: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def open(self, path: str, waits_for: str) -> Page:
        """Go to a page of the UI and wait for a text on it."""
        self.page.goto(f"{self.url}{path}")
        expect(self.page.get_by_text(waits_for, exact=True).first).to_be_visible()
        return self.page

    def complaint(self) -> str:
        """What the browser complained of last; waits for it, since it may come after what the page shows of it."""
        for _ in range(PAGE_S * 10):
            if self.messages:
                break
            self.page.wait_for_timeout(100)
        return self.messages.pop()

    def photograph(self, name: str) -> None:
        """Leave a picture of the page as it is."""
        photograph(self.page, name)


def photograph(page: Page, name: str, **options: Any) -> None:
    """Leave a picture in build/screenshots/; in CI nobody would look at it."""
    if not os.environ.get("CI"):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", **options)


@pytest.fixture(scope="session")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    settings = load_settings(data_dir=tmp_path_factory.mktemp("ui") / "data")
    prepare(settings)
    for sample in SAMPLES_DIR.glob("*.jsonl"):
        shutil.copy(sample, Path(settings.store) / "uploads" / settings.default_owner)
    variables = environment(settings, {**os.environ, "LORA_SETTLE_S": "0"})
    subprocess.run(once_command(), env=variables, cwd=PROJECT_DIR, check=True, capture_output=True, timeout=START_S)
    with Catalog.open(settings.catalog_url) as catalog:
        ids = {dataset.name: dataset.id for dataset in catalog.list_datasets(None).items}
    command = [sys.executable, "-m", "dagster_webserver", "-w", str(PROJECT_DIR / "workspace.yaml"), "-h", "127.0.0.1"]
    with serving([*command, "-p"], "/server_info", variables, settings.data_dir / "webserver.log") as url:
        yield Ui(url, ids, settings)


@contextmanager
def serving(command: list[str], health: str, variables: dict[str, str], log: Path) -> Iterator[str]:
    """A server on a free port, which is added to its command; yields its address once it answers at `health`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, str(port)], env=variables, cwd=PROJECT_DIR, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}{health}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        finally:
            _end_group(process.pid)  # its code server, which would notice only after a while


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return  # nobody is left


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline_s = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline_s:
        try:
            opener.open(url, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the server does not answer:\n{log.read_text()[-2_000:]}")


@pytest.fixture(scope="module")
def local_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Served"]:
    """Everything on this machine."""
    from tests.browser.service import served_from

    dagster = "http://127.0.0.1:3000"
    with served_from(tmp_path_factory.mktemp("local") / "data", {}, dagster_url=dagster) as served:
        yield served


@pytest.fixture(scope="module")
def remote_service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Served"]:
    """Uploads and lake in a bucket, the catalog in PostgreSQL."""
    from tests.browser.service import served_from

    gateway, postgres = (request.getfixturevalue(name) for name in ("s3_gateway", "postgres_server"))
    bucket = gateway.new_bucket()
    client = gateway.client()
    # What docs/operations.md tells the operator to do: browsers ask the bucket before they send.
    rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["PUT"], "AllowedHeaders": ["*"]}
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    client.close()
    with served_from(
        tmp_path_factory.mktemp("remote") / "data",
        gateway.environment,
        store=f"s3://{bucket}/store",
        lake=f"s3://{bucket}/lake",
        s3_endpoint_url=gateway.endpoint_url,
        catalog_url=postgres.new_database(),
    ) as served:
        yield served


@pytest.fixture(scope="module")  # Playwright keeps an event loop running, which Dagster's own tests cannot bear
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=find_browser(), args=_FLAGS)
        yield started
        started.close()


@pytest.fixture
def visit(ui: Ui, chromium: Browser) -> Iterator[Visit]:
    """A page of its own for each test."""
    with visiting(chromium, ui.url, viewport={"width": 1400, "height": 1000}) as made:
        yield made


@contextmanager
def visiting(chromium: Browser, url: str, *others: str, **options: Any) -> Iterator[Visit]:
    """A page that is refused what it asks of other machines, and fails at its end if it did, or complained.

    others: where it may send requests besides.
    """
    context = chromium.new_context(timezone_id="UTC", locale="en-GB", **options)
    context.set_default_timeout(PAGE_S * 1_000)
    expect.set_options(timeout=PAGE_S * 1_000)
    made = Visit(context.new_page(), url)

    def guard(route: Route) -> None:
        if route.request.url.startswith((url, *others)):
            route.continue_()
        else:
            made.outside.append(route.request.url)
            route.abort()

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _KNOWN_MESSAGES.search(message.text):
            made.messages.append(f"{message.type}: {message.text}")

    context.route(re.compile(r"^https?:"), guard)
    made.page.on("console", listen)
    made.page.on("pageerror", lambda error: made.messages.append(f"exception: {error}"))
    made.page.on("websocket", lambda socket: None if url[5:] in socket.url else made.outside.append(socket.url))
    yield made
    context.close()
    assert made.messages == []
    assert made.outside == []
