"""Datasets and pages that tests draw: one of each status, a long one, and a hostile one."""

from dataclasses import replace
from functools import cache

from pipeline.catalogues.prices import Price
from pipeline.catalogues.token_prices import TokenPrice
from pipeline.contract.marked_line import MarkedLine
from pipeline.service.pages.cost_page import Budget, cost_page
from pipeline.service.pages.dataset_page import dataset_page, findings_of
from pipeline.service.pages.frame import notice_lines
from pipeline.service.pages.job_listing import JobQuery, job_listing
from pipeline.service.pages.job_page import job_lines, job_page
from pipeline.service.pages.job_start import change_url, start_of
from pipeline.service.pages.job_training import JobSeen, training_of
from pipeline.service.pages.listing import Query, listing
from pipeline.service.pages.model_page import ModelSeen, model_listing, model_page
from pipeline.service.pages.origin import Origin
from pipeline.service.pages.render import render
from pipeline.service.pages.train_choices import choices_of
from pipeline.service.pages.train_page import train_page
from pipeline.service.pages.train_settings import setting_fields
from pipeline.state.catalog.attempt_records import Attempt, Model, Transition
from pipeline.state.catalog.costs import Spending
from pipeline.state.catalog.dataset_records import Dataset, IgnoredPage, IgnoredRow
from pipeline.state.catalog.job_records import Job
from pipeline.state.catalog.statuses import JobStatus, LauncherName
from pipeline.trainers.registry import BY_NAME
from pipeline.training.considering import Considered, NotPossible
from pipeline.training.estimates.result import Range
from pipeline.training.hosted_estimate import priced
from pipeline.training.job_estimate import workload_of
from pipeline.training.jobs.job_refusals import DoesNotFit
from pipeline.training.presets import load_presets
from pipeline.training.setup import Setup
from tests.card.cards import HOSTILE_TEXT, READY, REJECTED
from tests.card.cards import planted as planted_card
from tests.dataset.findings.records import planted_record
from tests.service.pages.attempt_cases import (
    AT_OPENAI,
    COMPLETED,
    COST,
    EVALUATIONS,
    FAILED,
    MODEL,
    NOW,
    RUNNING,
    SERIES,
    SPENDINGS,
    TRANSITIONS,
    WAITING,
)
from tests.service.pages.dataset_cases import (
    COUNTS,
    DAGSTER,
    DATASETS,
    ERROR,
    FRAME,
    GIVEN_UP,
    HOSTILE,
    NOTIFICATIONS,
    QUOTA,
    READY_DATASET,
    UPLOADING,
    VALIDATING,
)
from tests.service.pages.made_cases import MADE_CASES
from tests.service.pages.mend_cases import MEND_CASES, planted_mend
from tests.service.pages.row_cases import ROW_CASES, planted_rows
from tests.training.jobs.examples import LLAMA_8B, gpu, planned, rough_estimate

ORIGIN = Origin("/training-files/f1", HOSTILE_TEXT, "$1.49")
_ROWS = [replace(each, severity="error") for each in REJECTED.examples]
_LINES = [MarkedLine('{"turns": [1', ",", "]}", 13), MarkedLine('…"role": ', HOSTILE_TEXT, "", 400), None]
_LINES = [_LINES[place] if place < len(_LINES) else None for place in range(len(_ROWS))]


def _page(dataset: Dataset, card=None, code: str = "", origin: Origin | None = None, no_jobs: str = "") -> str:
    findings = findings_of(dataset.id, card.figures, _ROWS, code, 1, _LINES) if card else None
    page = dataset_page(dataset, card, findings, DAGSTER, NOW, origin)
    return render("dataset", frame=FRAME, page=page, jobs=(), no_jobs=no_jobs)


_NOTHING = IgnoredPage([], 0)


def ignored_page(*keys: str, total: int = 0) -> IgnoredPage:
    """Files in a person's folder that became no dataset."""
    rows = [IgnoredRow(key, "ana", "subfolder", 10, NOW, NOW, NOW, None) for key in keys]
    return IgnoredPage(rows, total or len(rows))


IGNORED = ignored_page("uploads/ana/spring/chat.jsonl", "uploads/ana/spring/new\\x0aline", total=23)


def _list(query: Query, datasets=DATASETS, counts=COUNTS, ignored=_NOTHING, **values: object) -> str:
    shown = listing(query, datasets, len(datasets), counts, NOW, ignored)
    return render("datasets", frame=FRAME, listing=shown, **{"deleted": None} | values)


def planted_pages(text: str) -> list[str]:
    """Every page that shows content, with a text in every place that content may reach."""
    dataset = replace(
        HOSTILE, name=text, file_name=text, description=text, storage_path=text, failure=text, format=text
    )
    dataset = replace(dataset, validation_errors=[{"line": 2, "offset": 20, "code": "malformed-json", "message": text}])
    interrupted = replace(dataset, status="validating", id="hostile-2")
    card = planted_card(text)
    findings = findings_of(
        dataset.id, card.figures, [planted_record(text, 2)], "", 1, [MarkedLine(text, text, text, 1)]
    )
    page = dataset_page(dataset, card, findings, DAGSTER, NOW)
    notices = notice_lines([replace(NOTIFICATIONS[0], title=text, message=text)], NOW)
    frame = replace(FRAME, notices=notices)
    return [
        render("dataset", frame=frame, page=page, jobs=(), no_jobs=""),
        render("new", frame=frame, max_upload_bytes=1, quota=QUOTA, former=dataset),
        render("notifications", frame=frame, notices=notices),
        _list(Query(search=text), [dataset, interrupted], deleted=dataset, ignored=ignored_page(text)),
        *_planted_trainings(text),
        *planted_rows(text),
        *planted_mend(text),
    ]


def _planted_trainings(text: str) -> list[str]:
    attempts = (replace(FAILED, state_reason=text, log_tail=text), replace(RUNNING, log_tail=text))
    transitions = (replace(TRANSITIONS[1], actor=text, reason=text),)
    spendings = (replace(SPENDINGS[0], job_name=text, dataset_name=text, base_model=text, provider=text),)
    model = replace(MODEL, name=text, description=text)
    return [
        _job_page(
            "running",
            attempts,
            origin=Origin("/training-files/f1", text, "$1"),
            line=text,
            refused=text,
            transitions=transitions,
            name=text,
        ),
        _models([model], deleted=text),
        _model(model, card=text),
        _costs("", spendings),
    ]


def _train(setup: Setup) -> str:
    """With plain figures, so that a better estimate does not change the page."""
    outcomes = [_considered(replace(setup, gpu=name)) for name in _GPUS]
    choices = choices_of(setup, _MODELS, _GPUS, load_presets().values(), ("trl", "axolotl"))
    own = _considered(setup)
    fields = setting_fields(setup, own, own, ())
    page = train_page(READY_DATASET.id, "everyday_talk", setup, choices, fields, own, outcomes)
    return render("train", frame=FRAME, page=page)


def _considered(setup: Setup) -> Considered | NotPossible:
    on = _GPUS[setup.gpu]
    job = planned(on=on, other_gpus=tuple(_GPUS.values()))
    if isinstance(job, DoesNotFit):
        return NotPossible(setup, "does-not-fit", f"{setup.model}, {job.message}", job.would_fit)
    price = Price(
        name=on.name,
        source="a price list",
        as_of=NOW.date(),
        provider="Cloud",
        kind="on-demand",
        per_gpu_hour=0.8,
    )
    took = replace(
        rough_estimate(workload_of(job, LLAMA_8B, on)), hours=Range(0.9, 1.3, 1.9), cost_usd=Range(0.72, 1.04, 1.52)
    )
    return Considered(setup, job, on, took, price)


def _train_hosted() -> str:
    """A provider trains: no memory, no hours, no other GPUs."""
    setup = Setup(LLAMA_8B.name, gpu="L4", targets=("openai",))
    price = TokenPrice(
        name="gpt-4.1-mini-2025-04-14", provider="openai", usd_per_million=5, source="a price list", as_of=NOW.date()
    )
    job = planned(targets=("openai",), on=_GPUS["L4"])
    took = priced(BY_NAME["openai"], price.name, Range(3e5, 3.3e5, 3.6e5), "tokens: about so many", price, NOW.date())
    choices = choices_of(setup, _MODELS, _GPUS, load_presets().values(), ("trl", "openai"))
    own = Considered(setup, job, _GPUS["L4"], took, None)
    page = train_page(READY_DATASET.id, "everyday_talk", setup, choices, setting_fields(setup, own, own, ()), own, ())
    return render("train", frame=FRAME, page=page)


@cache
def _job() -> Job:
    considered = _considered(Setup(LLAMA_8B.name, gpu="L4"))
    assert isinstance(considered, Considered)
    job = considered.job
    return Job(
        id=job.job_id,
        user_id="ana",
        dataset_id=READY_DATASET.id,
        name=job.name,
        status="stale",
        status_reason="the dataset was validated again",
        origin="person",
        base_model=job.base_model,
        method=job.method,
        preset=job.preset,
        targets=list(job.targets),
        gpu="L4",
        gpu_count=2,
        content_sha256="9f" * 32,
        split_fingerprint="ab" * 32,
        validation_run_id="run-1",
        code_version="1",
        run_id=None,
        files_uri="/lake/training_jobs",
        job=job.model_dump(mode="json"),
        created_at=NOW,
        updated_at=NOW,
    )


def _jobs(query: JobQuery, jobs: list[Job], counts: dict[JobStatus, int], attempts: tuple[Attempt, ...] = ()) -> str:
    lines = job_lines(jobs, {job.id: [COST] for job in jobs}, {job.id: attempts for job in jobs}, NOW)
    return render("jobs", frame=FRAME, listing=job_listing(query, lines, len(jobs), counts))


def _job_page(
    status: JobStatus,
    attempts: tuple[Attempt, ...] = (),
    line: str = "",
    refused: str = "",
    transitions: tuple[Transition, ...] = TRANSITIONS,
    origin: Origin | None = None,
    **changed: object,
) -> str:
    reason = "the dataset was validated again" if status == "stale" else None
    job = replace(_job(), status=status, status_reason=reason, **changed)
    seen = JobSeen(
        job=job,
        costs=[COST],
        attempts=attempts,
        series={each.id: SERIES if each.step else () for each in attempts},
        transitions=dict.fromkeys((each.id for each in attempts), transitions),
        models={each.id: MODEL for each in attempts if each.state == "completed"},
    )
    otherwise = change_url(job, attempts)
    training = training_of(seen, NOW, None, line, otherwise)
    start = start_of(job, attempts, _missing, None, refused)
    return render("job", frame=FRAME, page=job_page(seen, training, start, _FILES, NOW, otherwise, origin=origin))


def _missing(launcher: LauncherName, trainer: str, _job: Job) -> str:
    lacking = {
        "hosted": "" if trainer == "openai" else f"set the key of {trainer}",
        "sagemaker": "set its role",
        "kubernetes": "",
    }
    return lacking.get(launcher, "")


def _models(models: list[Model], deleted: str = "") -> str:
    found = {each.attempt_id: EVALUATIONS for each in models}
    return render("models", frame=FRAME, listing=model_listing(models, found, 1, len(models), deleted, NOW))


def _model(model: Model = MODEL, card: str = f"# A card\n{HOSTILE_TEXT}") -> str:
    earlier = replace(model, id="job-1.1", attempt_id="job-1.1", version=1, description=None)
    seen = ModelSeen(
        model=model,
        job=_job(),
        attempt=COMPLETED,
        dataset=READY_DATASET,
        costs=[COST],
        evaluations={MODEL.attempt_id: EVALUATIONS, earlier.attempt_id: ()},
        siblings=[model, earlier],
    )
    return render("model", frame=FRAME, page=model_page(seen, card, NOW, is_own=True))


def _costs(period: str, spendings: tuple[Spending, ...], limit_usd: float = 20, making: str = "") -> str:
    jobs = {each.job_id for each in spendings}
    known, tried = {job_id: [COST] for job_id in jobs}, dict.fromkeys(jobs, (FAILED, COMPLETED))
    budget = Budget(limit_usd, 12_340_000_000, 17_000_000_001)
    return render("costs", frame=FRAME, page=cost_page(period, spendings, known, tried, budget, NOW, making))


_FILES = {"job.json": 4_437, "trl/config.yaml": 1_715, "trl/a b.jsonl": 3_508}
_MODELS = {LLAMA_8B.name: LLAMA_8B}
_GPUS = {each.name: each for each in (gpu("T4", 4, has_bf16=False), gpu("L4", 24), gpu("A100", 80))}

NONE = dict.fromkeys(COUNTS, 0)
CASES = {
    "datasets.html": lambda: _list(Query()),
    "datasets_none.html": lambda: _list(Query(), [], NONE),
    "datasets_ignored.html": lambda: _list(Query(), ignored=IGNORED),
    "datasets_nothing_fits.html": lambda: _list(Query("ready", HOSTILE_TEXT), [], COUNTS),
    "datasets_deleted.html": lambda: _list(Query(), [READY_DATASET], COUNTS, deleted=HOSTILE),
    "new.html": lambda: render("new", frame=FRAME, max_upload_bytes=500_000_000, quota=QUOTA, former=None),
    "new_version.html": lambda: render(
        "new", frame=FRAME, max_upload_bytes=500_000_000, quota=QUOTA, former=replace(ERROR, name=HOSTILE_TEXT)
    ),
    "ready.html": lambda: _page(READY_DATASET, READY),
    "ready_unplanned.html": lambda: _page(
        READY_DATASET, READY, no_jobs=f"{HOSTILE_TEXT}; it is tried again at 13:00 UTC"
    ),
    "ready_made_here.html": lambda: _page(READY_DATASET, READY, origin=ORIGIN),
    "error.html": lambda: _page(ERROR, REJECTED, "malformed-json"),
    "validating.html": lambda: _page(VALIDATING),
    "uploading.html": lambda: _page(UPLOADING),
    "failed.html": lambda: _page(GIVEN_UP),
    "train.html": lambda: _train(Setup(LLAMA_8B.name, gpu="L4")),
    "train_hosted.html": _train_hosted,
    "train_does_not_fit.html": lambda: _train(Setup(LLAMA_8B.name, gpu="T4")),
    "jobs.html": lambda: _jobs(JobQuery(), [_job()], {"stale": 1}),
    "jobs_running.html": lambda: _jobs(
        JobQuery(), [replace(_job(), status="running")], {"running": 1}, (FAILED, RUNNING)
    ),
    "jobs_nothing_fits.html": lambda: _jobs(JobQuery("running", HOSTILE_TEXT), [], {"stale": 1, "running": 0}),
    "jobs_none.html": lambda: _jobs(JobQuery(), [], {}),
    "job.html": lambda: _job_page("stale"),
    "job_configured.html": lambda: _job_page("configured"),
    "job_hosted.html": lambda: _job_page("queued", (AT_OPENAI,), targets=["openai"]),
    "job_hosted_configured.html": lambda: _job_page("configured", targets=["openai"]),
    "job_hosted_without_key.html": lambda: _job_page("configured", targets=["together"]),
    "job_of_made.html": lambda: _job_page("configured", origin=ORIGIN),
    "job_refused.html": lambda: _job_page("configured", refused="expected a training of at most $1.00"),
    "job_waiting.html": lambda: _job_page("queued", (WAITING,), line="curl run.py && python3 run.py"),
    "job_running.html": lambda: _job_page("running", (FAILED, RUNNING)),
    "job_failed.html": lambda: _job_page("failed", (FAILED,)),
    "job_completed.html": lambda: _job_page("succeeded", (COMPLETED,)),
    "models.html": lambda: _models([MODEL]),
    "models_none.html": lambda: _models([], deleted=HOSTILE_TEXT),
    "model.html": _model,
    "model_hosted.html": lambda: _model(replace(MODEL, files_uri="openai:ft:gpt-4.1-mini:acme:talk:9abc")),
    "costs.html": lambda: _costs("", SPENDINGS),
    "costs_of_made.html": lambda: _costs("", SPENDINGS, making="$1.49 for making the conversations of 1 training file"),
    "costs_year.html": lambda: _costs("year", SPENDINGS, limit_usd=0),
    "costs_none.html": lambda: _costs("week", ()),
    "notifications.html": lambda: render("notifications", frame=FRAME, notices=notice_lines(NOTIFICATIONS, NOW)),
    "login.html": lambda: render("login", refused="The token expired.", next_url="/datasets/new", has_own_token=True),
    "problem.html": lambda: render(
        "problem", frame=FRAME, title="Not found", explanation="There is no such dataset.", retry_url=""
    ),
    **MADE_CASES,
    **ROW_CASES,
    **MEND_CASES,
}
