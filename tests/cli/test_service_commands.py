"""`serve` as a process and `upload --server`: a token once, a file uploaded with it."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import Result

from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from tests.cli.goldens import run
from tests.samples import SAMPLES_DIR

PROGRAM = [sys.executable, "-c", "from pipeline.cli import main; main()"]


@contextmanager
def serving(data_dir: Path, *options: str) -> Iterator[tuple[str, str]]:
    """A running service; its address, and what it said until it was ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*PROGRAM, "serve", "--port", str(port), *options]
    with subprocess.Popen(
        command, env=os.environ | {"LORA_DATA_DIR": str(data_dir)}, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        said = ""
        while "running on" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        yield f"http://127.0.0.1:{port}", said
        process.terminate()
        process.stderr.read()


def upload(*arguments: str, token: str | None = None) -> Result:
    return run(["upload", *arguments], {"LORA_TOKEN": token} if token else {})


@pytest.fixture
def sample() -> Path:
    return SAMPLES_DIR / "support_chat.jsonl"


def test_the_token_is_shown_once_and_opens_the_service(tmp_path, sample, monkeypatch):
    with serving(tmp_path) as (url, said):
        [token] = re.findall(r"^token \(shown this once\): (\S+)$", said, re.MULTILINE)
        told = ("--name", "Support", "--description", "Night shift", "--format", "openai")
        done = upload(str(sample), "--server", url, *told, token=token)
        wrong = upload(str(sample), "--server", url, token="wrong")
        none = upload(str(sample), "--server", url)
    with monkeypatch.context() as patch:  # all but the server itself, and its logs
        patch.setattr("uvicorn.Server.run", lambda _: None)
        patch.setattr("pipeline.cli.serve.configure_logs", lambda _: None)
        again = run(["serve"], {"LORA_DATA_DIR": str(tmp_path)})
    with serving(tmp_path, "--new-token") as (url, renewed):
        assert "token (shown this once)" in renewed
        old = upload(str(sample), "--server", url, token=token)

    assert "alembic.runtime.migration" in said
    assert "alembic.runtime.plugins" not in said
    assert re.fullmatch(r"support-chat-[0-9a-f]{16}: validating\n", done.stdout)
    assert again.stderr == "service: http://127.0.0.1:8000\n"
    assert [each.exit_code for each in (done, wrong, none, old)] == [0, 2, 2, 2]
    assert none.stderr == "error: --token: expected the service's token, found none; set LORA_TOKEN\n"
    assert "is not the one of this installation" in wrong.stderr
    with Catalog.open(load_settings(data_dir=tmp_path).catalog_url) as catalog:
        [dataset] = catalog.list_datasets("local").items
    assert (dataset.name, dataset.description, dataset.format) == ("Support", "Night shift", "openai")
    assert (dataset.status, dataset.file_size) == ("validating", sample.stat().st_size)


@pytest.mark.parametrize("option", ["--resume", "--description", "--format"])
def test_what_only_a_service_takes_needs_one(sample, option):
    done = upload(str(sample), option, "some")

    assert (done.exit_code, "expected --server as well" in done.stderr) == (2, True)
