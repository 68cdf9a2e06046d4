"""What the assets of conversations that are made are, a partition a batch. They are made in `flow/generation`."""

import dagster as dg

from assets.partitions import GENERATION_BATCHES, TRAINING_FILES
from assets.specs import OWNERS
from pipeline.state.warehouse.generation_comments import GENERATION_COLUMNS

GENERATION = "generation"
CODE_VERSION = "1"  # raised when the same answers would become something else
SCAFFOLDS, FILES = "scaffolds", "training_files"
PLAN, RAW, PARSED, SCREENED, ANNOTATED, JUDGED, SELECTED, FAILED, LEDGER = (
    "generation_plan",
    "raw_conversations",
    "parsed_conversations",
    "screened_conversations",
    "annotated_conversations",
    "judged_conversations",
    "selected_conversations",
    "failed_generations",
    "generation_costs",
)


def _spec(asset: str, deps: list[str], table: str, text: str) -> dg.AssetSpec:
    columns = [dg.TableColumn(name, description=told) for name, told in GENERATION_COLUMNS[table].items()]
    return dg.AssetSpec(
        asset,
        deps=deps,
        description=text,
        group_name=GENERATION,
        owners=OWNERS,
        kinds={"python"},
        partitions_def=GENERATION_BATCHES,
        code_version=CODE_VERSION,
        skippable=True,
        metadata={"dagster/column_schema": dg.TableSchema(columns)},
    )


SCAFFOLDS_SPEC = dg.AssetSpec(
    SCAFFOLDS,
    description="Personas, emotional arcs, topics and prompts, as versions in the catalog (`lora-pipeline scaffolds`).",
    group_name=GENERATION,
    owners=OWNERS,
    kinds={"toml"},
)
GENERATED_ASSETS = [
    _spec(PLAN, [SCAFFOLDS], "batch_items", "Which conversations are to be made: a quota over scaffolds, seeded."),
    _spec(RAW, [PLAN], "llm_submissions", "What models answered, byte for byte, in the lake. It fills by itself."),
    _spec(PARSED, [RAW], "conversation_versions", "Answers that are whole conversations: as their schema has them."),
    _spec(SCREENED, [PARSED], "conversation_versions", "The same with what the engine and the scaffolds find in them."),
    _spec(ANNOTATED, [SCREENED], "conversation_versions", "The same with emotion, strategy and phase of each turn."),
    _spec(JUDGED, [ANNOTATED], "generated_conversations", "The same with what another model scores, and its evidence."),
    _spec(
        SELECTED,
        [JUDGED],
        "generated_conversations",
        "What is accepted, rejected, or waits for a person: without repeats, within quota, split by conversation.",
    ),
    _spec(FAILED, [RAW], "failed_generations", "Draws that came to nothing, with the raw answer."),
    _spec(LEDGER, [RAW, ANNOTATED, JUDGED], "llm_calls", "What was paid for a batch, call by call."),
]
FILES_SPEC = dg.AssetSpec(
    FILES,
    deps=[dg.AssetDep(SELECTED, partition_mapping=dg.AllPartitionMapping())],
    description="Files built of accepted conversations (`lora-pipeline training-files build`), which become uploads.",
    group_name=GENERATION,
    owners=OWNERS,
    kinds={"json"},
    partitions_def=TRAINING_FILES,
)
