"""What the UI shows of two datasets that one run validated: each its own events."""

import base64
import hashlib
import re
from pathlib import Path
from xml.etree import ElementTree

import dagster as dg
import pytest
from dagster import AssetCheckKey
from dagster._core.storage.event_log.base import PartitionKeyFilter

from pipeline.dataset.profiles.profile_checks import CHECKS
from tests.assets.conftest import BAD, GOOD

STRUCTURE = AssetCheckKey(dg.AssetKey("dataset_profiles"), "structure")


def _keys(installation, asset):
    return [event.partition for event in installation.materializations(asset)]


def test_a_rejected_dataset_has_findings_and_a_profile_but_no_conversations(validated, good_id, bad_id):
    """The page must not show green for a dataset that cannot be trained on, although the run covered it."""
    assert _keys(validated, "conversations") == [good_id]
    assert _keys(validated, "findings") == [bad_id, good_id]
    assert _keys(validated, "dataset_profiles") == [bad_id, good_id]
    assert _keys(validated, "uploads") == [bad_id, good_id]
    assert validated.instance.get_materialized_partitions(dg.AssetKey("conversations")) == {good_id}


@pytest.mark.parametrize("asset", ["findings", "dataset_profiles"])
def test_the_data_version_is_the_hash_of_the_content(validated, asset):
    """Two uploads of the same bytes are the same data, and Dagster can see it."""
    versions = [event.tags["dagster/data_version"] for event in validated.materializations(asset)]

    assert versions == [hashlib.sha256(BAD).hexdigest(), hashlib.sha256(GOOD).hexdigest()]


@pytest.mark.parametrize("asset", ["conversations", "findings", "dataset_profiles", "uploads"])
def test_the_address_of_every_materialization_leads_to_a_file(validated, asset):
    """`dagster/uri` is where the rows are."""
    uris = [event.metadata["dagster/uri"].value for event in validated.materializations(asset)]

    assert uris
    assert [uri for uri in uris if not Path(uri).is_file()] == []


def test_row_counts_are_the_rows_of_the_files(validated, good_id, bad_id):
    """The number in the UI is the number in the lake."""
    for table in ["conversations", "findings"]:
        for event in validated.materializations(table):
            rows = validated.lake_rows(table, event.partition)
            assert event.metadata["dagster/row_count"].value == len(rows)


def test_the_profile_page_shows_the_figures_of_its_dataset(validated, bad_id):
    """Each partition its own numbers, although one step made both."""
    [event] = validated.materializations("dataset_profiles", bad_id)

    shown = {name: value.value for name, value in event.metadata.items()}

    assert {name: shown[name] for name in ["verdict", "summary", "conversations", "rejected_lines", "lines"]} == {
        "verdict": "error",
        "summary": "15 of 17 lines rejected; first: line 3, malformed-json.",
        "conversations": 2,
        "rejected_lines": 15,
        "lines": 17,
    }
    assert shown["size_bytes"] == len(BAD)
    assert shown["owner"] == "ana"
    assert Path(shown["upload"]).read_bytes() == BAD


@pytest.mark.parametrize("asset", ["findings", "dataset_profiles"])
def test_the_first_findings_are_a_table_of_at_most_ten_rows(validated, bad_id, asset):
    """Readable in the page; the rest is in the lake."""
    [event] = validated.materializations(asset, bad_id)

    table = event.metadata["first_findings"]

    assert [record.data["line"] for record in table.records] == list(range(3, 13))
    assert [column.name for column in table.schema.columns] == [
        *("row", "line", "code", "severity", "meaning", "where", "text", "message")
    ]


def test_a_finding_shows_its_line_with_what_is_wrong_marked(validated, bad_id):
    [event] = validated.materializations("findings", bad_id)

    first = event.metadata["first_findings"].records[0].data

    assert (first["line"], first["where"], first["text"]) == (3, "character 2 of the line", "{⟦n⟧ot json")


def test_a_faultless_dataset_shows_no_table_of_findings(validated, good_id):
    """Nothing to say is not said."""
    [event] = validated.materializations("dataset_profiles", good_id)

    assert "first_findings" not in event.metadata


@pytest.mark.parametrize("asset", ["conversations", "dataset_profiles"])
def test_the_picture_is_shown_inline(validated, good_id, asset):
    """Markdown of 1,000 characters becomes a link, raw SVG is stripped; this is neither, and a picture."""
    [event] = validated.materializations(asset, good_id)
    text = event.metadata["words_per_turn"].value

    data = re.fullmatch(r"!\[words per turn\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", text)

    assert len(text) < 1_000
    assert ElementTree.fromstring(base64.b64decode(data[1])).tag == "{http://www.w3.org/2000/svg}svg"


def _results(installation, dataset_id):
    storage = installation.instance.event_log_storage
    results = {}
    for check in CHECKS:
        key = AssetCheckKey(dg.AssetKey("dataset_profiles"), check.name)
        history = storage.get_asset_check_execution_history(
            key, limit=10, partition_filter=PartitionKeyFilter(key=dataset_id)
        )
        record = history[-1]  # the newer ones were made by hand, in `test_asset_checks.py`
        evaluation = record.event.dagster_event.asset_check_evaluation_data
        results[check.name] = (record.status.value, evaluation.severity.value, evaluation.description)
    return results


def test_every_dataset_has_its_own_check_results(validated, good_id, bad_id):
    """A person sees for each dataset which questions it passed."""
    assert _results(validated, good_id) == {
        "structure": ("SUCCEEDED", "ERROR", "0 of 12 lines rejected"),
        "duplicates": ("SUCCEEDED", "WARN", "0 repeated ids, 0 repeated conversations"),
        "size": ("SUCCEEDED", "WARN", "12 conversations"),
        "role_order": ("SUCCEEDED", "WARN", "roles take turns and end with the assistant"),
    }
    assert _results(validated, bad_id) == {
        "structure": ("FAILED", "ERROR", "15 of 17 lines rejected"),
        "duplicates": ("SUCCEEDED", "WARN", "0 repeated ids, 0 repeated conversations"),
        "size": ("FAILED", "WARN", "2 conversations"),
        "role_order": ("SUCCEEDED", "WARN", "roles take turns and end with the assistant"),
    }


def test_the_partition_status_of_checks_is_what_the_page_shows(validated, good_id, bad_id):
    """The call behind the UI's page of partitions: no check is left planned."""
    info = validated.instance.event_log_storage.get_asset_check_partition_info([STRUCTURE])

    assert {each.partition_key: each.latest_execution_status.value for each in info} == {
        good_id: "SUCCEEDED",
        bad_id: "FAILED",
    }


def test_a_dataset_has_a_card_of_its_own(validated, good_id, bad_id):
    """The page that a person reads, whatever the verdict."""
    places = [Path(e.metadata["card"].value) for e in validated.materializations("dataset_profiles")]

    assert [place.name for place in places] == [f"{bad_id}.html", f"{good_id}.html"]
    titles = [place.read_text("utf-8").partition("<title>")[2].split(" ")[0] for place in places]
    assert [title.removesuffix("</title>") for title in titles] == ["bad", "good"]


def test_a_dataset_shows_what_each_trainer_does_with_it(validated, good_id):
    [event] = validated.materializations("dataset_profiles", good_id)

    rows = event.metadata["target_acceptance"].records

    assert [(row.data["trainer"], row.data["verdict"]) for row in rows][:2] == [
        ("OpenAI fine-tuning", "accepted"),
        ("Together fine-tuning", "accepted"),
    ]


@pytest.mark.parametrize(
    ("service_url", "shown"), [("", None), ("https://data.example.com/", "https://data.example.com")]
)
def test_the_asset_page_leads_to_the_page_of_its_dataset(make_installation, service_url, shown):
    """Where somebody said where the pages are."""
    installation = make_installation(service_url=service_url)
    installation.drop("good.jsonl", GOOD)
    installation.ingest()

    [event] = installation.materializations("dataset_profiles")

    page = event.metadata.get("page")
    assert (page.value if page else None) == (f"{shown}/datasets/{event.partition}" if shown else None)
