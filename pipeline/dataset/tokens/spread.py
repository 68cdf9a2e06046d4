"""How counted values spread, and the estimate of tokens by words that the replaced system made."""

from collections.abc import Mapping

import numpy as np

TOKENS_PER_WORD = 1.3  # the replaced system's estimate; wrong by a factor for text without spaces
TOKEN_METHOD = "words*1.3"  # noqa: S105  # not a password
PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


def spread(histogram: Mapping[int, int]) -> dict[str, int | None]:
    """Minimum, nearest-rank percentiles and maximum of the values counted; None where there are none."""
    if not histogram:
        return dict.fromkeys(("min", *PERCENTILES, "max"))
    values = np.array(sorted(histogram), dtype=np.int64)
    reached = np.cumsum([histogram[value] for value in values.tolist()])
    ranks = {name: int(np.ceil(share * reached[-1])) for name, share in PERCENTILES.items()}
    at = {name: int(values[np.searchsorted(reached, rank)]) for name, rank in ranks.items()}
    return {"min": int(values[0]), **at, "max": int(values[-1])}
