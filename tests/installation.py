"""A whole installation in a test's own folder: settings, a real Dagster instance, the real definitions.

`tick` does with a sensor's result what Dagster's daemon does with it, in the same order; runs execute in this process.
The daemon itself is tried in `end_to_end/test_dev.py`.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow.parquet as pq
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from pipeline.definitions import build_defs, build_resources
from pipeline.settings import Settings, load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.job_records import Job
from pipeline.state.catalog.tries import WORKS
from pipeline.state.lake import Lake, make_lake
from sensors.pausing import _WATCHES
from tests.samples import SAMPLES_DIR

PROJECT_DIR = Path(__file__).resolve().parent.parent
PARTITIONS = "datasets"
SENSOR = "new_uploads"
Row = dict[str, object]
_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


def conversation(number: int, *, turns: int = 2, words: str = "some words") -> str:
    """One faultless line."""
    roles = ("user", "assistant")
    listed = [{"role": roles[n % 2], "content": f"{words} {number}-{n}"} for n in range(turns)]
    return json.dumps({"conversation_id": f"c-{number}", "turns": listed}) + "\n"


def valid_file(count: int = 12, *, seed: int = 0) -> bytes:
    """A file of conversations that is accepted whole; another seed gives other bytes."""
    return "".join(conversation(seed * 1_000_000 + number) for number in range(count)).encode()


def bad_file(bad_lines: int = 15, *, seed: int = 0) -> bytes:
    """A file with two good lines, then lines that are not JSON."""
    return valid_file(2, seed=seed) + b"{not json\n" * bad_lines


@dataclass
class Tick:
    """What a tick of the upload sensor led to. runs: tags of the runs that Dagster would start."""

    result: dg.SensorResult
    runs: list[dict[str, str]] = field(default_factory=list)


class Installation:
    """Everything an installation has, and the hands of the daemon."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.settings = settings
        self.instance = instance
        self.defs = build_defs(settings)
        self.repository = self.defs.get_repository_def()
        self.uploads = Path(settings.store) / "uploads"
        self.cursors: dict[str, str | None] = {}

    # What people do

    def drop(self, name: str, content: bytes, owner: str = "ana") -> Path:
        """Put a file into the store as a person would."""
        path = self.uploads / owner / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def lose_catalog(self) -> None:
        """Remove the catalog's file, as a disk does."""
        for path in self.settings.data_dir.glob("catalog.db*"):
            path.unlink()

    # What the daemon does

    def evaluate(self, sensor: str) -> dg.SensorResult:
        """Run the sensor's own code and return its wishes; nothing is done about them, the cursor stays."""
        _WATCHES.clear()  # a look of the tick before is not old enough here
        definition = self.repository.get_sensor_def(sensor)
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursors.get(sensor),
            repository_def=self.repository,
            sensor_name=sensor,
            resources=build_resources(self.settings),
        ) as context:
            return definition.evaluate_tick(context)

    def apply(self, sensor: str, result: dg.SensorResult) -> list[dict[str, str]]:
        """Do what the daemon does with a result, in its order; return the tags of the runs to start."""
        for event in result.asset_events:
            self.instance.report_runless_asset_event(event)
        for request in result.dynamic_partitions_requests or []:
            if isinstance(request, dg.DeleteDynamicPartitionsRequest):
                for key in request.partition_keys:
                    self.instance.delete_dynamic_partition(request.partitions_def_name, key)
            else:
                self.instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
        self.cursors[sensor] = result.cursor
        runs = []
        for request in result.run_requests or []:
            tags = {**request.tags, "dagster/sensor_name": sensor, "dagster/run_key": request.run_key or ""}
            key = {name: tags[name] for name in ("dagster/sensor_name", "dagster/run_key")}
            if not (request.run_key and self.instance.get_runs(dg.RunsFilter(tags=key))):
                runs.append(tags)
        return runs

    def tick(self, sensor: str = SENSOR) -> Tick:
        """One tick of a sensor, applied."""
        result = self.evaluate(sensor)
        return Tick(result, self.apply(sensor, result))

    def run(self, job: str, tags: Mapping[str, str] | None = None) -> dg.ExecuteInProcessResult:
        """Execute a job to its end, well or badly."""
        return self.repository.get_job(job).execute_in_process(
            instance=self.instance, tags=dict(tags or {}), raise_on_error=False, run_config=_QUIET
        )

    def enqueue(self, job: str, tags: Mapping[str, str] | None = None) -> None:
        """Leave a run in the queue; nobody takes it out."""
        origin = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), self.repository.name)
        status = dg.DagsterRunStatus.QUEUED
        run = dg.DagsterRun(job, status=status, tags=dict(tags or {}), remote_job_origin=RemoteJobOrigin(origin, job))
        self.instance.add_run(run)

    def ingest(self) -> list[dg.ExecuteInProcessResult]:
        """A tick of the upload sensor and all the runs that it asks for."""
        return [self.run("ingest", tags) for tags in self.tick().runs]

    def plan(self) -> list[dg.ExecuteInProcessResult]:
        """A tick of the sensor of ready datasets and all the runs that it asks for."""
        return [self.run("plan_training", tags) for tags in self.tick("ready_datasets").runs]

    def forget_requests(self) -> None:
        """As if Dagster had lost every run that was asked for."""
        with self.catalog() as catalog:
            for work in WORKS:
                for request in catalog.open_requests(work):
                    catalog.release(work, [request.dataset_id], request.request_key)

    # What there is afterwards

    @contextmanager
    def catalog(self) -> Iterator[Catalog]:
        with Catalog.open(self.settings.catalog_url) as opened:
            yield opened

    @property
    def lake(self) -> Lake:
        return make_lake(self.settings)

    @property
    def partitions(self) -> list[str]:
        return list(self.instance.get_dynamic_partitions(PARTITIONS))

    def datasets(self) -> list[Dataset]:
        """All datasets, deleted and superseded ones too, oldest first."""
        with self.catalog() as catalog:
            page = catalog.list_datasets(None, limit=10_000, include_deleted=True, include_superseded=True)
        return page.items[::-1]

    def dataset(self, name: str) -> Dataset:
        """The current dataset of that name."""
        [found] = [each for each in self.datasets() if each.name == name and each.superseded_by is None]
        return found

    def statuses(self) -> dict[str, str]:
        """The status of each current dataset, by name."""
        return {each.name: each.status for each in self.datasets() if each.superseded_by is None}

    def jobs(self) -> list[Job]:
        """All training jobs, oldest first."""
        with self.catalog() as catalog:
            return catalog.list_jobs(None, limit=10_000).items[::-1]

    def notices(self) -> list[tuple[str, str]]:
        """Kind and title of every notification, oldest first."""
        with self.catalog() as catalog:
            return [(each.kind, each.title) for each in catalog.notifications(None, limit=10_000)][::-1]

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the warehouse as an analyst would."""
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def lake_rows(self, table: str, dataset_id: str) -> list[Row]:
        """A dataset's rows of a table of the local lake."""
        rows: list[Row] = pq.ParquetFile(self.lake.uri(table, dataset_id)).read().to_pylist()
        return rows

    def materializations(self, asset: str, dataset_id: str | None = None) -> list[dg.AssetMaterialization]:
        """What was materialized, oldest first."""
        wanted = dg.AssetRecordsFilter(
            asset_key=dg.AssetKey(asset), asset_partitions=[dataset_id] if dataset_id else None
        )
        records = self.instance.fetch_materializations(wanted, limit=1_000, ascending=True).records
        return [record.asset_materialization for record in records if record.asset_materialization]

    def failures(self, job: str = "ingest") -> list[str]:
        """What the failed runs of a job say, oldest run first."""
        runs = self.instance.get_runs(dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.FAILURE]))
        return [self._failure(run.run_id) for run in reversed(runs)]

    def _failure(self, run_id: str) -> str:
        records = self.instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
        texts = []
        for record in records:
            event = record.event_log_entry.dagster_event
            assert event is not None
            error = event.step_failure_data.error
            while error is not None:
                texts.append(error.message)
                error = error.cause
            if metadata := event.step_failure_data.user_failure_data:
                texts += [str(value.value) for value in metadata.metadata.values()]
        return "\n".join(texts)


def local_settings(data_dir: Path, **chosen: object) -> Settings:
    """Everything under one folder, whatever the environment says; uploads are taken at once."""
    defaults = {
        "data_dir": data_dir,
        "dagster_home": data_dir / "dagster_home",
        "settle_s": 0,
        "look_again_s": 0,
        "publication_pause_s": 0,
    }
    return load_settings(**defaults | chosen)


def new_home(home: Path) -> None:
    """Make a DAGSTER_HOME as `deploy/` has it."""
    home.mkdir(parents=True)
    shutil.copy(PROJECT_DIR / "deploy" / "dagster.yaml", home)


@contextmanager
def opened(settings: Settings, template: Path | None = None) -> Iterator[Installation]:
    """The installation of these settings; its DAGSTER_HOME is made, from a copy of `template` if there is one."""
    if not settings.dagster_home.exists():
        if template:
            shutil.copytree(template, settings.dagster_home)
        else:
            new_home(settings.dagster_home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(settings.dagster_home))  # `dagster.yaml` reads it
        instance = dg.DagsterInstance.from_config(str(settings.dagster_home))
        assert instance.event_log_storage
    with instance:
        yield Installation(settings, instance)


@contextmanager
def with_samples(folder: Path, template: Path) -> Iterator[Installation]:
    """An installation as the demo leaves it, made in this process."""
    with opened(local_settings(folder / "data"), template) as made:
        for sample in SAMPLES_DIR.glob("*.jsonl"):
            made.drop(sample.name, sample.read_bytes(), owner=made.settings.default_owner)
        assert [run.success for run in [*made.ingest(), *made.plan()]] == [True, True]
        assert made.run("publish").success
        yield made


MakeInstallation = Callable[..., Installation]


@pytest.fixture(scope="session")
def dagster_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty DAGSTER_HOME with its databases made, to copy: making them takes seconds."""
    settings = local_settings(tmp_path_factory.mktemp("template"))
    with opened(settings) as installation:
        installation.instance.get_runs(limit=1)
    return settings.dagster_home


@pytest.fixture
def make_installation(tmp_path: Path, dagster_home: Path) -> Iterator[MakeInstallation]:
    """Makes installations with chosen settings; each has a folder of its own under the test's."""
    with ExitStack() as stack:

        def make(**chosen: object) -> Installation:
            settings = local_settings(tmp_path / "data", **chosen)
            return stack.enter_context(opened(settings, dagster_home))

        yield make


@pytest.fixture
def installation(make_installation: MakeInstallation) -> Installation:
    """An installation with the defaults, everything local; uploads are taken at once."""
    return make_installation()
