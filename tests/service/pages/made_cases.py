"""Batches, conversations, training files and scaffolds that tests draw, and their pages."""

import re
from datetime import timedelta

from pipeline.contract.conversation_values import (
    ConversationDetails,
    ConversationFinding,
    ConversationJudgement,
    ConversationReview,
    ConversationSummary,
    ConversationTurn,
    ConversationVersion,
    FileOfConversation,
)
from pipeline.contract.estimate_values import EstimatedRange
from pipeline.contract.generation_values import (
    BatchCell,
    BatchDetails,
    BatchEstimate,
    CallsOfPurpose,
    EstimatedCalls,
    FailedGeneration,
    OpenSubmission,
)
from pipeline.contract.scaffold_values import ScaffoldFault, ScaffoldVersion
from pipeline.contract.training_file_values import (
    TrainingFileDetails,
    TrainingFileMember,
    TrainingFilePreview,
    TrainingFileSummary,
)
from pipeline.contract.training_values import KeptFile
from pipeline.generation.model import EmotionalArc, Feeling, Persona, TrainingTopic
from pipeline.service.pages.batch_listing import batch_listing
from pipeline.service.pages.batch_page import batch_page, failures_of
from pipeline.service.pages.conversation_edit import form_again, form_of
from pipeline.service.pages.conversation_listing import Found, conversation_listing
from pipeline.service.pages.conversation_page import Decided, MadeOf, Place, conversation_page
from pipeline.service.pages.conversation_query import query_pairs
from pipeline.service.pages.frame import Frame, notice_lines
from pipeline.service.pages.generation_estimate import generation_estimate
from pipeline.service.pages.generation_form import generation_form
from pipeline.service.pages.made_names import ScaffoldNames
from pipeline.service.pages.render import render
from pipeline.service.pages.scaffold_form import fields_again
from pipeline.service.pages.scaffold_listing import scaffold_listing, scaffold_page
from pipeline.service.pages.training_file_listing import file_form, file_listing
from pipeline.service.pages.training_file_page import file_page
from pipeline.state.catalog.generation_records import MadeQuery
from tests.card import cards
from tests.service.pages.attempt_cases import NOW

_HALF_SIGNS = re.compile("[\ud800-\udfff]")
"""What values of the contract are never made of."""
HOSTILE_TEXT = _HALF_SIGNS.sub("?", cards.HOSTILE_TEXT)
FRAME = Frame("ana", "generation", 0, notice_lines([], NOW), "", can_sign_out=True)
BATCH_ID, FILE_ID = "b0a1b2c3d4e5", "f0a1b2c3d4e5"
_USUAL = {"model": "claude-sonnet-5-5", "annotating_model": "", "judging_model": "claude-haiku-4-5"}
_QUERY = MadeQuery(status="needs_review", persona="maren")
_THERE = ("accepted", "needs_review", "failed")


def names(text: str = "") -> ScaffoldNames:
    """Two of each, by their names; all are called the same where a text is given."""
    return ScaffoldNames(
        personas={"maren": text or "Maren", "noor": text or "Noor"},
        arcs={"worry": text or "From worry to steadiness", "pause": text or "From pressure to a pause"},
        topics={"rent": text or "When the rent goes up", "debts": text or "Several debts at once"},
        tiers={"worry": "template", "pause": "edge_case"},
    )


def batch(status: str = "running", text: str = "", **changed: object) -> BatchDetails:
    """One of 12, some of which are made."""
    states = {"planned": {"planned": 12}, "running": {"accepted": 5, "judged": 2, "failed": 1, "planned": 4}}
    begun = NOW - timedelta(hours=1)
    values = {
        "id": BATCH_ID,
        "user_id": "ana",
        "name": text or "Money talk, spring",
        "status": status,
        "status_reason": text or None,
        "provider": "anthropic",
        "model": text or "claude-sonnet-5-5",
        "annotating_model": None,
        "judging_model": text or "claude-haiku-4-5",
        "is_batched": True,
        "items": 12,
        "by_state": states.get(status, {"accepted": 9, "needs_review": 2, "failed": 1}),
        "budget_usd": 1.5,
        "budget_nano_usd": 1_500_000_000,
        "spent_usd": 0.42,
        "spent_nano_usd": 420_000_000 if status != "planned" else 0,
        "reserved_usd": 0.1,
        "reserved_nano_usd": 100_000_000 if status == "running" else 0,
        "created_at": NOW - timedelta(hours=2),
        "updated_at": NOW,
        "started_at": None if status == "planned" else begun,
        "ended_at": NOW if status == "completed" else None,
        "resume_at": None,
        "wish": {"items": 12, "seed": 3},
        "plan_sha256": "ab" * 32,
        "language": "en",
        "scaffold_versions": {"/persona/maren": 1},
        "cells": [
            BatchCell(persona="maren", arc="worry", filled=3, quota=3),
            BatchCell(persona="maren", arc="pause", filled=1, quota=4),
            BatchCell(persona="noor", arc="worry", filled=1, quota=3),
            BatchCell(persona="gone", arc="worry", filled=0, quota=2),
        ],
        "refills": 1,
        "failures": {} if status == "planned" else {"refusal": 1, "truncation": 6},
        "calls": []
        if status == "planned"
        else [CallsOfPurpose(purpose="generate", calls=14, cost_usd=0.4, cost_nano_usd=400_000_000)],
        "submissions": [],
        "files": [file_summary(text)] if status == "completed" else [],
    }
    return BatchDetails(**values | changed)


def submission(state: str = "sending", text: str = "") -> OpenSubmission:
    """Requests that may be at the provider."""
    return OpenSubmission(
        id=text or "s0a1b2c3d4e5f6a7",
        purpose="generate",
        state=state,
        requests=4,
        reserved_nano_usd=90_000_000,
        external_id=None,
        created_at=NOW - timedelta(minutes=20),
        sending_at=NOW - timedelta(minutes=19),
        sent_at=None,
    )


def failure(text: str = "", raw: str | None = "I would rather not.") -> FailedGeneration:
    """A draw that came to nothing."""
    return FailedGeneration(
        id=7,
        number=3,
        draw=1,
        purpose="generate",
        failure_type="refusal",
        detail=text or "the model refused",
        stop_reason=text or "refusal",
        raw_response=raw,
        model="claude-sonnet-5-5",
        persona="maren",
        arc="worry",
        topic="rent",
        created_at=NOW - timedelta(minutes=3),
    )


def draw_batches(*found: BatchDetails, asks: str = "anthropic") -> str:
    return render("batches", frame=FRAME, listing=batch_listing(found, 1, len(found), asks, NOW))


def draw_batch(found: BatchDetails, text: str = "", refused: str = "", done: str = "", raw: str | None = "No.") -> str:
    page = batch_page(found, names(text), NOW, is_own=True, refused=refused, done=done)
    listed = [failure(text, raw), failure(text, None)] if found.failures else []
    return render("batch", frame=FRAME, page=page, failures=failures_of(found, listed, None, 1, names(text), NOW))


def estimate() -> BatchEstimate:
    """What some hundred take."""
    cost = EstimatedRange(low=0.9352, expected=1.44, high=2.271)
    return BatchEstimate(
        items=12,
        provider="anthropic",
        is_batched=True,
        cells=[each.model_copy(update={"filled": 0}) for each in batch().cells],
        calls=[
            EstimatedCalls(
                purpose="generate",
                model="claude-sonnet-5-5",
                input_tokens=268_000,
                output_tokens=178_000,
                cost_usd=cost,
                is_calibrated=False,
            )
        ],
        input_tokens=268_000,
        output_tokens=178_000,
        cost_usd=cost,
        needs_budget=True,
    )


_CHOICE = (
    ("items", "12"),
    ("personas", "noor"),
    ("tiers", "template"),
    ("weights", "arc:from_shame_to_ease=2"),
    ("forbidden", "persona:noor,topic:rent"),
)


def draw_plan(
    found: BatchEstimate | None, asked: tuple[tuple[str, str], ...] = (), text: str = "", obstacle: str = ""
) -> str:
    form = generation_form(asked, _USUAL, names(text), ("claude-sonnet-5-5", text or "claude-haiku-4-5"))
    shown = generation_estimate(found, names(text)) if found else None
    return render("plan_batch", frame=FRAME, form=form, estimate=shown, obstacle=obstacle)


def summary(text: str = "", **changed: object) -> ConversationSummary:
    """A conversation that a person is to look at."""
    values = {
        "id": f"{BATCH_ID}.5",
        "user_id": "ana",
        "batch_id": BATCH_ID,
        "title": text or "Eleven days late, and the rent is due",
        "persona": "maren",
        "arc": "worry",
        "topic": "rent",
        "tier": "template",
        "status": "needs_review",
        "status_reason": text or "finding: scaffold-word: expected what people say",
        "enrichment_status": "completed",
        "version": 2,
        "score": 4.25,
        "quality_tier": None,
        "split": None,
        "turn_count": 4,
        "finding_codes": [text or "scaffold-word", "b", "c", "d"],
        "is_judgement_stale": True,
        "reviewed_by": "ana",
        "created_at": NOW - timedelta(hours=1),
        "updated_at": NOW - timedelta(minutes=5),
    }
    return ConversationSummary(**values | changed)


def conversation(text: str = "", **changed: object) -> ConversationDetails:
    """One that was judged twice, changed and read, with findings of a turn, of the prompt and of the whole."""
    said = text or "He is eleven days late. Can I pay the rent in two parts?"
    turns = [
        _turn(1, "user", said, emotion=text or "anxious", intensity=0.75, valence=-0.5),
        _turn(2, "assistant", text or "You are weighing two dates. Ask first.", strategy=text or "one date at a time"),
        _turn(3, "user", text or "كيف أسأل؟", missing=text or "a person changed this turn"),
        _turn(4, "assistant", text or "In one sentence.", phase=text or "a plan for the likely case"),
    ]
    judgement = ConversationJudgement(
        scores={"empathy": 4, "clarity": 5, "voice": None},
        evidence={"empathy": text or "You are weighing two dates.", "clarity": text or "words that nobody says"},
        reason=text or "Sound, and short.",
        is_arc_reached=True,
        model=text or "claude-haiku-4-5",
        version="r1",
        missing={"voice": text or "the quote is not in the text"},
    )
    values = {
        **dict(summary(text)),
        "shown_version": 2,
        "system": text or "You are a patient guide.",
        "session_context": text or "A short break on the night shift.",
        "expected_outcome": text or "She knows whom to ask.",
        "turns": turns,
        "findings": [_finding("warning", 1, text), _finding("note", 0, text), _finding("error", None, text)],
        "judgement": judgement,
        "second_judgement": judgement,
        "versions": [
            ConversationVersion(version=2, source="person", author=text or "ana", created_at=NOW),
            ConversationVersion(version=1, source="model", author="model", created_at=NOW - timedelta(hours=1)),
        ],
        "reviews": [
            ConversationReview(
                version=2, reviewer=text or "ana", action="edit", note=text or "too much", created_at=NOW
            )
        ],
        "files": [FileOfConversation(id=FILE_ID, name=text or "Money talk", version=1)],
    }
    return ConversationDetails(**values | changed)


def _turn(number: int, role: str, content: str, **known: object) -> ConversationTurn:
    unknown = dict.fromkeys(
        ("emotion", "secondary_emotion", "intensity", "valence", "strategy", "phase", "missing")
    )  # fmt: skip
    return ConversationTurn(turn_number=number, role=role, content=content, **unknown | known)


def _finding(severity: str, turn: int | None, text: str) -> ConversationFinding:
    said = text or "expected what people say, found a word of the request"
    return ConversationFinding(code=text or "scaffold-word", severity=severity, turn=turn, sentence=said)


def made_of(text: str = "") -> MadeOf:
    """The scaffolds of a conversation, and what was drawn for it."""
    feeling = Feeling(emotion=text or "worried", least=0.6, most=0.9)
    return MadeOf(
        persona=Persona(
            key="maren",
            name=text or "Maren",
            description=text or "A care worker.",
            background="",
            traits=(),
            style=text or "Short messages.",
        ),
        arc=EmotionalArc(
            key="worry",
            name=text or "From worry to steadiness",
            tier="template",
            start=feeling,
            middle=feeling,
            end=feeling,
            phases=(),
            strategy=text or "one thing at a time",
            techniques=(),
            avoid=(),
            turns_min=4,
            turns_max=8,
        ),
        topic=TrainingTopic(
            key="rent", name=text or "When the rent goes up", description=text or "It does.", complexity="simple"
        ),
        opening=text or "asks in one short sentence",
        situation=text or "The rota came out.",
    )


def place(decided: str = "") -> Place:
    """In a list that is narrowed, after another one was decided."""
    told = Decided(decided, "/conversations/x", "Approved") if decided else None
    return Place(_QUERY, query_pairs(_QUERY), "before", "after", told)


def draw_conversations(
    *items: ConversationSummary, query: MadeQuery = _QUERY, text: str = "", refused: str = "", done: str = ""
) -> str:
    counts = dict.fromkeys(_THERE, 4) if items else {}
    found = Found(items, counts, counts, text or "Money talk", is_none=not items and query == MadeQuery())
    listing = conversation_listing(query, found, 1, names(text), ("scaffold-word",), NOW, refused, done)
    return render("conversations", frame=FRAME, listing=listing)


def draw_conversation(found: ConversationDetails, text: str = "", **told: object) -> str:
    page = conversation_page(found, made_of(text), place(text), NOW, is_own=True, **told)
    return render("conversation", frame=FRAME, page=page)


def _draw_refused_edit(text: str = "") -> str:
    typed = {"version": "2", "title": text or "Another", "system": text, "note": text}
    typed |= {"role-1": "user", "turn-1": text or "Only this", "role-2": "assistant", "turn-2": ""}
    refused = text or "the edit leaves no conversation: expected an answer"
    return draw_conversation(conversation(text), text, form=form_again(conversation(text), typed), refused=refused)


def file_summary(text: str = "", **changed: object) -> TrainingFileSummary:
    """A file that was sent."""
    values = {
        "id": FILE_ID,
        "user_id": "ana",
        "name": text or "Money talk",
        "version": 2,
        "conversation_count": 181,
        "total_training_pairs": 829,
        "cost_usd": 1.49,
        "cost_nano_usd": 1_490_000_000,
        "content_sha256": "cd" * 32,
        "dataset_id": "money-talk-v2-e519934ed2083da6",
        "created_at": NOW - timedelta(minutes=10),
    }
    return TrainingFileSummary(**values | changed)


def draw_file(text: str = "", **changed: object) -> str:
    kept = KeptFile(name="native.jsonl", sha256="cd" * 32, size_bytes=933_100)
    member = TrainingFileMember(
        position=1,
        conversation_id=f"{BATCH_ID}.5",
        version=2,
        title=text or "Eleven days late",
        persona="maren",
        arc="worry",
        topic="rent",
        quality_tier="seed",
        split=text or "train",
        is_reviewed=True,
    )
    values = {
        **dict(file_summary(text)),
        "query": {"persona": "maren", "score_min": 4.0, "text": text or "rent"},
        "files": [kept],
        "members": [member],
        "page": 1,
        "limit": 50,
        "dataset": None,
        "jobs": [],
    }
    older = file_summary(text, id="f9", version=1, dataset_id=None)
    file = TrainingFileDetails(**values | changed)
    page = file_page(file, [file_summary(text), older], names(text), NOW, is_own=True, repeated=3)
    return render("training_file", frame=FRAME, page=page)


def draw_files(*files: TrainingFileSummary) -> str:
    return render("training_files", frame=FRAME, listing=file_listing(files, 1, len(files), NOW))


def preview() -> TrainingFilePreview:
    """Of more topics than are shown one by one."""
    return TrainingFilePreview(
        conversation_count=181,
        repeated_count=2,
        total_training_pairs=829,
        cost_usd=1.49,
        cost_nano_usd=1_490_000_000,
        reviewed_count=4,
        unjudged_count=1,
        personas={"maren": 100, "noor": 81},
        arcs={"worry": 181},
        topics={f"topic_{number}": number for number in range(1, 16)},
        quality_tiers={"seed": 75, "none": 1},
        splits={"train": 175, "validation": 6},
    )


def draw_new_file(
    meant: int = 181, found: TrainingFilePreview | None = None, text: str = "", obstacle: str = ""
) -> str:
    query = MadeQuery(batch_id=BATCH_ID, text=text or None, finding=text or None)
    form = file_form(
        text or "Money talk", 3, query, names(text), ("scaffold-word",), text or "Spring", meant, found, obstacle
    )
    return render("new_training_file", frame=FRAME, form=form)


def scaffold(text: str = "", **changed: object) -> ScaffoldVersion:
    """An arc of one's own."""
    feeling = {"emotion": text or "worried", "least": 0.6, "most": 0.9}
    content = {
        "key": "worry",
        "name": text or "From worry to steadiness",
        "tier": "template",
        "start": feeling,
        "middle": feeling,
        "end": feeling,
        "phases": [text or "what is known", "a plan"],
        "strategy": text or "one thing at a time",
        "techniques": [],
        "avoid": [text or "don't worry"],
        "turns_min": 8,
        "turns_max": 12,
    }
    values = {
        "kind": "emotional_arc",
        "key": "worry",
        "name": content["name"],
        "tier": "template",
        "version": 2,
        "is_own": True,
        "is_active": True,
        "origin": text or "ana",
        "created_at": NOW - timedelta(days=1),
        "content": content,
    }
    return ScaffoldVersion(**values | changed)


def _fault(text: str = "", key: str = "worry") -> ScaffoldFault:
    return ScaffoldFault(
        kind="emotional_arc", key=key, field="phases", expected="4 turns", found=text or "2"
    )  # fmt: skip


def draw_scaffolds(*rows: ScaffoldVersion, text: str = "") -> str:
    faults = [_fault(text), _fault(text, "*")] if rows else []
    counts = {"emotional_arc": len(rows), "persona": 3}
    return render("scaffolds", frame=FRAME, listing=scaffold_listing("emotional_arc", rows, 1, counts, faults, NOW))


def draw_scaffold(text: str = "", refused: str = "", *, is_editing: bool = False, is_old: bool = False) -> str:
    versions = [scaffold(text), scaffold(text, version=1, is_own=False, is_active=False, origin="packaged")]
    typed = fields_again("emotional_arc", {"name": text, "phases": f"{text}\n", "turns_min": text}) if refused else ()
    page = scaffold_page(
        versions,
        versions[is_old],
        [_fault(text)],
        NOW,
        is_editing=is_editing,
        typed=typed,
        key=text if refused else "",
        refused=refused,
    )
    return render("scaffold", frame=FRAME, page=page)


def planted_made(text: str) -> list[str]:
    """Every page of what is made, with a text in every place that content may reach."""
    text = _HALF_SIGNS.sub("?", text)
    query = MadeQuery(batch_id=text, persona=text, text=text, finding=text)
    asked = (("name", text), ("items", text), ("language", text), ("personas", "maren"))
    unsettled = batch("paused", text, submissions=[submission(text=text)])
    return [
        draw_batches(batch("running", text)),
        draw_batch(unsettled, text, refused=text, raw=text),
        draw_batch(batch("completed", text), text),
        draw_plan(estimate(), asked, text),
        draw_plan(None, asked, text, obstacle=text),
        draw_conversations(summary(text), query=query, text=text, refused=text),
        draw_conversation(conversation(text), text, refused=text),
        _draw_refused_edit(text),
        draw_files(file_summary(text)),
        draw_file(text),
        draw_new_file(text=text, found=preview()),
        draw_new_file(text=text, obstacle=text),
        draw_scaffolds(scaffold(text), text=text),
        draw_scaffold(text),
        draw_scaffold(text, refused=text),
    ]


MADE_CASES = {
    "batches.html": lambda: draw_batches(batch("planned"), batch("running"), batch("completed")),
    "batches_none.html": lambda: draw_batches(),
    "batches_nobody_asked.html": lambda: draw_batches(asks=""),
    "plan_batch.html": lambda: draw_plan(estimate(), _CHOICE),
    "plan_batch_refused.html": lambda: draw_plan(None, obstacle=f"No price of {HOSTILE_TEXT} is known."),
    "plan_batch_many.html": lambda: draw_plan(None, (("items", "50000"),)),
    "batch_planned.html": lambda: draw_batch(batch("planned")),
    "batch_running.html": lambda: draw_batch(batch("running"), done="1 item is drawn anew.", raw=HOSTILE_TEXT),
    "batch_held.html": lambda: draw_batch(
        batch("running", resume_at=NOW + timedelta(minutes=5), status_reason="the provider is overloaded")
    ),
    "batch_paused.html": lambda: draw_batch(
        batch("paused", submissions=[submission()]), refused="expected a budget for what is paid"
    ),
    "batch_completed.html": lambda: draw_batch(batch("completed"), raw="x" * 6_001),
    "conversations.html": lambda: draw_conversations(
        summary(), summary(HOSTILE_TEXT), done="3 conversations approved."
    ),
    "conversations_refused.html": lambda: draw_conversations(summary(), refused="expected 3, found 4: look again"),
    "conversations_nothing_fits.html": lambda: draw_conversations(),
    "conversations_none.html": lambda: draw_conversations(query=MadeQuery()),
    "conversation.html": lambda: draw_conversation(conversation()),
    "conversation_decided.html": lambda: draw_conversation(conversation(status="accepted"), HOSTILE_TEXT),
    "conversation_old_version.html": lambda: draw_conversation(conversation(shown_version=1, judgement=None)),
    "conversation_edit.html": lambda: draw_conversation(conversation(), form=form_of(conversation())),
    "conversation_edit_refused.html": _draw_refused_edit,
    "training_files.html": lambda: draw_files(file_summary(), file_summary(HOSTILE_TEXT, dataset_id=None)),
    "training_files_none.html": lambda: draw_files(),
    "training_file.html": draw_file,
    "new_training_file.html": lambda: draw_new_file(found=preview()),
    "new_training_file_many.html": lambda: draw_new_file(9_000),
    "new_training_file_none.html": lambda: draw_new_file(0),
    "new_training_file_refused.html": lambda: draw_new_file(obstacle="expected a name, found none"),
    "scaffolds.html": lambda: draw_scaffolds(scaffold(), scaffold(is_own=False, is_active=False)),
    "scaffolds_none.html": lambda: draw_scaffolds(),
    "scaffold.html": draw_scaffold,
    "scaffold_old_version.html": lambda: draw_scaffold(is_old=True),
    "scaffold_edit.html": lambda: draw_scaffold(is_editing=True),
    "scaffold_edit_refused.html": lambda: draw_scaffold(HOSTILE_TEXT, refused="name: expected some text, found ''"),
}
