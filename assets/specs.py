"""What the assets are: names, owners, kinds, columns and where columns come from. How they are made is next door."""

import dagster as dg
import pyarrow as pa

from assets.partitions import DATASETS
from pipeline.flow.validation import CODE_VERSION
from pipeline.state.lake import SCHEMAS
from pipeline.state.warehouse.comments import lake_column

OWNERS = ["team:data-engineering"]
INTAKE, WAREHOUSE = "intake", "warehouse"


def table_schema(table: str) -> dg.TableSchema:
    """A lake table's columns as Dagster shows them."""
    return dg.TableSchema([_column(table, field) for field in SCHEMAS[table]])


def _column(table: str, field: pa.Field) -> dg.TableColumn:
    return dg.TableColumn(
        field.name,
        str(field.type),
        description=lake_column(table, field.name),
        constraints=dg.TableColumnConstraints(nullable=field.nullable),
    )


def _lake_table(asset: str, table: str, deps: list[str], description: str, **metadata: object) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset,
        deps=deps,
        description=description,
        group_name=INTAKE,
        owners=OWNERS,
        kinds={"parquet", "python"},
        partitions_def=DATASETS,
        code_version=CODE_VERSION,
        skippable=True,
        metadata={"dagster/column_schema": table_schema(table), **metadata},
    )


def column_lineage(**columns: tuple[str, str]) -> dg.TableColumnLineage:
    """Where columns come from: column=(asset, its column)."""
    return dg.TableColumnLineage(
        {name: [dg.TableColumnDep(dg.AssetKey(asset), column)] for name, (asset, column) in columns.items()}
    )


UPLOADS = dg.AssetSpec(
    "uploads",
    deps=[dg.AssetDep("training_files", partition_mapping=dg.AllPartitionMapping())],
    description="Files of conversations as people uploaded them. Reported by the sensor `new_uploads`.",
    group_name=INTAKE,
    owners=OWNERS,
    kinds={"json"},
    partitions_def=DATASETS,
)

CONVERSATIONS = _lake_table(
    "conversations",
    "conversations",
    ["uploads"],
    "The accepted conversations of a dataset, one row each; its turns lie beside them in the lake. "
    "A rejected dataset has no materialization here: see its findings.",
)
FINDINGS = _lake_table(
    "findings",
    "findings",
    ["uploads"],
    "Every fault of an upload: row, line, offset, code, place, what was expected and found, what to do.",
)
DATASET_PROFILES = _lake_table(
    "dataset_profiles",
    "profiles",
    ["conversations", "findings"],
    "The verdict and the figures of a dataset, one row.",
    **{
        "dagster/column_lineage": column_lineage(
            conversations=("conversations", "row"),
            turns=("conversations", "turn_count"),
            words=("conversations", "word_count"),
            finding_counts=("findings", "code"),
        )
    },
)
VALIDATED = [CONVERSATIONS, FINDINGS, DATASET_PROFILES]
