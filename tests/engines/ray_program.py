"""A program of `.venv-ray`: one upload by one process, and by a Ray cluster of this machine, a worker of which dies.

python -m tests.engines.ray_program FOLDER   prints as JSON how the two compare, and what is said of other work
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from pipeline.engines import engine_problem
from pipeline.engines import ray as ray_engine
from pipeline.engines.ray import Ray
from pipeline.errors import PipelineError
from pipeline.flow import stored_ranges
from pipeline.flow.stored_ranges import cluster_of
from pipeline.flow.validation import Validator
from pipeline.state.catalog.dataset_records import Dataset
from tests.engines.clusters import read_range_dying_once
from tests.engines.test_processes import square
from tests.flow.test_stored_ranges import near_file
from tests.flow.test_validation import ROWS, _register, place
from tests.installation import bad_file, valid_file


@contextmanager
def local_cluster(workers: int) -> Iterator[str]:
    """The address of a cluster that starts, with workers of one core, each a process."""
    port = _free_port()
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:  # short: it names sockets
        said = ["ray", "start", "--head", "--block", "--disable-usage-stats", "--include-dashboard=false"]
        said += [f"--port={_free_port()}", f"--ray-client-server-port={port}", f"--temp-dir={folder}"]
        said += [f"--num-cpus={workers}", "--object-store-memory=80000000"]
        said[0] = str(Path(sys.executable).with_name("ray"))
        with open(f"{folder}/log", "wb") as log, subprocess.Popen(said, stdout=log, stderr=log) as head:
            try:
                yield f"ray://127.0.0.1:{port}"
            finally:
                head.terminate()


def _wait_for(address: str) -> None:
    while engine_problem(address, 1):
        time.sleep(0.1)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _said(validator: Validator, dataset: Dataset) -> tuple[int, object]:
    """In how many parts an upload was read, and all that came of it."""
    outcome = validator.validate(dataset)
    rows = {table: pq.read_table(outcome.lake_uris[table]).to_pylist() for table in ROWS}
    return len(outcome.profile.parts), (asdict(outcome.verdict()), outcome.profile.as_dict("a"), rows)


class _Lent(Ray):
    """An engine that stays when who has it closes it."""

    def __init__(self, engine: Ray) -> None:
        self.__dict__ = engine.__dict__

    def close(self) -> None:
        """Nothing: it is wanted again."""


def _refused(engine: Ray) -> list[str]:
    """What is said of a part that cannot be done, and of workers with other sources."""
    said = []
    for digest in (ray_engine.sources_digest, lambda: "ours"):
        ray_engine.sources_digest = digest
        try:
            dict(engine.map(square, [49]))
        except PipelineError as error:
            said.append(str(error))
    return said


def main(folder: Path) -> None:
    """Print it."""
    stored_ranges.MIN_RANGE_BYTES = 20_000
    stored_ranges.read_range = read_range_dying_once
    settings, alone = place.__wrapped__(folder)
    _, dataset = _register(settings, near_file(30) + valid_file(170) + bad_file(3))
    with local_cluster(2) as address:
        cluster = cluster_of(settings.model_copy(update={"engine": address, "cluster_near_rows": 200}))
        one = _said(alone, dataset)
        _wait_for(address)
        with closing(cluster.begin()) as engine:
            lent = replace(cluster, begin=lambda: _Lent(engine))
            many = _said(replace(alone, large_upload_bytes=dataset.file_size - 1, cluster=lent), dataset)
            refused = _refused(engine)
    said = {"parts": [one[0], many[0]], "is_same": one[1] == many[1], "refused": refused}
    print(json.dumps(said | {"died": sorted(os.listdir(settings.data_dir / "lake" / "_staging"))}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
