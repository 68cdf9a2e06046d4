"""The datasets of a run's partitions, and when the pages of a batch are written that many of them share.

A batch is told of as a whole, out of the catalog, when the run comes to the last of the datasets that it was asked for:
before what came of that one is noted. So a run that is killed before has left a dataset that is asked for again, and
the next run tells of the batch.
"""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import dagster as dg

from assets.failed_datasets import request_key
from pipeline.flow.batch_work import PASSING
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.tries import Work

_Outcome = TypeVar("_Outcome")


def run_datasets(context: dg.AssetExecutionContext, catalog: Catalog, work: Work) -> dict[str, str]:
    """The partition of each dataset that a run is to work on, in that order: of those that the run's request names;
    where a person started it, of all in its partitions.

    Of a batch those are left out that nobody asked for: the upload of a former version has other bytes by now, and its
    verdict would be replaced by a refusal.
    """
    key = request_key(context.run)
    members = catalog.partition_members(context.partition_keys, only_listed=not key)
    asked = catalog.asked_by(work, key) if key else None
    return {each: partition for partition, ids in members.items() for each in ids if asked is None or each in asked}


class BatchPages(Generic[_Outcome]):
    """Writes the pages of each batch once. places: as `run_datasets` finds them. tell: writes them; it is given what is
    not in the catalog yet.
    """

    def __init__(self, places: Mapping[str, str], tell: Callable[[str, _Outcome | None], None]) -> None:
        self._places = places
        self._tell = tell
        self._problem: Exception | None = None
        self._left: dict[str, set[str]] = {}
        for dataset_id, place in self._places.items():
            if place != dataset_id:
                self._left.setdefault(place, set()).add(dataset_id)

    def has(self, dataset_id: str) -> bool:
        """Whether a dataset is told of with others."""
        return self._places[dataset_id] != dataset_id

    def about_to_note(self, dataset_id: str, outcome: _Outcome) -> None:
        """Tell of the batch, if this dataset was the last of it that was left."""
        place = self._places[dataset_id]
        left = self._left.get(place, set())
        left.discard(dataset_id)
        if not left:
            self._left.pop(place, None)
            try:
                self._tell(place, outcome)
            except PASSING:
                raise
            except Exception as error:  # whichever dataset it is about, it is not this one's fault
                self._problem = self._problem or error

    def tell_rest(self) -> None:
        """Tell of the batches of which a dataset failed, or was decided by another.

        Raises:
            Exception: what kept another batch from being told of; its datasets are decided.
        """
        for place in list(self._left):
            del self._left[place]
            self._tell(place, None)
        if self._problem:
            raise self._problem
