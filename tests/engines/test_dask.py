"""A cluster says what one process says, whichever of its workers dies; where none answers, no dataset is to blame."""

import os
import sys
from dataclasses import asdict, replace

import pyarrow.parquet as pq
import pytest

from pipeline.doctor import _engine
from pipeline.engines import check_engine, dask, engine_problem, make_engine, same_sources
from pipeline.errors import EngineDown, EngineError, SettingsError
from pipeline.flow import stored_near, stored_ranges
from pipeline.flow.stored_ranges import cluster_of
from pipeline.preflight import Line
from tests.engines.clusters import join_by_bands_dying_once, local_cluster, read_range_dying_once
from tests.engines.test_processes import square
from tests.flow.test_stored_ranges import near_file
from tests.flow.test_validation import ROWS, _register, place
from tests.installation import bad_file, valid_file

__all__ = ["place"]
NOBODY = "dask://127.0.0.1:9"


def test_a_cluster_of_which_a_worker_is_killed_gives_the_verdict_and_rows_of_one_process(place, monkeypatch):
    monkeypatch.setattr(stored_ranges, "MIN_RANGE_BYTES", 20_000)
    monkeypatch.setattr(stored_ranges, "read_range", read_range_dying_once)
    monkeypatch.setattr(stored_near, "join_by_bands", join_by_bands_dying_once)
    settings, alone = place
    _, dataset = _register(settings, near_file(30) + valid_file(170) + bad_file(3))

    outcomes, rows = [], []
    with local_cluster(2) as address:
        cluster = cluster_of(settings.model_copy(update={"engine": address, "cluster_near_rows": 200}))
        for each in (alone, replace(alone, large_upload_bytes=dataset.file_size - 1, cluster=cluster)):
            outcomes.append(each.validate(dataset))
            rows.append({table: pq.read_table(outcomes[-1].lake_uris[table]) for table in ROWS})

    assert [len(each.profile.parts) for each in outcomes] == [1, 2]
    assert asdict(outcomes[0].verdict()) == asdict(outcomes[1].verdict())
    assert outcomes[0].profile.as_dict("a") == outcomes[1].profile.as_dict("a")
    assert all(rows[0][table].equals(rows[1][table]) for table in ROWS)
    assert sorted(os.listdir(settings.data_dir / "lake" / "_staging")) == ["died", "died of bands"]


def test_a_scheduler_that_does_not_answer_is_an_outage_that_doctor_names(settings):
    problem = engine_problem(NOBODY, 0.2)

    assert problem.startswith(f"the Dask scheduler of LORA_ENGINE={NOBODY} has not answered for 0 s (")
    assert problem.endswith("): check that it is up and that this machine reaches it, or set LORA_ENGINE=processes")
    with pytest.raises(EngineDown):
        make_engine(NOBODY, 1, 0.2)
    [line] = _engine(settings.model_copy(update={"engine": NOBODY}))
    assert (line.name, line.level) == ("engine", "fail")
    assert list(_engine(settings)) == []


def test_a_cluster_without_workers_is_one_too_and_one_with_other_sources_does_nothing(settings, monkeypatch):
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, processes=False, dashboard_address=None, protocol="tcp://") as cluster:
        address = cluster.scheduler_address.replace("tcp", "dask")
        assert engine_problem(address, 0.2) == (
            f"the Dask scheduler of LORA_ENGINE={address} has had no worker for 0 s: start some, or set "
            "LORA_ENGINE=processes"
        )
        cluster.scale(1)
        assert list(_engine(settings.model_copy(update={"engine": address}))) == [Line("engine", "ok", "answers")]
        engine = make_engine(address, 1)
        assert (engine.width, dict(engine.map(square, [4, 9]))) == (1, {0: 2, 1: 3})
        monkeypatch.setattr(dask, "sources_digest", lambda: "ours")
        with pytest.raises(EngineError, match="another version of lora-dataset-pipeline: install this one on all"):
            dict(engine.map(square, [4]))
        engine.close()


def test_a_program_with_another_format_is_another_one(tmp_path, monkeypatch):
    monkeypatch.setattr(same_sources, "PROJECT_DIR", tmp_path)
    declared = tmp_path / "pipeline/dataset/formats/rows/declared/a.toml"
    declared.parent.mkdir(parents=True)
    digests = []
    for text in ("a = 1", "a = 2"):
        declared.write_text(text)
        digests.append(same_sources.sources_digest.__wrapped__())

    assert digests[0] != digests[1]


def test_without_dask_the_setting_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(SettingsError, match=r"pip install 'lora-dataset-pipeline\[dask\]'"):
        check_engine(NOBODY)
    check_engine("processes")
