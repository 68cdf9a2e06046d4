"""How many verdicts there were, and how long they took: counted as they come, since the service started."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.service.measures.exposition import Sample
from pipeline.service.measures.histogram import Histogram
from pipeline.state.catalog.measures import MOST_DECIDED, DecidedDataset

_BOUNDS_S = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3_600.0)
# A verdict has the time at which its transaction began; others may be seen before it.
OVERLAP = timedelta(minutes=1)


class VerdictTimes:
    """What was decided since `since`; each verdict counts once, however often it is seen."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        self._times = Histogram((), _BOUNDS_S)
        self._verdicts: Counter[str] = Counter(ready=0, error=0)
        self._seen: dict[tuple[str, datetime], datetime] = {}

    def add(self, decided: Sequence[DecidedDataset], now: datetime) -> None:
        """Count those of `decided` that are new; it is what `Catalog.decided_since` says of `since`."""
        for each in decided:
            key = (each.dataset_id, each.validated_at)
            if key not in self._seen:
                self._verdicts[each.status] += 1
                if each.requested_at is not None:
                    self._times.add(max(0.0, (each.validated_at - each.requested_at).total_seconds()))
            self._seen[key] = each.validated_at
        is_cut = len(decided) >= MOST_DECIDED
        self.since = max(self.since, min(now - OVERLAP, decided[-1].validated_at) if is_cut else now - OVERLAP)
        self._seen = {key: at for key, at in self._seen.items() if at >= self.since}

    def counts(self) -> list[Sample]:
        """By verdict."""
        return [Sample(count, {"verdict": verdict}) for verdict, count in self._verdicts.items()]

    def times(self) -> list[Sample]:
        """The histogram."""
        return list(self._times.samples())
