"""Whether sensors wait: while store, catalog or lake do not answer, no run is asked for, and one line says so."""

import threading

import dagster as dg

from pipeline.clock import utc_now
from pipeline.flow.health import probe
from pipeline.flow.operators import Operators
from pipeline.flow.outages import Watch
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from pipeline.state.store import Store

_LOCK = threading.Lock()
_WATCHES: dict[tuple[str, str, str], Watch] = {}  # one for all sensors of a process: they tick in threads


def outage(store: Store, catalog: Catalog, lake: Lake, settings: Settings) -> str:
    """Why to wait; empty where all answer."""
    with _LOCK:
        key = (settings.store, settings.catalog_url, settings.lake)
        watch = _WATCHES.get(key)
        if watch is None:
            file = settings.data_dir / "outages.json"
            watch = _WATCHES[key] = Watch(lambda: (), file, Operators.of_settings(settings), utc_now)
        watch.ask = lambda: probe(store, catalog, lake)  # the connections of this tick
        return watch.reason()


def waits(reason: str, cursor: str | None) -> dg.SensorResult:
    """What a sensor answers then."""
    return dg.SensorResult(skip_reason=f"waiting: {reason}", cursor=cursor)
