"""The log as lines of text or of JSON (`LORA_LOG_FORMAT`), on the error output. What is said is the same in both.

A record says more in fields of its own by `extra=told(…)`. Of an exception a line of JSON has kinds and places, never
the text: it may quote what somebody uploaded.
"""

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

LogFormat = Literal["text", "json"]
_TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_OF_DAGSTER = ("run_id", "job_name", "step_key")
# Seven lines of its own parts; the address of the webhook.
_TOO_TALKATIVE = ("alembic.runtime.plugins", "httpx2")


def told(**fields: object) -> dict[str, object]:
    """What to give a logging call as `extra`: fields of their own in JSON, left out of text."""
    return {"fields": fields}


def configure_logs(log_format: LogFormat, level: int = logging.INFO) -> None:
    """Have everything that this process logs written in one format, from a level on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else logging.Formatter(_TEXT))
    handler.addFilter(_is_told_once)
    logging.basicConfig(level=level, handlers=[handler])
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    """A record as one JSON object: at, level, logger, message, its own fields, what it says of a run of Dagster."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        run = _mapping(record, "dagster_meta")
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # Without what Dagster adds: the names of the run, and texts of exceptions.
            "message": run.get("orig_message") or record.getMessage(),
        }
        line |= _mapping(record, "fields")
        line |= {name: run[name] for name in _OF_DAGSTER if run.get(name)}
        if record.exc_info and record.exc_info[0]:
            kind, _, places = record.exc_info
            line["exception"] = {"kind": kind.__name__, "places": _places(places)}
        return json.dumps(line, default=str)


def _mapping(record: logging.LogRecord, name: str) -> Mapping[str, object]:
    found = getattr(record, name, None)
    return found if isinstance(found, Mapping) else {}


def _places(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]


def _is_told_once(record: logging.LogRecord) -> bool:
    """Dagster's programs write what its own loggers say themselves."""
    return record.name.partition(".")[0] != "dagster" or not logging.getLogger("dagster").handlers
