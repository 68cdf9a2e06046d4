"""The set of partitions is bounded, and a dataset without a partition is not a lost one."""

from pipeline.clock import utc_now
from pipeline.flow.reconcile import reconcile
from pipeline.state.store import make_store
from tests.cli.goldens import run
from tests.installation import bad_file, valid_file

SENSOR, READY = "old_partitions", "ready_datasets"


def _filled(make_installation, **chosen):
    """Three ready datasets and a rejected one, planned; oldest first."""
    installation = make_installation(partitions_kept=1, **chosen)
    for name in ("a", "b", "c"):
        installation.drop(f"{name}.jsonl", valid_file(12, seed=ord(name)))
        installation.ingest()
    installation.drop("bad.jsonl", bad_file())
    installation.ingest()
    return installation


def test_what_is_under_way_keeps_its_partition(make_installation):
    installation = _filled(make_installation)
    before = installation.partitions

    installation.tick(SENSOR)  # the ready ones wait for their plan
    while_unplanned = installation.partitions
    installation.plan()
    [newest] = [each for each in installation.datasets() if each.name == "c"]
    installation.enqueue("ingest", {"dagster/partition": newest.id})
    tick = installation.tick(SENSOR)

    assert while_unplanned == [key for key in before if key != installation.dataset("bad").id]
    assert installation.partitions == [newest.id]
    assert list(installation.instance.get_dynamic_partitions(READY)) == [newest.id]
    assert tick.result.skip_message == "4 partitions retired"
    assert installation.tick(SENSOR).result.skip_message == "at most 1 partition: none retires"


def test_a_retired_dataset_is_not_lost_and_a_replay_brings_it_back(make_installation):
    installation = _filled(make_installation)
    installation.plan()
    installation.tick(SENSOR)
    retired = installation.dataset("a")
    assert retired.id not in installation.partitions
    jobs = [job.id for job in installation.jobs()]

    nothing = [installation.tick("new_uploads").runs, installation.tick(READY).runs]
    with installation.catalog() as catalog:
        found = reconcile(
            make_store(installation.settings), catalog, installation.lake, installation.settings, utc_now()
        )
    [published] = [installation.run("publish")]
    said = run(["datasets", "retry", "a", "--owner", "ana"], {"LORA_DATA_DIR": str(installation.settings.data_dir)})
    runs = [*installation.ingest(), *installation.plan()]

    assert said.stdout == f"{retired.id}: is validated again as soon as the daemon looks\n"
    assert nothing == [[], []]
    assert (found.lost, found.registered) == ((), ())
    assert published.success
    assert len(installation.query("SELECT DISTINCT dataset_id FROM conversations")) == 3
    assert [each.success for each in runs] == [True, True]
    assert installation.partitions[-1] == installation.instance.get_dynamic_partitions(READY)[-1] == retired.id
    assert installation.dataset("a").run_id != retired.run_id
    assert [job.id for job in installation.jobs()] == jobs


def test_a_plan_is_made_where_only_the_ready_set_has_the_partition(make_installation):
    """It was asked for in the moment in which the other one went."""
    installation = _filled(make_installation)
    for key in installation.partitions:
        installation.instance.delete_dynamic_partition("datasets", key)

    assert [each.success for each in installation.plan()] == [True]
    assert len(installation.jobs()) == 3
