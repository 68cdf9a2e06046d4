"""Names and texts in SQL that we put together ourselves."""


def identifier(name: str) -> str:
    """Return a name as DuckDB reads it literally."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a text constant."""
    return "'" + value.replace("'", "''") + "'"


def path_pattern(path: str) -> str:
    """Return a path as a text constant that matches this one file: in DuckDB every path is a pattern."""
    return text("".join(f"[{letter}]" if letter in "*?[" else letter for letter in path))
