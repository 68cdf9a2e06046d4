"""Dagster's queue of runs, which starts none while store, catalog or lake do not answer, and else as many as there is
room for.

Each run taken from the queue would only wait, or die while it starts. A limit of 0 is Dagster's documented way to start
nothing; the queue stays as it is.
"""

import logging
from functools import cached_property
from typing import Any

from dagster import DagsterInstance

from pipeline.clock import utc_now
from pipeline.cores import usable_cores
from pipeline.errors import SettingsError
from pipeline.flow.health import Part, probe
from pipeline.flow.operators import Operators
from pipeline.flow.outages import Watch
from pipeline.settings import Settings, load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import make_lake
from pipeline.state.store import make_store
from resources.dagster_internals import NOTHING_STARTED, QUEUE_LOGGER, QueuedRunCoordinator, RunQueueConfig

_FEWEST = 2  # the start of one overlaps the work of the other


class PausingRunCoordinator(QueuedRunCoordinator[DagsterInstance]):
    """Asks the parts of the installation that the LORA_* variables describe, at most every few seconds."""

    _is_in_daemon = False

    def __init__(self, max_concurrent_runs: int | None = None, **chosen: Any) -> None:
        super().__init__(max_concurrent_runs=max_concurrent_runs, **chosen)
        self._is_limit_chosen = max_concurrent_runs is not None

    @property
    def dequeue_interval_seconds(self) -> int:
        """Asked by a daemon while it is made, and by nothing else: only a daemon starts runs, and has to look."""
        self._is_in_daemon = True
        return super().dequeue_interval_seconds

    def get_run_queue_config(self) -> RunQueueConfig:
        """The limits of the queue, as the daemon asks for them each second."""
        config = super().get_run_queue_config()
        if self._is_in_daemon and self._watch.reason():
            return config._replace(max_concurrent_runs=0)
        return config if self._is_limit_chosen else config._replace(max_concurrent_runs=self._room)

    @cached_property
    def _room(self) -> int:
        return room_for_runs(load_settings(), usable_cores())

    @cached_property
    def _watch(self) -> Watch:
        logging.getLogger(QUEUE_LOGGER).addFilter(_is_worth_a_line)
        settings = load_settings()
        store, lake = make_store(settings), make_lake(settings)
        catalog = Catalog.open_lazily(settings.catalog_url, make=False)

        def ask() -> tuple[Part, ...]:
            try:
                catalog.ping()
            except SettingsError:
                return ()  # there is no catalog yet, and so nothing to wait for
            except Exception:  # noqa: S110  # the probe says what is wrong
                pass
            return probe(store, catalog, lake)

        return Watch(ask, settings.data_dir / "outages.json", Operators.of_settings(settings), utc_now)


def room_for_runs(settings: Settings, cores: int) -> int:
    """How many runs at a time: more than there are cores only take memory and start more slowly."""
    return settings.concurrent_runs or max(_FEWEST, cores)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Not each second that nothing is started: that is said once, where the outage begins."""
    return NOTHING_STARTED not in record.getMessage()
