"""Promises of `pipeline.state.lake.local_lake` and of what writes to a disk."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipeline.errors import LakeError
from pipeline.settings import load_settings
from pipeline.state.lake import PUBLISH_ORDER, LocalLake, TableWriter, make_lake, write_empty
from tests.state.lake.examples import publish


def test_files_lie_in_hive_folders_and_nothing_else_is_left(local_lake, tmp_path):
    publish(local_lake, "d1")
    publish(local_lake, "d1")

    files = sorted(str(path.relative_to(tmp_path / "lake")) for path in tmp_path.rglob("*") if path.is_file())

    assert files == sorted(f"{table}/dataset_id=d1/data.parquet" for table in PUBLISH_ORDER)


def test_duckdb_reads_the_tables_with_their_dataset(local_lake, tmp_path):
    publish(local_lake, "d1")
    publish(local_lake, "d2")

    rows = duckdb.sql(
        f"SELECT dataset_id, count(*) FROM read_parquet('{tmp_path}/lake/turns/*/data.parquet') GROUP BY 1 ORDER BY 1"
    ).fetchall()

    assert rows == [("d1", 4), ("d2", 4)]


def test_a_relative_folder_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    uri = LocalLake(Path("lake")).uri("turns", "d1")

    assert uri == f"{tmp_path}/lake/turns/dataset_id=d1/data.parquet"


def test_settings_choose_a_local_lake(tmp_path):
    settings = load_settings(data_dir=tmp_path)

    assert make_lake(settings).uri("turns", "d1") == f"{tmp_path}/lake/turns/dataset_id=d1/data.parquet"


def test_settings_choose_a_lake_on_s3(tmp_path):
    settings = load_settings(data_dir=tmp_path, lake="s3://bucket/some/prefix")

    lake = make_lake(settings, s3_client_factory=object)

    assert lake.uri("turns", "d1") == "s3://bucket/some/prefix/turns/dataset_id=d1/data.parquet"


def test_a_full_disk_is_said(tmp_path):
    column = pa.array([1] * 10_000)
    columns = {"line": column, "byte_offset": column, "turn_count": column, "word_count": column}
    columns["conversation_id"] = pa.array(["x"] * 10_000)
    columns["turns_hash"] = pa.array([os.urandom(16) for _ in range(10_000)], pa.binary(16))

    with pytest.raises(LakeError) as failure, TableWriter("conversations", Path("/dev/full")) as writer:
        writer.write(columns)

    assert str(failure.value) == (
        "cannot write /dev/full: No space left on device; free some space there and try again"
    )


def test_a_lake_that_is_a_file_is_said(tmp_path):
    (tmp_path / "lake").write_text("not a folder")
    files = {table: write_empty(table, tmp_path / f"{table}.parquet") for table in PUBLISH_ORDER}

    with pytest.raises(LakeError) as failure:
        LocalLake(tmp_path / "lake").publish("d1", files)

    assert str(failure.value) == (
        f"cannot put in place {tmp_path}/lake/turns/dataset_id=d1/data.parquet: Not a directory; "
        "check that it is a folder that can be used, and LORA_LAKE"
    )


def test_a_dataset_whose_publication_was_killed_is_not_in_the_lake(local_lake, tmp_path):
    # The process kills itself right before the last rename; the engine's real files lie in its staging folder.
    program = f"""
import os, signal
from pathlib import Path
from pipeline.state.lake import LocalLake
from tests.state.lake.examples import publish
rename = os.replace
def kill_before_the_last(source, target):
    if "profiles" in str(target):
        os.kill(os.getpid(), signal.SIGKILL)
    rename(source, target)
os.replace = kill_before_the_last
publish(LocalLake(Path({str(tmp_path / "lake")!r})), "d1")
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False)

    assert killed.returncode == -signal.SIGKILL
    assert (local_lake.has("d1"), local_lake.profile_versions()) == (False, {})
    publish(local_lake, "d1")
    assert local_lake.has("d1")
