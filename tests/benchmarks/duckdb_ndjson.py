"""What a good DuckDB user does without our engine: one typed `read_ndjson`, the same statistics, the same tables.

The other yardstick of `engine_cpu`. It is not exact: a number where a text should be becomes a text, a bad line stops
it, it names no line, hashes no bytes and finds no fault; without `exact-words` a word is what a space separates, which
misses a fortieth of them. Of the ways tried, the quickest for DuckDB are here: a temporary table beats reading the file
twice, small row groups beat large ones, splitting at spaces takes a sixth of the time of any regular expression.

    python -m tests.benchmarks.duckdb_ndjson FILE FOLDER [exact-words]
"""

import json
import sys
from pathlib import Path

import duckdb

SPACES = "len(string_split(content, ' '))"
# The fastest of the expressions that agree with Python's str.split on this data.
WORDS = r"len(list_filter(string_split(translate(content, E'\n\t\r', '   '), ' '), lambda word: word <> ''))"


def profile(path: Path, folder: Path, word_count: str = SPACES) -> dict[str, object]:
    """Read the file, write its tables to `folder`, return its figures."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(
        """CREATE TEMP TABLE conversation AS
        SELECT row_number() OVER () AS line, conversation_id, turns FROM read_ndjson(
            $path,
            columns = {conversation_id: 'VARCHAR', turns: 'STRUCT("role" VARCHAR, content VARCHAR)[]'},
            maximum_object_size = 67108864
        )""",
        {"path": str(path)},
    )
    connection.execute(
        f"""COPY (
            SELECT line, turn_index, role, content, ({word_count})::INTEGER AS word_count FROM (
                SELECT line, generate_subscripts(turns, 1) - 1 AS turn_index, unnest(turns, recursive := true)
                FROM conversation
            )
        ) TO '{folder}/turns.parquet' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 8192)"""
    )
    connection.execute(
        f"""COPY (
            SELECT line, conversation_id, len(turns) AS turn_count, hash(turns) AS turns_hash FROM conversation
        ) TO '{folder}/conversations.parquet' (FORMAT parquet, COMPRESSION snappy)"""
    )
    turns, conversations = f"'{folder}/turns.parquet'", f"'{folder}/conversations.parquet'"
    counts = connection.execute(f"SELECT count(*), sum(word_count), {_spread('word_count')} FROM {turns}").fetchall()[0]
    roles = connection.execute(f"SELECT role, count(*) FROM {turns} GROUP BY role").fetchall()
    totals = connection.execute(
        f"""SELECT count(*), count(*) - count(DISTINCT conversation_id), count(*) - count(DISTINCT turns_hash),
        {_spread("turn_count")} FROM {conversations}"""
    ).fetchall()[0]
    return {
        "conversations": totals[0],
        "turns": counts[0],
        "words": int(counts[1]),
        "roles": dict(roles),
        "words_per_turn": _named(counts[2]),
        "turns_per_conversation": _named(totals[3]),
        "duplicate_conversation_ids": totals[1],
        "exact_duplicate_conversations": totals[2],
    }


def _spread(column: str) -> str:
    return f"quantile_disc({column}, [0, 0.5, 0.95, 0.99, 1])"


def _named(quantiles: list[int]) -> dict[str, int]:
    return dict(zip(("min", "p50", "p95", "p99", "max"), quantiles, strict=True))


if __name__ == "__main__":
    print(json.dumps({"figures": profile(Path(sys.argv[1]), Path(sys.argv[2]), WORDS if sys.argv[3:] else SPACES)}))
