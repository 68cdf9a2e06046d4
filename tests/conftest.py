"""What every test can rely on: a clean environment, the markers' skips, and settings in a temporary folder."""

import gc
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from pipeline.settings import Settings, load_settings
from tests.services import SERVICES, names_a_service

# As the command says to itself: pytest has a process per core, and more. Before anything imports Polars.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

# Fixtures that serve tests of several folders, and the end of what tests started.
pytest_plugins = ["tests.postgres", "tests.s3_gateway", "tests.ending_together", "tests.new_catalogs"]

# Helpers that assert for tests are to be as telling as tests, whoever imports them first.
pytest.register_assert_rewrite("tests.properties.reading", "tests.properties.whole_bytes")

# Deadlines would make a test's verdict depend on the machine's load. In CI the examples are the same every time.
hypothesis_settings.register_profile("dev", deadline=None)
hypothesis_settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True, max_examples=12)
hypothesis_settings.register_profile("thorough", deadline=None, max_examples=2_000)

_QUICK_START = str(Path(__file__).parent / "quick_start")

# Folders and files whose few tests start processes and wait for them, or try much: minutes each.
_LONGEST = {
    "test_kill.py", "test_killed_servers.py", "test_one_machine.py", "test_ray_cluster.py", "test_servers.py",
    "test_service_journey.py", "test_trainers.py", "test_trainings.py",
}  # fmt: skip
_LONG = {
    "chaos", "end_to_end", "browser", "test_families.py", "test_process.py", "test_dev.py", "test_isolation.py",
    "test_long_texts.py", "test_mending.py", "test_publication.py", "test_supervision.py", "test_whole_bytes.py",
}  # fmt: skip


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: many tests wait for processes."""
    return (os.cpu_count() or 1) + 2


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="A test that skips, fails (what `make test-all` asks for)")


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith(("LORA_", "DAGSTER_", "AWS_"))]:
        del os.environ[name]
    with suppress(ValueError):  # only the main thread may, and a worker's may be another
        # Behind a shell's `&` it is ignored. Dagster treats SIGTERM as it finds SIGINT, and children inherit both.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # For what tests start, and for the workers of pytest: `tests/quick_start/sitecustomize.py`.
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and path != _QUICK_START]
    os.environ["PYTHONPATH"] = os.pathsep.join([*paths, _QUICK_START])
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"  # botocore would look for credentials on the network
    hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`make test-services` imports no file that has nothing for it: five of six have not."""
    is_for_services = config.getoption("markexpr") == "needs_service" and collection_path.name.startswith("test_")
    return True if is_for_services and not names_a_service(collection_path) else None


def pytest_itemcollected(item: pytest.Item) -> None:
    for marker, service in SERVICES.items():
        if item.get_closest_marker(marker):
            assert names_a_service(item.path), f"{item.path}: neither it nor a conftest.py above it says {marker}"
            item.add_marker("needs_service")
            if service.find() is None:
                item.add_marker(pytest.mark.skip(reason=f"{service.what} is missing: `make test-all` installs it"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first, then the largest, so that no worker is left with one at the end."""
    sizes = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[bool, bool, int, str]:
        name = item.path.name
        return name not in _LONGEST, not _LONG & {*item.path.parts}, -sizes[item.path], str(item.path)

    items.sort(key=place)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is here now stays: whoever collects garbage in a worker looks through it no more."""
    if hasattr(session.config, "workerinput"):  # which ends as `tests/quick_start/sitecustomize.py` says
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    return _failed_if_skipped(item.config, report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    report = yield
    return _failed_if_skipped(collector.config, report)


def _failed_if_skipped(config, report):
    if config.getoption("--no-skips") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} (a skip is a failure under --no-skips)"
    return report


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Defaults, with everything local under the test's own folder."""
    return load_settings(data_dir=tmp_path / "data")
