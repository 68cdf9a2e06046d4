"""Attempts at a training that tests draw, with what they told, cost and left."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.launchers.training_failures import remedy_of
from pipeline.state.catalog.attempt_records import Attempt, Evaluation, Model, Series, Transition
from pipeline.state.catalog.costs import Spending
from pipeline.state.catalog.job_records import CostRecord
from pipeline.state.catalog.statuses import AttemptState
from tests.card.cards import HOSTILE_TEXT

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
DATASET_ID = "everyday-talk-e519934ed2083da6"


def _attempt(number: int, state: AttemptState, **values: object) -> Attempt:
    asked = NOW - timedelta(hours=2)
    plain = Attempt(
        id=f"job-1.{number}",
        job_id="job-1",
        user_id="ana",
        dataset_id=DATASET_ID,
        number=number,
        launcher="local",
        trainer="trl",
        state=state,
        state_reason=None,
        failure_class=None,
        external_id=None,
        resumed_from=None,
        gpu="L4",
        gpu_count=1,
        price_per_gpu_hour=0.8,
        provider="Cloud",
        budget_usd=5.0,
        over_budget_reason=None,
        created_at=asked,
        submitted_at=None,
        started_at=None,
        heartbeat_at=None,
        ended_at=None,
        closed_at=None,
        cancel_requested_at=None,
        journal_offset=0,
        step=None,
        total_steps=None,
        epoch=None,
        log_tail=None,
        metered_nano_usd=0,
    )
    return replace(plain, **values)


_BEGUN = {"started_at": NOW - timedelta(hours=1), "step": 120, "total_steps": 360, "epoch": 1.0}
RUNNING = _attempt(2, "running", log_tail=f"{{'loss': 1.1}}\n{HOSTILE_TEXT}", **_BEGUN)
FAILED = _attempt(
    1,
    "failed",
    state_reason=f"{remedy_of('out-of-memory').sentence} (exit code 1)",
    failure_class="out-of-memory",
    ended_at=NOW - timedelta(minutes=90),
    closed_at=NOW - timedelta(minutes=89),
    **_BEGUN | {"started_at": NOW - timedelta(hours=2)},
)
COMPLETED = _attempt(3, "completed", ended_at=NOW, closed_at=NOW, **_BEGUN | {"step": 360})
AT_OPENAI = _attempt(1, "preparing", launcher="hosted", trainer="openai", price_per_gpu_hour=None, provider="OpenAI")
WAITING = _attempt(1, "preparing", launcher="own-machine")
SERIES = (
    Series(
        "eval_loss",
        3,
        120,
        1.41,
        80,
        1.375,
        1,
        tuple((at, at, v, v, v) for at, v in ((40, 1.9), (80, 1.375), (120, 1.41))),
    ),
    Series("grad_norm", 120, 120, 0.5, 100, 0.4, 1, ((1, 1, 60.0, 60.0, 60.0), (120, 120, 0.5, 0.5, 0.5))),
    Series(
        "learning_rate", 120, 120, 1.2e-4, 1, 1e-5, 1, ((1, 1, 1e-5, 1e-5, 1e-5), (120, 120, 1.2e-4, 1.2e-4, 1.2e-4))
    ),
    Series(
        "loss",
        120,
        120,
        1.1,
        112,
        1.02,
        2,
        tuple((at, at + 1, 2.2 - at / 120, 2.4 - at / 120, 2.3 - at / 120) for at in range(1, 120, 2)),
    ),
    Series("num_tokens", 120, 120, 1.8e6, 1, 1.5e4, 1, ((120, 120, 1.8e6, 1.8e6, 1.8e6),)),
    Series("peak_memory_gb", 120, 120, 17.25, 1, 16.0, 1, ((120, 120, 17.25, 17.25, 17.25),)),
)
TRANSITIONS = (
    Transition(None, "queued", "ana", None, NOW - timedelta(hours=2)),
    Transition("queued", "running", "watch", HOSTILE_TEXT, NOW - timedelta(hours=1)),
)
COST = CostRecord(
    id="cost-1",
    job_id="",
    user_id="ana",
    kind="estimate",
    cost_usd=1.04,
    cost_usd_low=0.72,
    cost_usd_high=1.52,
    hours=1.3,
    hours_low=0.9,
    hours_high=1.9,
    peak_memory_gb=15.5,
    peak_memory_gb_low=14.0,
    peak_memory_gb_high=17.0,
    fits="yes",
    price_per_gpu_hour=0.8,
    price_currency="USD",
    price_kind="on-demand",
    provider="Cloud",
    price_as_of=NOW.date(),
    source="a price list",
    basis=[],
    created_at=NOW,
    attempt_id=None,
    billed_nano_usd=None,
)
MODEL = Model(
    id=COMPLETED.id,
    user_id="ana",
    attempt_id=COMPLETED.id,
    job_id=COMPLETED.job_id,
    dataset_id=DATASET_ID,
    name="everyday_talk, Llama-3.1-8B-Instruct",
    version=2,
    description=HOSTILE_TEXT,
    kind="adapter",
    base_model="Llama-3.1-8B-Instruct",
    files_uri="/lake/models",
    files={
        "model/README.md": {"size_bytes": 1_200, "sha256": "cd" * 32},
        "model/adapter_model.safetensors": {"size_bytes": 87_360_984, "sha256": "ab" * 32},
    },
    size_bytes=87_362_184,
    manifest_sha256="ef" * 32,
    created_at=NOW,
    deleted_at=None,
)
EVALUATIONS = (
    Evaluation("before", "eval_loss", 2.31, 60, "the trainer"),
    Evaluation("after", "eval_loss", 0.94, 60, "the trainer"),
    Evaluation("after", "perplexity", 2.56, 60, "exp(eval_loss)"),
)


def _spending(number: int, dataset: str, nano_usd: int | None, age: timedelta, provider: str | None) -> Spending:
    return Spending(
        job_id="job-1",
        attempt_id=f"job-1.{number}",
        job_name=f"{dataset}, Llama-3.1-8B-Instruct",
        dataset_id=DATASET_ID,
        dataset_name=dataset,
        base_model="Llama-3.1-8B-Instruct",
        provider=provider,
        nano_usd=nano_usd,
        hours=1.5,
        source="metered",
        created_at=NOW - age,
    )


SPENDINGS = (
    _spending(3, "everyday_talk", 12_340_000_000, timedelta(hours=3), "Cloud"),
    _spending(1, HOSTILE_TEXT, 1_000_000_001, timedelta(days=9), "Cloud"),
    _spending(2, "everyday_talk", None, timedelta(days=20), None),
)
