"""What a person reads of an asset before it has run: each one is owned, described, and placed."""

from datetime import timedelta

import dagster as dg
import pytest

from pipeline.dataset.profiles.profile_checks import CHECKS
from pipeline.definitions import build_defs
from pipeline.settings import PROJECT_DIR, load_settings
from pipeline.state.lake import SCHEMAS

# Nothing here computes it, so no version of our code describes its data.
WITHOUT_CODE_VERSION = {"scaffolds", "training_files", "uploads"}


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    return build_defs(load_settings(data_dir=tmp_path_factory.mktemp("specs"))).resolve_asset_graph()


def test_every_asset_has_an_owner_a_kind_a_group_and_a_description(graph):
    """Whoever finds an asset in the UI knows what it is and whom to ask."""
    incomplete = {
        node.key.to_user_string(): (node.owners, node.kinds, node.group_name, node.description)
        for node in graph.asset_nodes
        if not (node.owners and node.kinds and node.group_name not in {"", "default"} and node.description)
    }

    assert incomplete == {}


def test_every_asset_has_a_code_version_or_a_reason_for_none(graph):
    """The UI can tell data made by older code."""
    without = {node.key.to_user_string() for node in graph.asset_nodes if not node.code_version}

    assert without == WITHOUT_CODE_VERSION


def test_an_old_warehouse_says_that_no_daemon_is_at_work(graph):
    """It is published every hour at least."""
    policy = graph.get(dg.AssetKey("warehouse")).freshness_policy

    assert policy.fail_window.to_timedelta() == timedelta(hours=3)


def test_the_architecture_tells_of_every_asset(graph):
    """Its table says what a partition is, and when it is materialized."""
    page = (PROJECT_DIR / "docs" / "architecture.md").read_text("utf-8")

    assert [each for each in graph.get_all_asset_keys() if f"\n| `{each.to_user_string()}` |" not in page] == []


def test_every_check_is_declared(graph):
    """What validation reports has a place on the asset page."""
    declared = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}

    assert {("dataset_profiles", check.name) for check in CHECKS} <= declared


def test_every_validated_asset_has_a_check_or_feeds_one_that_has(graph):
    """No data without a question asked of it."""
    checked = {key.asset_key for key in graph.asset_check_keys}
    asked = checked.union(*(graph.get_ancestor_asset_keys(key) for key in checked))
    partitioned = {node.key for node in graph.asset_nodes if node.partitions_def}

    assert partitioned - asked == set()


@pytest.mark.parametrize(
    ("asset", "table"), [("conversations", "conversations"), ("findings", "findings"), ("dataset_profiles", "profiles")]
)
def test_columns_in_the_ui_are_the_columns_in_the_lake(graph, asset, table):
    """Declared once, shown twice."""
    shown = graph.get(dg.AssetKey(asset)).metadata["dagster/column_schema"]

    assert [(column.name, column.constraints.nullable) for column in shown.columns] == [
        (field.name, field.nullable) for field in SCHEMAS[table]
    ]


def test_the_lineage_leads_from_uploads_to_the_warehouse(graph):
    """One can walk from what an analyst reads back to the file that somebody uploaded."""
    upstream = graph.get_ancestor_asset_keys(dg.AssetKey("warehouse"))

    assert dg.AssetKey("uploads") in upstream
