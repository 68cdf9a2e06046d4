"""Publishes the warehouse, and asks at once for what turns out to be lost. Building it is in `state/warehouse`."""

from datetime import datetime
from pathlib import Path

from pipeline.errors import LakeError, WarehouseIncomplete
from pipeline.flow.marks import lake_problem
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from pipeline.state.warehouse import WarehouseReport, build_warehouse


def publish(
    path: Path,
    catalog: Catalog,
    lake: Lake,
    now: datetime,
    *,
    may_shrink: bool = False,
    is_thorough: bool = True,
    is_full: bool = False,
) -> WarehouseReport:
    """Publish the state of catalog and lake at `path`; the options are those of `build_warehouse`.

    Datasets whose files are gone from a lake that is there go back to validation; where the lake itself is not there,
    nothing is lost, and nothing is asked for.

    Raises:
        WarehouseIncomplete: it would lack datasets that it should have; the old file stays.
        WarehouseError, CatalogError, LakeError: see `build_warehouse`.
    """
    try:
        report = build_warehouse(
            path, catalog, lake, now, may_shrink=may_shrink, is_thorough=is_thorough, is_full=is_full
        )
    except WarehouseIncomplete as incomplete:
        if incomplete.lost and _is_there(catalog, lake):
            catalog.request_again(incomplete.lost, now)
        raise
    _is_there(catalog, lake)  # a lake that is read for the first time gets its mark
    return report


def _is_there(catalog: Catalog, lake: Lake) -> bool:
    try:
        return lake_problem(catalog, lake) is None
    except LakeError:
        return False
