"""Tells a store or lake that is empty from one that is not there: not mounted, mistyped, somebody else's.

A place is known again by its mark, a small hidden file that is put there as soon as something of ours was found in it.
Without the mark it is known by what lies there: one of the newest uploads or datasets is enough. So a catalog that was
lost and made anew, or restored, knows its places by their content; a new installation expects nothing; and a store
that may only be read needs no mark. What a missing dataset means is decided elsewhere (`reconcile`, the warehouse).
"""

import io
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import CatalogError, LakeError, ObjectMissing, ObjectUnreadable, StoreError
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.place_marks import NOT_MARKABLE, Known, Place
from pipeline.state.lake import Lake
from pipeline.state.lake.lake_protocol import MARK_KEY
from pipeline.state.store import Store
from pipeline.state.store.keys import UPLOADS

STORE_KEY = f"{UPLOADS}{MARK_KEY}"
_LOG = logging.getLogger(__name__)
_MAX_MARK_BYTES = 200


@dataclass(frozen=True, slots=True)
class Site:
    """A store or lake, as far as recognising it goes."""

    name: Place
    where: str
    read_mark: Callable[[], str | None]
    write_mark: Callable[[str], None]
    holds: Callable[[str], bool]

    @property
    def setting(self) -> str:
        """The variable that says where it is."""
        return f"LORA_{self.name.upper()}"


def site_of_store(store: Store) -> Site:
    """The store, known by the keys of uploads."""

    def read_mark() -> str | None:
        try:
            with store.open(STORE_KEY) as reader:
                return reader.read(_MAX_MARK_BYTES).decode(errors="replace").strip()
        except (
            ObjectMissing,
            ObjectUnreadable,
        ):  # what cannot be read is no mark either: the place is known by the rest
            next(store.list(UPLOADS), None)  # raises where the place cannot be listed, or is no folder
            return None

    def write_mark(mark: str) -> None:
        content = f"{mark}\n".encode()
        store.put(STORE_KEY, io.BytesIO(content), len(content))

    def holds(key: str) -> bool:
        try:
            store.stat(key)
        except ObjectMissing:
            return False
        except ObjectUnreadable:
            return True
        return True

    return Site("store", store.uri(UPLOADS.rstrip("/")), read_mark, write_mark, holds)


def site_of_lake(lake: Lake) -> Site:
    """The lake, known by datasets."""
    return Site("lake", lake.place, lake.read_mark, lake.write_mark, lake.has)


def problem_of(site: Site, known: Known | None, catalog: Catalog) -> str | None:
    """Return why a place is not the one that the catalog means, or None; a place that is known again gets its mark.

    known: None where the catalog does not answer; then only what the place itself says counts.

    Raises:
        StoreError, LakeError: the place does not answer.
        CatalogError: the catalog cannot be told the mark.
    """
    found = site.read_mark()
    if known is None or (known.mark and found == known.mark):
        return None
    if any(site.holds(key) for key in known.expected):
        if known.mark != NOT_MARKABLE or found:
            catalog.remember_mark(site.name, found or _write_mark(site, known.mark or uuid.uuid4().hex))
        return None
    if not known.expected and not known.mark:
        return None
    return _sentence(site, known, found)


def lake_problem(catalog: Catalog, lake: Lake) -> str | None:
    """`problem_of` the lake, from what the catalog knows now."""
    return _problem_now(site_of_lake(lake), catalog)


def store_problem(catalog: Catalog, store: Store) -> str | None:
    """`problem_of` the store, from what the catalog knows now."""
    return _problem_now(site_of_store(store), catalog)


def _problem_now(site: Site, catalog: Catalog) -> str | None:
    mark = catalog.mark_of(site.name)
    if mark and site.read_mark() == mark:
        return None  # as nearly always, and asked before each dataset
    return problem_of(site, catalog.known_places()[site.name], catalog)


def mark_store(catalog: Catalog, store: Store) -> None:
    """Put the mark into a store in which uploads were just seen, so that one removed a moment later is no lost store.

    Once it is known, nothing is asked of the store. What goes wrong with it is left to those who need the place.
    """
    with suppress(StoreError, CatalogError):
        if not catalog.mark_of("store"):
            store_problem(catalog, store)


def mark_lake(catalog: Catalog, lake: Lake) -> None:
    """The same for a lake in which a dataset was just put."""
    with suppress(LakeError, CatalogError):
        lake_problem(catalog, lake)


def insist_on_places(store: Store, catalog: Catalog, lake: Lake) -> None:
    """Refuse to go on with a store or lake that is not the one that is meant.

    Raises:
        StoreError, LakeError: it is not, or does not answer.
        CatalogError: the catalog does not answer.
    """
    insist_on_store(store, catalog)
    insist_on_lake(lake, catalog)


def insist_on_store(store: Store, catalog: Catalog) -> None:
    """The same for the store alone: what is not there has not lost what was sent to it, and takes nothing.

    Raises:
        StoreError, CatalogError: as `insist_on_places`.
    """
    if problem := store_problem(catalog, store):
        raise StoreError(problem)


def insist_on_lake(lake: Lake, catalog: Catalog) -> None:
    """The same for the lake alone: what is put into a folder whose disk is not mounted is out of sight with it.

    Raises:
        LakeError, CatalogError: as `insist_on_places`.
    """
    if problem := lake_problem(catalog, lake):
        raise LakeError(problem)


def adopt(site: Site, catalog: Catalog, now: datetime) -> None:
    """Take a place as it is, whatever should lie there: a person says that the rest is lost.

    Raises:
        StoreError, LakeError: the place does not answer.
        CatalogError: the catalog does not.
    """
    mark = site.read_mark() or _write_mark(site, uuid.uuid4().hex)
    catalog.remember_mark(site.name, mark, adopted_at=now)


def _write_mark(site: Site, mark: str) -> str:
    try:
        site.write_mark(mark)
    except (StoreError, LakeError) as error:
        _LOG.info("the %s %s gets no mark, and is known by what lies there: %s", site.name, site.where, error)
        return NOT_MARKABLE
    return mark


def _sentence(site: Site, known: Known, found: str | None) -> str:
    what = {"store": "uploads", "lake": "datasets"}[site.name]
    named = f", none of the newest {what} among them ({', '.join(known.expected[:2])} …)" if known.expected else ""
    if found and known.mark:
        state = f"found that of another installation (mark {found[:8]}, expected {known.mark[:8]})"
    elif found:
        state = f"found that of another installation (mark {found[:8]})"
    else:
        state = "found neither its mark nor its files"
    return (
        f"expected the {site.name} of this installation at {site.where}, {state}{named}: mount it, or check "
        f"{site.setting} and LORA_CATALOG_URL; if it is lost for good, `lora-pipeline adopt {site.name}` starts over "
        f"with what is there"
    )
