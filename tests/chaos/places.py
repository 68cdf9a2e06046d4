"""Where an installation keeps its data, in two profiles, and how each place is taken away for a while.

`local`: folders, with SQLite for the catalog and for Dagster. `servers`: uploads and lake in a bucket, the catalog and
Dagster's own storage on PostgreSQL, by deploy/dagster-postgres.yaml.
"""

import io
import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.installation import environment, prepare
from pipeline.settings import PROJECT_DIR, Settings, load_settings
from pipeline.state.store.keys import safe_key
from pipeline.state.store.store_factory import make_store
from tests.chaos.uploads import OWNERS
from tests.postgres import PostgresServer, as_ordinary_role, running_server
from tests.s3_gateway import S3Gateway, running_gateway
from tests.service.serving import SECRET
from tests.services import postgres_bin

PROFILES = ("local", "servers")


@dataclass(frozen=True, slots=True)
class Outage:
    """A way in which a place is gone, until it is there again."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]


@dataclass(frozen=True)
class Places:
    """An installation's places. variables: the environment of its processes; outages: by name."""

    settings: Settings
    variables: Mapping[str, str]
    outages: Mapping[str, Outage] = field(default_factory=dict)

    def with_variables(self, **variables: str) -> "Places":
        """The same, with further variables for the processes."""
        return replace(self, variables={**self.variables, **variables})

    def drop(self, owner: str, file_name: str, content: bytes) -> None:
        """Put a file into the store as a careful person would: it appears whole, or not at all.

        Raises:
            StoreError, OSError: the store is not there.
        """
        if self.settings.store.startswith("s3://"):
            make_store(self.settings).put(safe_key(owner, file_name), io.BytesIO(content), len(content))
            return
        folder = Path(self.settings.store) / "uploads" / owner  # not made here: a store that is gone stays gone
        written = folder / f".{file_name}.written"
        written.write_bytes(content)
        written.rename(folder / file_name)


@contextmanager
def local_places(folder: Path) -> Iterator[Places]:
    """Folders and files of this machine. Outages: the store's folder or the lake's is moved away, or empty."""
    settings = load_settings(data_dir=folder / "data", store=str(folder / "store"), jwt_secret=SECRET)
    prepare(settings)
    _make_folders(Path(settings.store))
    places = {"store": Path(settings.store), "lake": Path(settings.lake)}
    outages = [_moved(name, path) for name, path in places.items()] + [_emptied("lake", places["lake"])]
    variables = _variables(settings, {"LORA_STORE": settings.store})
    yield Places(settings, variables, {outage.name: outage for outage in outages})


def _make_folders(store: Path) -> None:
    """One for each owner, as an installation has them that was used before."""
    for owner in itertools.chain.from_iterable(OWNERS.values()):
        (store / "uploads" / owner).mkdir(parents=True, exist_ok=True)


def _moved(name: str, path: Path) -> Outage:
    away = path.with_name(f".{path.name}-away")
    return Outage(f"{name}-moved", lambda: _move(path, away), lambda: _put_back(path, away))


def _emptied(name: str, path: Path) -> Outage:
    """As a folder is whose disk is not mounted."""
    away = path.with_name(f".{path.name}-away")

    def begin() -> None:
        _move(path, away)
        path.mkdir()

    return Outage(f"{name}-unmounted", begin, lambda: _put_back(path, away))


def _move(path: Path, away: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.rename(away)


def _put_back(path: Path, away: Path) -> None:
    # A disk that is mounted hides what was written into the folder below it.
    shutil.rmtree(path, ignore_errors=True)
    away.rename(path)


@contextmanager
def server_places(folder: Path, postgres: PostgresServer, gateway: S3Gateway | None) -> Iterator[Places]:
    """Catalog and Dagster's storage in new databases; uploads and lake in a new bucket, without a gateway in folders.

    Outages: PostgreSQL or the gateway is stopped, or takes connections and never answers.
    """
    own = {"LORA_CATALOG_URL": as_ordinary_role(postgres.new_database())} | _bucket(folder, gateway)
    settings = load_settings(
        data_dir=folder / "data",
        jwt_secret=SECRET,
        **{name.removeprefix("LORA_").lower(): value for name, value in own.items()},
    )
    prepare(settings)
    shutil.copyfile(PROJECT_DIR / "deploy" / "dagster-postgres.yaml", settings.dagster_home / "dagster.yaml")
    dagster = {
        "DAGSTER_PG_HOST": "127.0.0.1",
        "DAGSTER_PG_PORT": str(postgres.port),
        "DAGSTER_PG_USER": "postgres",
        "DAGSTER_PG_PASSWORD": "trusted",
        "DAGSTER_PG_DB": postgres.new_database().rpartition("/")[2],
        # As the file's first lines advise.
        "DAGSTER_EVENT_BATCH_SIZE": "1000",
        "DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS": "1",
    }
    servers = {"catalog": postgres} | ({"bucket": gateway} if gateway else {})
    outages = [
        Outage(f"{name}-{way}", begin, end)
        for name, server in servers.items()
        for way, begin, end in (("stopped", server.stop_hard, server.start), ("hanging", server.freeze, server.thaw))
    ]
    variables = dagster | (gateway.environment if gateway else {})
    with _environment(variables):  # for our own look at store, lake and runs
        yield Places(settings, _variables(settings, own | variables), {outage.name: outage for outage in outages})


def _bucket(folder: Path, gateway: S3Gateway | None) -> dict[str, str]:
    if gateway is None:
        _make_folders(folder / "store")
        return {"LORA_STORE": str(folder / "store")}
    bucket = gateway.new_bucket()
    return {
        "LORA_STORE": f"s3://{bucket}/in",
        "LORA_LAKE": f"s3://{bucket}/lake",
        "LORA_S3_ENDPOINT_URL": gateway.endpoint_url,
    }


@contextmanager
def places_of(profile: str, folder: Path) -> Iterator[Places]:
    """The places of a profile, with servers of their own where it needs some."""
    if profile == "local":
        with local_places(folder) as places:
            yield places
        return
    programs = postgres_bin()
    if programs is None:
        raise RuntimeError("PostgreSQL is missing: `make test-all` installs it")
    with (
        running_server(programs) as postgres,
        running_gateway() as gateway,
        server_places(folder, postgres, gateway) as places,
    ):
        yield places


def _variables(settings: Settings, own: Mapping[str, str] | None = None) -> dict[str, str]:
    dropped = ("LORA_", "DAGSTER_", "AWS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    always = {
        "LORA_JWT_SECRET": SECRET,
        "LORA_REQUESTS_PER_MINUTE": "100000",
        "LORA_PUBLICATION_PAUSE_S": "0",
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "PYTHONUNBUFFERED": "1",
    }
    return environment(settings, kept | always | (own or {}))


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
