"""`lora-pipeline adopt`: a person says that a store, lake or catalog is all there is, and what is missing is lost."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.connections import connect_lake, connect_store, current_settings, open_catalog

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from pipeline.state.catalog.catalog import Catalog


class Adopted(StrEnum):
    """What can be adopted."""

    STORE = "store"
    LAKE = "lake"
    CATALOG = "catalog"


def adopt(
    what: Annotated[Adopted, typer.Argument(metavar="store|lake|catalog", help="What is to be taken as it is.")],
) -> None:
    """Go on with the store, lake or catalog that the settings name, after the old one was lost for good.

    Not needed while it is only away: mounted again, or with its setting right, it is known again by itself. After
    `adopt lake` every dataset is validated anew; after `adopt store` uploads that are gone stay gone; `adopt catalog`
    publishes a warehouse that lacks the datasets which this catalog does not know.
    """
    settings = current_settings()
    with open_catalog(settings) as catalog:
        done = {Adopted.STORE: _store, Adopted.LAKE: _lake, Adopted.CATALOG: _catalog}[what](settings, catalog)
    typer.echo(done)


def _store(settings: "Settings", catalog: "Catalog") -> str:
    from pipeline.clock import utc_now
    from pipeline.flow.marks import adopt, site_of_store

    site = site_of_store(connect_store(settings))
    adopt(site, catalog, utc_now())
    return f"the store is {site.where} from now on, with what lies there"


def _lake(settings: "Settings", catalog: "Catalog") -> str:
    from pipeline.clock import utc_now
    from pipeline.flow.marks import adopt, site_of_lake

    lake = connect_lake(settings)
    adopt(site_of_lake(lake), catalog, utc_now())
    lost = [each for each in catalog.with_verdict() if not lake.has(each)]
    catalog.request_again(lost, utc_now())
    return f"the lake is {lake.place} from now on; {len(lost)} datasets that it lacks wait for their validation"


def _catalog(settings: "Settings", catalog: "Catalog") -> str:
    from pipeline.clock import utc_now
    from pipeline.flow.publishing import publish

    report = publish(settings.warehouse, catalog, connect_lake(settings), utc_now(), may_shrink=True)
    return f"published {report.path} from {catalog.place}: {report.row_counts['datasets']} datasets"
