"""Who came from what: from a cost back to the upload, and from an upload to everything made of it.

`lineage` names the files of the lake, `training_lineage` walks from a cost record up, `upload_lineage` from an upload
down; one query each answers, without a join.
"""

from collections.abc import Collection, Sequence

import duckdb
import pyarrow as pa

from pipeline.state.lake import PUBLISH_ORDER, Lake
from pipeline.state.warehouse.catalog_rows import in_pieces, insert

_AT_ONCE = 5_000  # datasets, of six files each
LINEAGE_VIEWS = ("training_lineage", "upload_lineage", "generation_lineage", "dataset_costs")

_FILES = """
SELECT dataset_id, d.user_id, d.storage_path, p.content_version, p.content_sha256, p.run_id, p.code_version,
    table_name, uri
FROM source JOIN dataset_profiles AS p USING (dataset_id) JOIN datasets AS d ON d.id = dataset_id
ORDER BY dataset_id, table_name
"""

# A job without a cost has a row, too. What is known of the validation is that of the verdict the job was made from;
# a later one may have replaced its profile, and with it the version of its code.
_TRAINING = """
CREATE VIEW training_lineage AS
SELECT
    c.id AS cost_id, c.kind AS cost_kind, c.cost_usd, c.cost_usd_low, c.cost_usd_high, c.hours,
    c.provider, c.price_as_of, c.created_at AS cost_recorded_at,
    c.attempt_id, m.id AS model_id, m.files_uri AS model_uri,
    j.id AS job_id, j.name AS job_name, j.status AS job_status, j.base_model, j.method, j.preset, j.gpu, j.gpu_count,
    j.files_uri AS config_uri, j.run_id AS job_run_id, j.code_version AS job_code_version, j.created_at AS job_made_at,
    j.split_fingerprint, l.uri AS split_uri,
    d.id AS dataset_id, d.name AS dataset_name, d.content_version, j.content_sha256, d.user_id,
    d.storage_bucket, d.storage_path, d.created_at AS uploaded_at,
    j.validation_run_id, p.code_version AS validation_code_version
FROM training_jobs AS j
JOIN datasets AS d ON d.id = j.dataset_id
LEFT JOIN cost_records AS c ON c.job_id = j.id
LEFT JOIN models AS m ON m.attempt_id = c.attempt_id
LEFT JOIN lineage AS l ON l.dataset_id = d.id AND l.table_name = 'splits'
LEFT JOIN dataset_profiles AS p ON p.dataset_id = d.id AND p.run_id = j.validation_run_id
"""

_UPLOAD = """
CREATE VIEW upload_lineage AS
SELECT d.storage_path, d.user_id, d.id AS dataset_id, d.content_version, made.* EXCLUDE (of_dataset)
FROM datasets AS d JOIN (
    SELECT l.dataset_id AS of_dataset, 'table' AS made, l.table_name AS name, l.uri, l.run_id, l.code_version,
        p.validated_at AS made_at
    FROM lineage AS l JOIN dataset_profiles AS p USING (dataset_id)
    UNION ALL
    SELECT dataset_id, 'training_plan', split_fingerprint, NULL, run_id, NULL, updated_at
    FROM training_plans WHERE status = 'planned'
    UNION ALL
    SELECT dataset_id, 'training_job', id, files_uri, run_id, code_version, created_at FROM training_jobs
    UNION ALL
    SELECT dataset_id, 'training_attempt', id, NULL, NULL, NULL, created_at FROM training_attempts
    UNION ALL
    SELECT j.dataset_id, 'cost_' || c.kind, c.id, NULL, j.run_id, j.code_version, c.created_at
    FROM cost_records AS c JOIN training_jobs AS j ON j.id = c.job_id
    UNION ALL
    SELECT j.dataset_id, 'metric', m.name, NULL, NULL, NULL, max(m.recorded_at)
    FROM metrics_points AS m JOIN training_jobs AS j ON j.id = m.job_id GROUP BY ALL
    UNION ALL
    SELECT j.dataset_id, 'model_artifact', a.kind, a.storage_path, NULL, NULL, a.created_at
    FROM model_artifacts AS a JOIN training_jobs AS j ON j.id = a.job_id
    UNION ALL
    SELECT dataset_id, 'model', id, files_uri, NULL, NULL, created_at FROM models
) AS made ON made.of_dataset = d.id
"""


# A conversation that went into no file has a row, too; one of several files has one for each.
_GENERATION = """
CREATE VIEW generation_lineage AS
SELECT
    i.id AS item_id, i.user_id, b.id AS batch_id, b.name AS batch_name, b.model,
    i.persona, i.arc, i.topic, i.template, i.tier, i.seed, i.draw, i.state AS item_state, i.state_reason,
    l.calls, l.cost_nano_usd, c.version AS newest_version, c.score, c.quality_tier, c.status AS conversation_status,
    m.training_file_id, m.version AS version_in_file, m.position AS position_in_file, f.name AS training_file,
    f.dataset_id, j.id AS job_id
FROM batch_items AS i
JOIN batch_jobs AS b ON b.id = i.batch_id
LEFT JOIN (
    SELECT item_id, count(*) AS calls, sum(cost_nano_usd)::BIGINT AS cost_nano_usd FROM llm_calls GROUP BY item_id
) AS l ON l.item_id = i.id
LEFT JOIN generated_conversations AS c ON c.id = i.id
LEFT JOIN training_file_conversations AS m ON m.conversation_id = c.id
LEFT JOIN training_files AS f ON f.id = m.training_file_id
LEFT JOIN training_jobs AS j ON j.dataset_id = f.dataset_id
"""

# What making a dataset's conversations cost, beside what its trainings were expected to cost and did.
_DATASET_COSTS = """
CREATE VIEW dataset_costs AS
SELECT d.id AS dataset_id, d.user_id, d.name AS dataset_name, f.id AS training_file_id,
    f.cost_nano_usd AS making_nano_usd, t.trainings_nano_usd, t.estimate_usd
FROM datasets AS d
LEFT JOIN training_files AS f ON f.dataset_id = d.id
LEFT JOIN (
    SELECT j.dataset_id, sum(c.billed_nano_usd) FILTER (c.kind = 'actual')::BIGINT AS trainings_nano_usd,
        max(c.cost_usd) FILTER (c.kind = 'estimate') AS estimate_usd
    FROM training_jobs AS j JOIN cost_records AS c ON c.job_id = j.id GROUP BY j.dataset_id
) AS t ON t.dataset_id = d.id
"""


DEFINITIONS = (_FILES, _TRAINING, _UPLOAD, _GENERATION, _DATASET_COSTS)
"""The SQL of the table and of the views."""


def make_lineage(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Make the table of files and the views; the catalog's tables and `dataset_profiles` are there already."""
    ids = [row[0] for row in connection.execute("SELECT dataset_id FROM dataset_profiles ORDER BY 1").fetchall()]
    table, *views = DEFINITIONS
    insert(connection, f"CREATE TABLE lineage AS {table}", _places(lake, []))
    _add(connection, lake, ids)
    for view in views:
        connection.execute(view)


def change_lineage(connection: duckdb.DuckDBPyConnection, lake: Lake, ids: Collection[str]) -> None:
    """Put the files of some datasets, as they are now, in the place of those that the table has.

    What `dataset_profiles` has no longer goes.
    """
    connection.execute(_GONE, [list(ids)])
    _add(connection, lake, list(ids))


def _add(connection: duckdb.DuckDBPyConnection, lake: Lake, ids: Sequence[str]) -> None:
    for some in in_pieces(connection, ids, _AT_ONCE):
        insert(connection, f"INSERT INTO lineage {_FILES}", _places(lake, some))


_GONE = """
DELETE FROM lineage WHERE dataset_id IN (SELECT unnest(?::VARCHAR[]))
    OR dataset_id NOT IN (SELECT dataset_id FROM dataset_profiles)
"""


def _places(lake: Lake, ids: Collection[str]) -> pa.Table:
    places = [(each, table, lake.uri(table, each)) for each in ids for table in PUBLISH_ORDER]
    names = ("dataset_id", "table_name", "uri")
    columns = [pa.array(values, pa.string()) for values in zip(*places, strict=True)] or [pa.array([], pa.string())] * 3
    return pa.table(columns, names=names)
