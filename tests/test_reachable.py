"""What the catalog can do with trainings, models, costs and conversations that are made, a person can do, too.

From the API, the terminal and Python.
"""

from operator import attrgetter
from pathlib import Path

import pytest

from pipeline.cli import app
from pipeline.client import Client
from pipeline.service.app import create_app
from pipeline.settings import Settings
from pipeline.state.catalog.attempts import Attempts
from pipeline.state.catalog.costs import Costs
from pipeline.state.catalog.generation_batches import GenerationBatches
from pipeline.state.catalog.generation_lists import GenerationLists
from pipeline.state.catalog.journals import Journals
from pipeline.state.catalog.kept_models import Models
from pipeline.state.catalog.made_conversations import MadeConversations
from pipeline.state.catalog.scaffold_rows import ScaffoldRows
from pipeline.state.catalog.submissions import Submissions
from pipeline.state.catalog.training_files import TrainingFiles

_PIPELINE = "only what runs a training knows it"
_MAKING = "only what asks models knows it"
_SHORT = "people at a terminal may shorten an id; over the API the beginning of another's would answer"
_DATASET = "/api/datasets/{dataset_id}"
_JOBS, _MODELS = "/api/jobs/{job_id}", "/api/models/{model_id}"
_SCAFFOLD, _BATCHES = "/api/scaffolds/{kind}/{key}", "/api/generation/batches"
_BATCH, _CONVERSATION = f"{_BATCHES}/{{batch_id}}", "/api/conversations/{conversation_id}"
_FILE = "/api/training-files/{file_id}"
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
    "claim_attempt": "a machine does it by being first with the token of its attempt",
    "note_reason": _PIPELINE,
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
    "find_model": _SHORT,
    "list_models": ("GET /api/models", "models list", "models"),
    "describe_model": (f"PATCH {_MODELS}", "models rename", "describe_model"),
    "delete_model": (f"DELETE {_MODELS}", "models delete", "delete_model"),
    "evaluations_of": (f"GET {_MODELS}", "models show", "model"),
    "add_cost": "the operator enters bills (jobs add-cost): users could make theirs small, and so their budget large",
    "costs_of": (f"GET {_JOBS}", "jobs show", "job"),
    "spending": ("GET /api/costs", "costs", "costs"),
    "committed_nano_usd": ("GET /api/costs", "costs", "costs"),
    "made_nano_usd": ("GET /api/costs", "costs", "costs"),
    "put_scaffolds": (f"PUT {_SCAFFOLD}", "scaffolds add", "scaffolds.add"),
    "scaffolds_of": ("GET /api/scaffolds", "scaffolds list", "scaffolds.list"),
    "scaffold_versions": (f"GET {_SCAFFOLD}", "scaffolds show", "scaffolds.show"),
    "scaffolds_in_versions": "a plan finds its own again",
    "count_scaffold_versions": "it tells whether there are any, and whether any changed",
    "create_batch": (f"POST {_BATCHES}", "generate plan", "generation.plan"),
    "get_batch": (f"GET {_BATCH}", "generate status", "generation.status"),
    "find_batch": _SHORT,
    "list_batches": (f"GET {_BATCHES}", "generate status", "generation.list"),
    "count_batches": (f"GET {_BATCHES}", "generate status", "generation.list"),
    "states_of_batches": (f"GET {_BATCHES}", "generate status", "generation.list"),
    "spending_of_batches": (f"GET {_BATCHES}", "generate status", "generation.list"),
    "batches_to_work_on": _MAKING,
    "batches_to_report": _MAKING,
    "note_reported": _MAKING,
    "move_batch": (f"POST {_BATCH}/start", "generate start", "generation.start"),
    "hold_batch": _MAKING,
    "pause_batch": _MAKING,
    "note_doubtful": _MAKING,
    "note_absent": _MAKING,
    "add_items": _MAKING,
    "retry_items": (f"POST {_BATCH}/retry", "generate retry", "generation.retry"),
    "items_of": _MAKING,
    "items_in": _MAKING,
    "list_items": (f"GET {_BATCH}/items", "generate status", "generation.items"),
    "item_counts": _MAKING,
    "idle_items": _MAKING,
    "spending_of": (f"GET {_BATCH}", "generate status", "generation.status"),
    "progress_of": (f"GET {_BATCH}", "generate status", "generation.status"),
    "failed_draws": (f"GET {_BATCH}/failures", "generate failures", "generation.failures"),
    "failures_by_type": (f"GET {_BATCH}", "generate status", "generation.status"),
    "prepare_submission": _MAKING,
    "open_submission": _MAKING,
    "note_sent": (f"POST {_BATCH}/settle", "generate settle", "generation.settle"),
    "take_back": (f"POST {_BATCH}/settle", "generate settle", "generation.settle"),
    "note_answered": _MAKING,
    "give_up": _MAKING,
    "note_asked": _MAKING,
    "note_unasked": _MAKING,
    "take_answers": _MAKING,
    "submissions_of": (f"GET {_BATCH}", "generate status", "generation.status"),
    "items_under_way": _MAKING,
    "known_external_ids": _MAKING,
    "failures_of": _MAKING,
    "tokens_by_item": (f"POST {_BATCH}/start", "generate start", "generation.start"),
    "costs_by_purpose": (f"GET {_BATCH}", "generate status", "generation.status"),
    "calls_of": (f"GET {_BATCH}/calls", "generate calls", "generation.download_calls"),
    "get_conversation": (f"GET {_CONVERSATION}", "conversations show", "conversations.show"),
    "list_conversations": ("GET /api/conversations", "conversations list", "conversations.list"),
    "conversation_counts": "a page tells what its filters would show; over the API each list has its total",
    "neighbours_of": "a page leads from one to the next; over the API one lists them",
    "versions_of": (f"GET {_CONVERSATION}", "conversations show", "conversations.show"),
    "newest_versions": _MAKING,
    "given_versions": (f"GET {_CONVERSATION}/raw.json", "conversations export", "conversations.download"),
    "select_items": _MAKING,
    "review": (f"POST {_CONVERSATION}/review", "conversations review", "conversations.review"),
    "review_many": ("POST /api/conversations/review", "conversations review", "conversations.review_all"),
    "edit": (f"POST {_CONVERSATION}/edit", "conversations edit", "conversations.edit"),
    "reviews_of": (f"GET {_CONVERSATION}", "conversations show", "conversations.show"),
    "made_of_batch": _MAKING,
    "meant_conversations": ("GET /api/conversations/export", "conversations export", "conversations.export"),
    "add_training_file": ("POST /api/training-files", "training-files build", "training_files.build"),
    "next_version": ("POST /api/training-files", "training-files build", "training_files.build"),
    "note_sent_to_datasets": (f"POST {_FILE}/send", "training-files send", "training_files.send"),
    "get_training_file": (f"GET {_FILE}", "training-files show", "training_files.show"),
    "find_training_file": _SHORT,
    "list_training_files": ("GET /api/training-files", "training-files list", "training_files.list"),
    "count_training_files": ("GET /api/training-files", "training-files list", "training_files.list"),
    "training_file_versions": "a page leads from one to the others of its name; over the API one lists them",
    "training_files_of_datasets": "the page of costs names them; over the API the file names its dataset",
    "training_file_of": "a dataset's page leads back to it; over the API the file names its dataset",
    "training_files_of_batch": (f"GET {_BATCH}", "generate status", "generation.status"),
    "conversations_of_file": "all of them are in the file; people look at a page of them",
    "list_members": (f"GET {_FILE}", "training-files show", "training_files.show"),
    "files_with": (f"GET {_CONVERSATION}", "conversations show", "conversations.show"),
    "cost_of_conversations": ("POST /api/training-files/preview", "training-files preview", "training_files.preview"),
}
# Ways to what is no method of the catalog: files, and what is put together of several.
ALSO = (
    (f"GET {_DATASET}/findings", "findings", "findings_with_lines"),
    (f"GET {_DATASET}/rows", "datasets rows", "rows"),
    (f"GET {_DATASET}/original", "datasets download", "download_original"),
    (f"GET {_DATASET}/converted", "datasets download", "download_converted"),
    (f"GET {_DATASET}/mended", "datasets download", "download_mended"),
    (f"GET {_DATASET}/compare", "datasets compare", "compare"),
    (f"GET {_DATASET}/mend", "datasets mend", "mend_preview"),
    (f"GET {_DATASET}/rows/rejected", "datasets rows", "rejected_rows"),
    (f"POST {_JOBS}/retry", "jobs retry", "retry_training"),
    (f"GET {_JOBS}/events", "jobs watch", "watch_training"),
    (f"GET {_JOBS}/log", "jobs logs", "training_log"),
    (f"GET {_JOBS}/artifacts", "jobs show", "artifacts"),
    (f"GET {_MODELS}/files/{{name}}", "models files", "download_model"),
    (f"GET {_MODELS}/card", "models files", "model_card"),
    ("GET /api/scaffolds/check", "scaffolds check", "scaffolds.check"),
    ("POST /api/generation/estimate", "generate plan", "generation.estimate"),
    (f"POST {_BATCH}/pause", "generate pause", "generation.pause"),
    (f"POST {_BATCH}/cancel", "generate cancel", "generation.cancel"),
    (f"GET {_CONVERSATION}/enriched.json", "conversations export", "conversations.download"),
    (f"GET {_FILE}/files/{{name}}", "training-files download", "training_files.download"),
)
PARTS = (
    Attempts,
    Journals,
    Models,
    Costs,
    ScaffoldRows,
    GenerationBatches,
    GenerationLists,
    Submissions,
    MadeConversations,
    TrainingFiles,
)


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
    with Client("http://localhost", "token") as client:
        assert {method for _, _, method in ways if not callable(attrgetter(method)(client))} == set()
