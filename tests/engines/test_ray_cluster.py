"""A real Ray cluster of this machine says what one process says, though a worker of it dies."""

import json
import os
import subprocess

import pytest

from pipeline.packaged_files import PROJECT_DIR
from tests.services import RAY

pytestmark = pytest.mark.needs_ray


def test_a_cluster_of_which_a_worker_is_killed_gives_the_verdict_and_rows_of_one_process(tmp_path):
    command = [str(RAY / "bin/python"), "-m", "tests.engines.ray_program", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_DIR)}  # for the workers, too
    ran = subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "parts": [1, 2],
        "is_same": True,
        "refused": [
            "no 49",
            "a worker of LORA_ENGINE has another version of lora-dataset-pipeline: install this one on all",
        ],
        "died": ["died"],
    }
