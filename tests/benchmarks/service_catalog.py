"""A catalog with many datasets, as real ones are: long samples, four statuses, names of several words."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.tables import datasets

_WORDS = (
    "support chat spring billing refund legal medical notes school code review recipes travel Über café sales".split()
)
_STATUSES = {"ready": 80, "error": 15, "validating": 3, "uploading": 2}
_CHUNK = 2_000


def fill(folder: Path, count: int, user_id: str, url: str = "") -> None:
    """Put datasets into the catalog of a folder; a tenth are another user's."""
    numbers = random.Random(1)
    turns = [{"role": role, "content": "lorem ipsum dolor " * 12} for role in ("user", "assistant") * 3]
    samples = [{"conversation_id": f"c{n}", "turns": turns} for n in range(3)]
    began = datetime(2026, 1, 1, tzinfo=UTC)
    with Catalog.open(url or f"sqlite:///{folder / 'catalog.db'}") as catalog, catalog._writing() as connection:
        for start in range(0, count, _CHUNK):
            rows = [
                {
                    "id": f"d-{n:06d}-{numbers.getrandbits(32):08x}",
                    "user_id": user_id if n % 10 else "bob",
                    "name": f"{' '.join(numbers.sample(_WORDS, 3))} {n}",
                    "status": numbers.choices(list(_STATUSES), list(_STATUSES.values()))[0],
                    "storage_bucket": "local",
                    "storage_path": f"uploads/{user_id}/{n}.jsonl",
                    "file_name": f"{n}.jsonl",
                    "file_size": 1_000 + n,
                    "training_ready": False,
                    "sample_data": samples,
                    "validation_errors": [],
                    "content_version": f"sha256:{n}",
                    "observed_version": "1",
                    "attempt": 1,
                    "created_at": began + timedelta(seconds=37 * n),
                    "updated_at": began,
                }
                for n in range(start, min(start + _CHUNK, count))
            ]
            connection.execute(insert(datasets), rows)
