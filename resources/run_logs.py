"""Runs write their log as JSON, like everything else, where `LORA_LOG_FORMAT` says so. What the UI shows stays."""

import logging
import sys

import dagster as dg

from pipeline.logs import JsonLines
from resources.dagster_internals import CONSOLE_LOGGERS, context_creation_job


@dg.logger
def json_lines(_context: dg.InitLoggerContext) -> logging.Logger:
    """A line of JSON for each event and message of a run."""
    written = logging.Logger("dagster.run", logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    written.addHandler(handler)
    return written


def write_runs_as_json() -> None:
    """Have the runs of this process write to the console so, in place of Dagster's own lines in colours."""
    setattr(context_creation_job, CONSOLE_LOGGERS, lambda _instance: [(json_lines, {})])
