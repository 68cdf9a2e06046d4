"""`python -m tests.end_to_end.reader DATA_DIR`: an analyst and a program that read all the time and believe nothing.

Names of uploads say what is in them: `good-12-7` has 12 conversations, `bad-15-8` has 2 and 15 bad lines. Reads until
its input ends, then prints as JSON how often it read and everything that was wrong.
"""

import json
import select
import sys
import time
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

PAUSE = 4  # times as long as it reads
KEYS = {"conversations": "line", "turns": "(line, turn_index)", "findings": "line"}


def expected(name: str) -> dict[str, object]:
    """What is in the upload of that name."""
    kind, count, _ = name.split("-")
    if kind == "good":
        return {"status": "ready", "conversations": int(count), "turns": 2 * int(count), "findings": 0}
    return {"status": "error", "conversations": 2, "turns": 4, "findings": int(count)}


def wrong_in_warehouse(path: Path) -> list[str]:
    """Compare every dataset with a verdict with its name: too few rows, too many, or one twice."""
    wrong = []
    with duckdb.connect(str(path), read_only=True) as connection:
        verdicts = connection.execute("SELECT id, name, status FROM datasets WHERE validated_at IS NOT NULL").fetchall()
        counts = {}
        for view, key in KEYS.items():
            rows = connection.execute(
                f"SELECT dataset_id, count(*), count(DISTINCT {key}) FROM {view} GROUP BY dataset_id"
            ).fetchall()
            counts[view] = {dataset_id: set(numbers) for dataset_id, *numbers in rows}
        for dataset_id, name, status in verdicts:
            found = {"status": status} | {view: counts[view].pop(dataset_id, {0}) for view in KEYS}
            wanted = expected(name)
            if status == "error":  # the views hold the rows to train on
                wanted |= {"conversations": 0, "turns": 0}
            if found != {key: {value} if key in KEYS else value for key, value in wanted.items()}:
                wrong.append(f"warehouse: {name}: expected {wanted}, found {found}")
        wrong += [f"warehouse: {view}: rows without verdict: {rest}" for view, rest in counts.items() if rest]
    return wrong


def wrong_in_lake(folder: Path) -> list[str]:
    """Compare every dataset that has a profile with its name and with its other files."""
    wrong = []
    for path in folder.glob("profiles/dataset_id=*/data.parquet"):
        [profile] = pq.ParquetFile(path).read(["path", "status", *KEYS]).to_pylist()
        name = Path(profile.pop("path")).stem
        rows = {
            table: pq.ParquetFile(folder / table / path.parent.name / "data.parquet").metadata.num_rows
            for table in KEYS
        }
        if not profile == expected(name) == rows | {"status": profile["status"]}:
            wrong.append(f"lake: {name}: expected {expected(name)}, found {profile} and {rows}")
    return wrong


def main(data_dir: Path) -> None:
    reads, wrong = 0, []
    warehouse = data_dir / "warehouse.duckdb"
    print("ready", flush=True)
    took_s = 0.01
    while not select.select([sys.stdin], [], [], PAUSE * took_s)[0]:  # the cores are for what is killed
        began_s = time.monotonic()
        try:
            wrong += wrong_in_lake(data_dir / "lake")
            if warehouse.exists():
                wrong += wrong_in_warehouse(warehouse)
                reads += 1
        except Exception as error:
            wrong.append(repr(error))
        took_s = time.monotonic() - began_s
    print(json.dumps({"reads": reads, "wrong": wrong}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
