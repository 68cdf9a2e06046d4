"""What the catalog can do with trainings, models and costs, a person can do from the API, the terminal and Python."""

from pathlib import Path

import pytest

from pipeline.cli import app
from pipeline.client import Client
from pipeline.service.app import create_app
from pipeline.settings import Settings
from pipeline.state.catalog.attempts import Attempts
from pipeline.state.catalog.costs import Costs
from pipeline.state.catalog.journals import Journals
from pipeline.state.catalog.models import Models

_PIPELINE = "only what runs a training knows it"
_JOBS, _MODELS = "/api/jobs/{job_id}", "/api/models/{model_id}"
# API, command, method of the client; or why there is none.
REACHED_BY: dict[str, tuple[str, str, str] | str] = {
    "open_attempt": (f"POST {_JOBS}/start", "jobs start", "start_training"),
    "get_attempt": (f"GET {_JOBS}/attempts/{{attempt_id}}", "jobs attempts", "attempt"),
    "attempts_of": (f"GET {_JOBS}/attempts", "jobs attempts", "attempts"),
    "transitions_of": (f"GET {_JOBS}/attempts", "jobs attempts", "attempts"),
    "cancel_job": (f"POST {_JOBS}/cancel", "jobs cancel", "cancel_job"),
    "ask_to_cancel": "one attempt of a job lives at a time: `cancel_job` ends it",
    "attempts_to_watch": _PIPELINE,
    "unclosed_attempts": _PIPELINE,
    "note_submitted": _PIPELINE,
    "note_metered": _PIPELINE,
    "note_closed": _PIPELINE,
    "move_attempt": _PIPELINE,
    "tell_of_attempt": _PIPELINE,
    "take_journal": "machines tell it with a token of their attempt (POST /api/jobs/{job_id}/reports); people report",
    "series_of": (f"GET {_JOBS}/metrics", "jobs metrics", "metrics"),
    "points_of": (f"GET {_JOBS}/metrics", "jobs metrics", "download_metrics"),
    "keep_model": _PIPELINE,
    "model_of": _PIPELINE,
    "note_evaluations": _PIPELINE,
    "get_model": (f"GET {_MODELS}", "models show", "model"),
    "find_model": "people at a terminal may shorten an id; over the API the beginning of another's would answer",
    "list_models": ("GET /api/models", "models list", "models"),
    "describe_model": (f"PATCH {_MODELS}", "models rename", "describe_model"),
    "delete_model": (f"DELETE {_MODELS}", "models delete", "delete_model"),
    "evaluations_of": (f"GET {_MODELS}", "models show", "model"),
    "add_cost": "the operator enters bills (jobs add-cost): users could make theirs small, and so their budget large",
    "costs_of": (f"GET {_JOBS}", "jobs show", "job"),
    "spending": ("GET /api/costs", "costs", "costs"),
    "committed_nano_usd": ("GET /api/costs", "costs", "costs"),
}
# Ways to what is no method of the catalog: files, and what is put together of several.
ALSO = (
    (f"POST {_JOBS}/retry", "jobs retry", "retry_training"),
    (f"GET {_JOBS}/events", "jobs watch", "watch_training"),
    (f"GET {_JOBS}/log", "jobs logs", "training_log"),
    (f"GET {_JOBS}/artifacts", "jobs show", "artifacts"),
    (f"GET {_MODELS}/files/{{name}}", "models files", "download_model"),
    (f"GET {_MODELS}/card", "models files", "model_card"),
)
PARTS = (Attempts, Journals, Models, Costs)


@pytest.fixture(scope="module")
def calls():
    paths = create_app(Settings.model_construct(data_dir=Path("/"))).openapi()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


@pytest.fixture(scope="module")
def commands():
    below = {
        f"{group.name} {command.name or command.callback.__name__}"
        for group in app.registered_groups
        for command in group.typer_instance.registered_commands
    }
    return below | {command.name for command in app.registered_commands}


def test_every_verb_of_the_catalog_is_reached_or_says_why_not():
    verbs = {name for part in PARTS for name, value in vars(part).items() if callable(value) and name[0] != "_"}

    assert set(REACHED_BY) == verbs


def test_each_is_there_in_all_three_ways(calls, commands):
    ways = [way for way in (*REACHED_BY.values(), *ALSO) if not isinstance(way, str)]

    assert {call for call, _, _ in ways} - calls == set()
    assert {command for _, command, _ in ways} - commands == set()
    assert {method for _, _, method in ways if not callable(getattr(Client, method, None))} == set()
