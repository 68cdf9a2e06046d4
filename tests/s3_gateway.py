"""A real S3 service for tests: the fixture `s3_gateway`, started once a session by `start_s3_gateway.sh`.

It checks signatures, keeps the order of keys and answers conditional and ranged requests as production services do.
"""

import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_SCRIPT = Path(__file__).with_name("start_s3_gateway.sh")
_PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw")


@dataclass(frozen=True)
class S3Gateway:
    """Where the service listens and who may use it."""

    endpoint_url: str
    access_key: str
    secret_key: str

    @property
    def port(self) -> int:
        return int(self.endpoint_url.rpartition(":")[2])

    @property
    def environment(self) -> dict[str, str]:
        """The variables from which any AWS program takes its credentials."""
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}

    def client(self, endpoint_url: str = "", secret_key: str = "", max_attempts: int = 3) -> Any:
        """A boto3 client configured as in production, perhaps through another endpoint or with another secret."""
        import boto3

        from pipeline.store.s3_client import s3_config

        return boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url or self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=secret_key or self.secret_key,
            config=s3_config(max_attempts),
        )

    def new_bucket(self) -> str:
        """Create a bucket of a name not used before."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        client = self.client()
        client.create_bucket(Bucket=name)
        client.close()
        return name


@pytest.fixture(scope="session")
def s3_gateway() -> Iterator[S3Gateway]:
    """The running service; skips, and says so, where its programs are not installed."""
    if missing := [program for program in _PROGRAMS if not shutil.which(program)]:
        packages = " ".join(_PROGRAMS)
        pytest.skip(f"no {', '.join(missing)}: apt-get install --no-install-recommends {packages}")
    # Not tmp_path: the path of a Unix socket inside must stay under 108 bytes.
    with tempfile.TemporaryDirectory(prefix="s3-") as folder:
        command = [str(_SCRIPT), folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                line = process.stdout.readline()  # the script gives up by itself after 30 s
                if not line:
                    raise RuntimeError(f"{_SCRIPT.name} did not start the service; it says why above")
                yield S3Gateway(*line.split())
            finally:
                process.stdin.close()  # which ends the script and its servers
                process.wait(timeout=20)
