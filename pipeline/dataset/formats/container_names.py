"""How the rows may stand in a file, by public name, in words for people. Lines are called by no name."""

LINES = "jsonl"
CONTAINER_NAMES = {
    "json-array": "one JSON array",
    "json-objects": "objects over several lines",
    "json-field": "rows in a field of one object",
    "csv": "a table of text",
    "parquet": "a Parquet file",
    "pairs": "pairs put together by conversation_id",
    "messages": "messages put together into conversations",
}
"""All but lines. Their rows are named by their place, as several may begin on one line."""
