"""Cards that tests draw: of a ready, a rejected, an unread, a catalogued and a hostile dataset."""

from dataclasses import replace
from datetime import UTC, datetime

from pipeline.card.card import Card, Conversation, Cut, Figures, Spread, Turn
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.trainers.acceptance import Acceptance, Effect, Reason, Verdict
from tests.dataset.findings.records import older_record, planted_record, record

UNREAD = Card(
    name="archive.jsonl",
    path="uploads/archive.jsonl",
    figures=Figures(
        format="native",
        format_why="",
        container="jsonl",
        compression="none",
        status="error",
        bytes=1,
        lines=0,
        blank_lines=0,
        conversations=0,
        rejected_lines=0,
        turns=0,
        assistant_turns=0,
        answers_to_learn=0,
        words=0,
        tokens=0,
        token_method="words*1.3",
        tokens_standard_error=None,
        avg_turns_per_conversation=None,
        roles={},
        words_per_turn=Spread(),
        turns_per_conversation=Spread(),
        tokens_per_conversation=None,
        truncation=None,
        rows_by_tokens=None,
        duplicate_conversation_ids=0,
        exact_duplicate_conversations=0,
        near_duplicate_conversations=None,
        validation_conversations=None,
        languages=None,
        languages_sampled=None,
        content_sha256=None,
        finding_counts={"binary-file": 1},
    ),
    examples=(record("binary-file", 1, Mismatch("text", "a ZIP archive")),),
)
REJECTED = replace(
    UNREAD,
    name="broken.jsonl",
    path="broken.jsonl",
    figures=replace(
        UNREAD.figures,
        bytes=1_204,
        lines=1_201,
        blank_lines=1,
        rejected_lines=1_200,
        near_duplicate_conversations=0,
        validation_conversations=0,
        content_sha256="e3" * 32,
        finding_counts={"blank-line": 1, "malformed-json": 1_199, "missing-field": 1},
    ),
    acceptance=(
        Acceptance(
            "trl",
            "TRL SFTTrainer",
            Verdict.REFUSED,
            0,
            0,
            (
                Reason("too-few-conversations", Effect.REFUSES, 0, (), "It takes 1 or more conversations, found 0."),
                Reason("rejected-lines", Effect.REFUSES, 1_200, (1, 2, 3, 5, 6), "The loader stops at such a line."),
            ),
            "openai",
        ),
    ),
    examples=(
        record("missing-field", 2, Mismatch("the field role", "field content"), "$.turns[0].role", 20),
        older_record("malformed-json", 3, "expected one JSON value, found none", 30),
        record("blank-line", 4, Mismatch("a conversation", "a blank line"), byte_offset=40),
    ),
)
_LONG = "A long answer, of which only the beginning is shown at first. " * 16
READY = Card(
    name="talk.jsonl",
    path="data/talk.jsonl",
    figures=replace(
        REJECTED.figures,
        format_why="3 of the first 3 rows fit native: conversation_id and turns of role and content",
        status="ready",
        lines=3,
        blank_lines=0,
        rejected_lines=0,
        conversations=3,
        turns=8,
        assistant_turns=4,
        answers_to_learn=3,
        words=1_234,
        tokens=1_700,
        token_method="sample:o200k_base",
        tokens_standard_error=12.4,
        avg_turns_per_conversation=8 / 3,
        roles={"assistant": 4, "user": 3, "system": 1},
        words_per_turn=Spread(1, 7, 200, 200, 200),
        turns_per_conversation=Spread(2, 2, 4, 4, 4),
        tokens_per_conversation=Spread(12, 40, 600, 600, 600),
        rows_by_tokens={"14": 900, "64": 1_020, "128": 640, "431": 300, "512": 120, "1723": 20},
        truncation=(Cut(512, 1, 1 / 3, 1), Cut(1_024, 0, 0.0, 0), Cut(2_048, 0, 0.0, 0)),
        exact_duplicate_conversations=1,
        near_duplicate_conversations=1,
        validation_conversations=1,
        languages={"en": 0.75, "he": 0.25},
        languages_sampled=4,
        finding_counts={"very-short-answers": 1, "duplicate-conversation": 1},
    ),
    acceptance=(
        Acceptance("openai", "OpenAI fine-tuning", Verdict.ACCEPTED, 0, 0, (), "openai"),
        Acceptance("llama-factory", "LLaMA-Factory", Verdict.ACCEPTED, 0, 0, (), None),
        Acceptance(
            "axolotl",
            "Axolotl chat_template",
            Verdict.WITH_LOSS,
            1,
            0,
            (Reason("too-long", Effect.DROPS, 1, (), "sequence_len is 512 tokens, and longer rows are dropped."),),
            "openai",
        ),
        Acceptance(
            "gemma",
            "Gemma 3 chat template",
            Verdict.REFUSED,
            0,
            0,
            (
                Reason("role-tool", Effect.REFUSES, 2, (), "The template raises: roles must alternate."),
                Reason("duplicate-conversation", Effect.NOTES, 1, (3,), "It is trained on twice."),
            ),
            "openai",
        ),
    ),
    examples=(
        record("very-short-answers", 1, Mismatch("more than 2 words", "1 of 4 otherwise")),
        record("duplicate-conversation", 3, Mismatch("new turns", "those of line 1"), byte_offset=30),
    ),
    samples=(
        Conversation(
            "talk-1",
            (Turn("system", "Answer kindly."), Turn("user", "How long?\n\nReally."), Turn("assistant", _LONG)),
        ),
        Conversation("talk-2", (Turn("user", "שלום עולם"), Turn("assistant", " "))),
        Conversation("talk-3", (Turn("narrator", "Once upon a time"), Turn("tool", '{"a": 1}'))),
    ),
    words_per_turn={1: 1, 7: 4, 9: 2, 200: 1},
    turns_per_conversation={2: 2, 4: 1},
)
CATALOGUED = replace(
    READY,
    words_per_turn=None,
    turns_per_conversation=None,
    dataset_id="talk-2f1",
    owner="ana",
    validated_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
)
HOSTILE_TEXT = (
    '<script>alert(1)</script><img src=x onerror=alert(1)>"\' onclick="x" &lt;b&gt; {{ 7 * 7 }}{% raw %} --> ]]> '
    "\x1b[31m\x00\u202e\u2066\u200b\U000e0041 [a](javascript:alert(1)) \ud800"
)


def planted(text: str) -> Card:
    """A card with a text in every place that content may reach."""
    figures = replace(
        READY.figures,
        format=text,
        format_why=text,
        container=text,
        compression=text,
        token_method=text,
        content_sha256=text,
        roles={text: 3, "user": 1},
        languages={text: 0.5},
        finding_counts={"unknown-role": 4, text: 1},
    )
    return Card(
        name=text,
        path=text,
        figures=figures,
        acceptance=(Acceptance(text, text, Verdict.WITH_LOSS, 1, 1, (_reason(text),), text),),
        examples=(planted_record(text, 1, "unknown-role"), planted_record(text, 2)),
        samples=(Conversation(text, (Turn(text, text), Turn("user", text))),),
        words_per_turn=READY.words_per_turn,
        dataset_id=text,
        owner=text,
    )


def _reason(text: str) -> Reason:
    return Reason(text, Effect.HARMS, 2, (1, 2), text)


CASES = {
    "ready.html": READY,
    "rejected.html": REJECTED,
    "unread.html": UNREAD,
    "catalogued.html": CATALOGUED,
    "hostile.html": planted(HOSTILE_TEXT),
}
