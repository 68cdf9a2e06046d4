"""A line of JSON says what the text says, in fields, and nothing that somebody uploaded."""

import json
import logging

import dagster as dg
import pytest

from pipeline.cli.telling import teller
from pipeline.logs import JsonLines, configure_logs, told
from resources.dagster_internals import CONSOLE_LOGGERS, context_creation_job
from resources.run_logs import write_runs_as_json


@pytest.fixture
def _logging_as_it_was(monkeypatch):
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    monkeypatch.setattr(context_creation_job, CONSOLE_LOGGERS, getattr(context_creation_job, CONSOLE_LOGGERS))
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]


def start(log_format):
    """As in a new process: pytest's own handlers are there by now."""
    logging.getLogger().handlers[:] = []
    configure_logs(log_format)


def written(capsys):
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.usefixtures("_logging_as_it_was")
def test_a_record_is_an_object_a_line(capsys):
    start("json")

    logging.getLogger("pipeline.x").info("%d\nlines", 2, extra=told(user="ana", status=200))
    logging.getLogger("httpx2").info("GET https://hooks.example.com/secret")

    [line] = written(capsys)
    assert line.pop("at").endswith("+00:00")
    assert line == {"level": "info", "logger": "pipeline.x", "message": "2\nlines", "user": "ana", "status": 200}


@pytest.mark.usefixtures("_logging_as_it_was")
def test_of_an_exception_only_kind_and_place_are_told(capsys):
    start("json")

    try:
        raise ValueError("Hushword of a dataset")
    except ValueError:
        logging.getLogger("pipeline").exception("it went wrong")

    [line] = written(capsys)
    assert line["exception"]["kind"] == "ValueError"
    assert line["exception"]["places"][0].endswith("test_of_an_exception_only_kind_and_place_are_told")
    assert "Hushword" not in str(line)


@pytest.mark.usefixtures("_logging_as_it_was")
def test_runs_write_so_too(capsys):
    @dg.op
    def fails(context: dg.OpExecutionContext) -> None:
        context.log.warning("half of it is done")
        raise ValueError("Hushword of a dataset")

    @dg.job
    def one_step() -> None:
        fails()

    write_runs_as_json()
    result = one_step.execute_in_process(raise_on_error=False)

    lines = written(capsys)
    warned = [each for each in lines if each["level"] == "warning"]
    assert [(each["message"], each["step_key"], each["run_id"]) for each in warned] == [
        ("half of it is done", "fails", result.run_id)
    ]
    assert next(each["message"] for each in lines if each["level"] == "error") == 'Execution of step "fails" failed.'
    assert "Hushword" not in str(lines)


@pytest.mark.usefixtures("_logging_as_it_was")
def test_text_stays_as_it_was(capsys):
    start("text")

    logging.getLogger("pipeline").info("%s", "said", extra=told(user="ana"))

    assert capsys.readouterr().err.endswith(" INFO pipeline said\n")


@pytest.mark.usefixtures("_logging_as_it_was")
def test_a_command_speaks_to_a_person_or_in_lines_of_the_log(capsys):
    teller("text")("It runs.\nCtrl-C stops it.")
    to_a_person = capsys.readouterr().err
    logging.getLogger().handlers[:] = []
    teller("json")("It runs.\nCtrl-C stops it.")

    assert to_a_person == "It runs.\nCtrl-C stops it.\n"
    assert [line["message"] for line in written(capsys)] == ["It runs.\nCtrl-C stops it."]


def test_a_line_has_no_line_break():
    record = logging.LogRecord("a", logging.INFO, "", 1, "one\ntwo", (), None)

    assert "\n" not in JsonLines().format(record)
