"""Views over what happened and what it cost, by which a question that analysts ask often is one query.

Each is made of tables beside it. History is that of `dataset_events`: a verdict that is reached again, for whatever
reason, changes neither a lead time nor a trend.
"""

import duckdb

from pipeline.state.warehouse.sql import identifier

# The newest record of each cost: a later estimate or bill stands beside the earlier ones, so a sum of all counts twice.
_CURRENT_COSTS = """
SELECT c.id AS cost_id, c.kind, c.job_id, c.attempt_id, c.user_id, j.dataset_id, d.name AS dataset_name,
    j.name AS job_name, j.base_model, j.method, j.preset, j.gpu, j.gpu_count,
    c.cost_usd, c.cost_usd_low, c.cost_usd_high, c.billed_nano_usd, c.hours, c.hours_low, c.hours_high, c.provider,
    c.created_at
FROM cost_records AS c JOIN training_jobs AS j ON j.id = c.job_id JOIN datasets AS d ON d.id = j.dataset_id
QUALIFY row_number() OVER (PARTITION BY c.job_id, c.kind, c.attempt_id ORDER BY c.created_at DESC, c.id DESC) = 1
"""

# An actual beside the estimate that was the newest when it was added.
_COST_ACCURACY = """
SELECT a.job_id, a.attempt_id, a.user_id, a.dataset_id, a.base_model, a.method, a.preset, a.gpu, a.gpu_count,
    a.provider, e.cost_usd AS estimate_usd, e.cost_usd_low AS estimate_usd_low, e.cost_usd_high AS estimate_usd_high,
    a.cost_usd AS actual_usd, a.cost_usd / nullif(e.cost_usd, 0) AS cost_ratio,
    a.cost_usd BETWEEN e.cost_usd_low AND e.cost_usd_high AS is_cost_within,
    e.hours AS estimate_hours, a.hours AS actual_hours, a.hours / nullif(e.hours, 0) AS hours_ratio,
    a.hours BETWEEN e.hours_low AND e.hours_high AS are_hours_within, a.created_at
FROM (FROM current_costs WHERE kind = 'actual') AS a
ASOF LEFT JOIN (FROM cost_records WHERE kind = 'estimate') AS e
    ON e.job_id = a.job_id AND a.created_at >= e.created_at
"""

# The first verdict counts: a dataset that is validated again was not uploaded again.
_DAILY_UPLOADS = """
WITH first_times AS (
    SELECT dataset_id, min(created_at) FILTER (kind = 'registered') AS registered_at,
        min(created_at) FILTER (kind = 'judged') AS judged_at,
        arg_min(status, id) FILTER (kind = 'judged') AS first_status,
        count(*) FILTER (kind IN ('run_failed', 'given_up')) AS failed_tries
    FROM dataset_events GROUP BY dataset_id
)
SELECT registered_at::DATE AS day, d.user_id, count(*) AS uploads, sum(d.file_size)::BIGINT AS bytes,
    count(*) FILTER (first_status = 'ready') AS ready, count(*) FILTER (first_status = 'error') AS rejected,
    count(*) FILTER (first_status IS NULL) AS waiting,
    median(epoch(judged_at - registered_at)) AS median_seconds_to_verdict,
    max(epoch(judged_at - registered_at)) AS longest_seconds_to_verdict, sum(failed_tries)::BIGINT AS failed_tries
FROM first_times JOIN datasets AS d ON d.id = dataset_id WHERE registered_at IS NOT NULL
GROUP BY ALL
"""

_FINDING_TRENDS = """
WITH verdicts AS (
    SELECT e.dataset_id, e.user_id, e.created_at::DATE AS day,
        coalesce(e.finding_counts, p.finding_counts) AS counts
    FROM dataset_events AS e LEFT JOIN dataset_profiles AS p USING (dataset_id) WHERE e.kind = 'judged'
    QUALIFY row_number() OVER (PARTITION BY e.dataset_id ORDER BY e.id) = 1
), of_day AS (SELECT day, count(*) AS judged FROM verdicts GROUP BY day)
SELECT day, found.key AS code, count(*) AS datasets, sum(found.value)::BIGINT AS findings, judged,
    count(*) / judged AS share_of_datasets
FROM (SELECT day, unnest(map_entries(counts)) AS found FROM verdicts) JOIN of_day USING (day)
GROUP BY day, found.key, judged
"""

_PROFILE_FIGURES = """
SELECT dataset_id, status, is_current, validated_at, roles, finding_counts, finding_shares, languages, words_per_turn,
    turns_per_conversation, tokens_per_conversation, truncation
FROM dataset_profiles
"""

HISTORY = {
    "current_costs": _CURRENT_COSTS,
    "cost_accuracy": _COST_ACCURACY,
    "daily_uploads": _DAILY_UPLOADS,
    "finding_trends": _FINDING_TRENDS,
    "profile_figures": _PROFILE_FIGURES,
}
HISTORY_VIEWS = tuple(HISTORY)


def make_history(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the views over tables that are there."""
    for name, definition in HISTORY.items():
        connection.execute(f"CREATE VIEW {identifier(name)} AS {definition}")
