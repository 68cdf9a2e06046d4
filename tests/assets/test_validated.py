"""Two uploads, one of them bad, validated by one run over both."""

import hashlib

import dagster as dg

from tests.assets.conftest import BAD, GOOD


def test_one_run_covers_both_datasets(validated):
    """Runs are the expensive unit: what arrives together is validated together."""
    [run] = validated.instance.get_runs(dg.RunsFilter(job_name="ingest"))

    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert run.tags["lora/datasets"] == "2"


def test_a_valid_file_becomes_ready_and_a_bad_one_does_not(validated):
    """A bad file is a verdict; it does not touch its neighbour, and the run succeeds."""
    assert validated.statuses() == {"good": "ready", "bad": "error"}


def test_the_catalog_says_what_is_in_a_ready_dataset(validated):
    """The figures that lists show."""
    good = validated.dataset("good")

    assert good.training_ready
    assert (good.conversation_count, good.line_count, good.rejected_line_count) == (12, 12, 0)
    assert good.content_sha256 == hashlib.sha256(GOOD).hexdigest()
    assert good.validation_errors == []
    assert len(good.sample_data) == 3
    assert good.format == "native"
    assert good.failure is None


def test_the_catalog_names_the_first_ten_errors_of_a_bad_file(validated):
    """Whoever uploaded it sees the lines to mend; all the others are in the lake."""
    bad = validated.dataset("bad")

    assert not bad.training_ready
    assert [(row["line"], row["code"]) for row in bad.validation_errors] == [
        (line, "malformed-json") for line in range(3, 13)
    ]
    assert (bad.line_count, bad.conversation_count, bad.rejected_line_count) == (17, 2, 15)


def test_each_owner_is_told_once(validated):
    """One notification a dataset, in one sentence."""
    with validated.catalog() as catalog:
        told = sorted((notice.title, notice.message) for notice in catalog.notifications("ana"))

    assert told == [
        ("bad has errors", "15 of 17 lines rejected; first: line 3, malformed-json."),
        ("good is ready", "12 conversations, 144 tokens."),
    ]


def test_the_lake_has_every_row_once(validated, good_id, bad_id):
    """accepted + rejected + blank lines == lines read."""
    assert [row["line"] for row in validated.lake_rows("conversations", good_id)] == list(range(1, 13))
    assert len(validated.lake_rows("turns", good_id)) == 24
    assert validated.lake_rows("findings", good_id) == []
    assert [row["line"] for row in validated.lake_rows("conversations", bad_id)] == [1, 2]
    assert [row["line"] for row in validated.lake_rows("findings", bad_id)] == list(range(3, 18))


def test_the_warehouse_shows_both_datasets(validated):
    """An analyst finds verdicts and rows together."""
    verdicts = validated.query("SELECT name, status, content_sha256 FROM datasets ORDER BY name")
    findings = validated.query("SELECT DISTINCT d.name, code FROM findings JOIN datasets d ON d.id = dataset_id")
    turns = validated.query(
        "SELECT d.name, count(*) FROM turns JOIN datasets AS d ON d.id = dataset_id GROUP BY ALL ORDER BY ALL"
    )

    assert verdicts == [
        ("bad", "error", hashlib.sha256(BAD).hexdigest()),
        ("good", "ready", hashlib.sha256(GOOD).hexdigest()),
    ]
    assert findings == [("bad", "malformed-json")]
    assert turns == [("good", 24)]  # the rows to train on


def test_nothing_is_left_in_staging(validated):
    """What is made aside is put in place or removed."""
    staging = validated.settings.data_dir / "lake" / "_staging"

    assert list(staging.iterdir()) == []
