"""What commands connect to, opened when they need it; the heavy libraries are imported here, not with the commands."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.flow.generation.making import Making
    from pipeline.settings import Settings
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.lake import Lake
    from pipeline.state.store import Store


def current_settings() -> "Settings":
    """The settings of the environment."""
    from pipeline.settings import load_settings

    return load_settings()


@contextmanager
def open_catalog(settings: "Settings", *, make: bool = False) -> "Iterator[Catalog]":
    """The catalog of the installation. make: also where there is none yet."""
    from pipeline.state.catalog.catalog import Catalog

    with Catalog.open(settings.catalog_url, make=make) as catalog:
        yield catalog


def has_catalog(settings: "Settings") -> bool:
    """Whether there is an installation to ask. A database on a server is taken to be there: whoever set it means it."""
    scheme, _, path = settings.catalog_url.partition(":///")
    return not scheme.startswith("sqlite") or Path(path.partition("?")[0]).exists()


@contextmanager
def open_making(settings: "Settings", *, make: bool = False) -> "Iterator[Making]":
    """What conversations are made with: catalog, lake, prices, and whoever is asked. make: as `open_catalog`."""
    from pipeline.flow.generation.installing import making_of

    with (
        open_catalog(settings, make=make) as catalog,
        making_of(catalog, connect_lake(settings), settings, os.environ) as making,
    ):
        yield making


def connect_lake(settings: "Settings") -> "Lake":
    """The lake of the installation."""
    from pipeline.state.lake import make_lake

    return make_lake(settings)


def connect_store(settings: "Settings") -> "Store":
    """The store of the installation."""
    from pipeline.state.store import make_store

    return make_store(settings)
