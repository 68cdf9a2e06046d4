"""Whether sensors wait: while store, catalog or lake do not answer, no run is asked for, and one line says so.

The sensor of new uploads waits as well while the queue does not answer that tells of them.
"""

import threading
from collections.abc import Callable, Sequence

import dagster as dg

from pipeline.clock import utc_now
from pipeline.flow.health import Part, probe, probe_queue
from pipeline.flow.operators import Operators
from pipeline.flow.outages import Watch
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from pipeline.state.store import Store

_LOCK = threading.Lock()
_WATCHES: dict[tuple[str, ...], Watch] = {}  # one for all sensors of a process: they tick in threads


def outage(store: Store, catalog: Catalog, lake: Lake, settings: Settings) -> str:
    """Why to wait; empty where all answer."""
    key = (settings.store, settings.catalog_url, settings.lake)
    return _reason(key, settings, "outages.json", lambda: probe(store, catalog, lake))


def queue_outage(settings: Settings) -> str:
    """Why to wait for the queue that tells of uploads; empty where it answers, or there is none."""
    if not settings.events:
        return ""
    from pipeline.state.store.event_queue import make_event_queue  # boto3 takes half a second

    queue = make_event_queue(settings)
    key = (settings.events, settings.sqs_endpoint_url)
    return _reason(key, settings, "queue_outages.json", lambda: probe_queue(queue) if queue else ())


def _reason(key: tuple[str, ...], settings: Settings, file: str, ask: Callable[[], Sequence[Part]]) -> str:
    with _LOCK:
        watch = _WATCHES.get(key)
        if watch is None:
            operators = Operators.of_settings(settings)
            watch = _WATCHES[key] = Watch(lambda: (), settings.data_dir / file, operators, utc_now)
        watch.ask = ask  # with the connections of this tick
        return watch.reason()


def waits(reason: str, cursor: str | None) -> dg.SensorResult:
    """What a sensor answers then."""
    return dg.SensorResult(skip_reason=f"waiting: {reason}", cursor=cursor)
