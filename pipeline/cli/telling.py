"""How a command that goes on and on speaks: to a person, or in the lines of the log that its parts write as well."""

import logging
from collections.abc import Callable

import typer

from pipeline.logs import LogFormat, configure_logs


def teller(log_format: LogFormat) -> Callable[[str], None]:
    """Return what says a sentence on the error output; as JSON, in a line of the log."""
    if log_format == "text":
        return lambda sentence: typer.echo(sentence, err=True)
    configure_logs(log_format)
    return logging.getLogger(__name__).info
