"""A training file is ready as it is written, the same every time, and loses nothing in another form."""

import hashlib
import io
import json
from dataclasses import replace
from random import Random

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.convert.converting import convert_stream
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import WORDS, Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.generation.accepting import Candidate, select
from pipeline.generation.downloads import enriched_json, raw_json
from pipeline.generation.endings import Side
from pipeline.generation.file_content import FileContent, FileConversation, origin_of
from pipeline.generation.model import MadeConversation, MadeTurn, Scaffolds
from pipeline.generation.rubric import CRITERIA, VERSION
from pipeline.generation.training_file import FILES, total_pairs
from tests.generation.made_samples import ARC, SCAFFOLDS, conversation, item, judgement, sentences
from tests.samples import DOCS_DIR

SCHEMA = jsonschema_rs.validator_for(json.loads((DOCS_DIR / "brightrun-lora-v4.schema.json").read_text()))
VERSIONED = Scaffolds(
    SCAFFOLDS.personas, SCAFFOLDS.arcs, SCAFFOLDS.topics, SCAFFOLDS.templates, {("emotional_arc", ARC.key): 3}
)
seeds = st.integers(0, 2**32)


def chosen(number: int = 1, seed: int | None = None, **fields: object) -> FileConversation:
    made = {"judgement": judgement(), "quality_tier": "production", "side": "train", **fields}
    talk = conversation(number if seed is None else seed, 2 + 2 * (number % 3))
    return FileConversation(f"c-{number}", 1, talk, origin_of(item(number), VERSIONED), **made)


def some_content(random: Random, count: int) -> FileContent:
    """Conversations of all kinds: judged or not, annotated or not, read by a person or not."""
    conversations = [
        chosen(
            number,
            random.randrange(2**32),
            judgement=random.choice([None, judgement(5), judgement(voice=None)]),
            quality_tier=random.choice([None, "seed"]),
            side=random.choice(["train", "validation"]),
            is_reviewed=random.random() < 0.5,
            reviewer_notes=random.choice([None, "Well done."]),
        )
        for number in range(1, count + 1)
    ]
    bare = [
        replace(each, conversation=_bare(each.conversation)) if random.random() < 0.3 else each
        for each in conversations
    ]
    return FileContent("First", 1, bare, {"name": "Ada", "expertise": ["tea"]})


def _bare(made: MadeConversation) -> MadeConversation:
    """Without a system prompt, and with turns of which nothing is told."""
    return MadeConversation(made.title, "", tuple(MadeTurn(turn.role, turn.content) for turn in made.turns))


def written(content: FileContent, name: str) -> bytes:
    pieces: list[bytes] = []
    FILES[name](content, pieces.append)
    return b"".join(pieces)


def rows(content: FileContent, name: str) -> list[dict]:
    return [json.loads(line) for line in written(content, name).splitlines()]


def profiled(data: bytes, folder) -> Profile:
    return profile_stream(io.BytesIO(data), folder, Rules(tokenizer=WORDS))


def converted(data: bytes, target: str, *, as_document: bool = False) -> bytes:
    pieces: list[bytes] = []
    done = convert_stream(io.BytesIO(data), pieces.append, target, None, Limits(), as_document=as_document)
    assert done.is_whole
    return b"".join(pieces)


def test_a_row_keeps_all_that_is_known():
    content = FileContent("First", 1, [chosen()])

    (row,) = rows(content, "native.jsonl")

    first, second = conversation(1, 4).turns[:2]
    assert row["conversation_id"] == "c-1"
    assert row["turns"][:3] == [
        {"role": "system", "content": "You are a patient adviser."},
        {
            "role": "user",
            "content": first.content,
            "annotations": {"emotion": "afraid", "intensity": 0.5, "valence": -0.25, "phase": "arriving"},
        },
        {
            "role": "assistant",
            "content": second.content,
            "annotations": {"strategy": "naming the feeling", "phase": "looking closer"},
        },
    ]
    assert row["annotations"] == {
        "version": 1,
        "title": "Talk 1",
        "session_context": "On the phone",
        "expected_outcome": "Sleeps again",
        "persona": "careful_planner",
        "emotional_arc": "fear_to_calm",
        "training_topic": "pension",
        "prompt_template": "plain",
        "scaffold_versions": {"persona": 1, "emotional_arc": 3, "training_topic": 1, "prompt_template": 1},
        "tier": "template",
        "quality_tier": "production",
        "score": 4.0,
        "judgement": {
            "reason": "It holds.",
            "is_arc_reached": True,
            "scores": dict.fromkeys(CRITERIA, 4),
            "evidence": {},
            "missing": {},
            "model": "judge",
            "version": VERSION,
        },
        "human_reviewed": False,
        "reviewer_notes": None,
        "split": "train",
    }


def test_a_row_says_why_something_is_not_known():
    turns = (MadeTurn("user", "Hello.", phase="arriving", missing="emotion: not told"), MadeTurn("assistant", "Hi."))
    talk = replace(chosen(), conversation=MadeConversation("T", "", turns), judgement=judgement(voice=None))

    (row,) = rows(FileContent("First", 1, [talk]), "native.jsonl")

    assert row["turns"] == [
        {"role": "user", "content": "Hello.", "annotations": {"phase": "arriving", "missing": "emotion: not told"}},
        {"role": "assistant", "content": "Hi."},
    ]
    assert (row["annotations"]["score"], row["annotations"]["judgement"]["missing"]) == (None, {"voice": "not judged"})


def test_messages_are_as_openai_takes_them():
    (row,) = rows(FileContent("First", 1, [chosen(3)]), "openai.jsonl")

    first, second = conversation(3, 2).turns
    assert row == {
        "messages": [
            {"role": "system", "content": "You are a patient adviser."},
            {"role": "user", "content": first.content},
            {"role": "assistant", "content": second.content, "weight": 1},
        ]
    }


def test_a_pair_has_the_history_before_its_question_and_says_the_question_once():
    content = FileContent("First", 1, [chosen(2, judgement=judgement(voice=None))])

    (talk,) = json.loads(written(content, "training.json"))["conversations"]

    turns = conversation(2, 6).turns
    assert [pair["id"] for pair in talk["training_pairs"]] == ["c-2_turn1", "c-2_turn2", "c-2_turn3"]
    for number, pair in enumerate(talk["training_pairs"]):
        assert [entry["content"] for entry in pair["conversation_history"]] == [t.content for t in turns[: 2 * number]]
        assert (pair["current_user_input"], pair["target_response"]) == (
            turns[2 * number].content,
            turns[2 * number + 1].content,
        )
    pair = talk["training_pairs"][1]
    assert pair["conversation_history"][0]["emotional_state"] == {
        "primary": "afraid",
        "secondary": None,
        "intensity": 0.5,
        "valence": "negative",
        "valence_score": -0.25,
    }
    assert pair["conversation_history"][1]["emotional_state"] is None
    assert pair["training_metadata"] == {
        "difficulty": "simple",
        "objective": "Take the fear seriously before anything else",
        "skills": ["naming the feeling", "one small step"],
        "strategy": "naming the feeling",
        "quality_score": None,
        "quality_criteria": {**dict.fromkeys(CRITERIA, 4), "voice": None},
        "quality_tier": "production",
        "human_reviewed": False,
        "reviewer_notes": None,
    }


def test_a_file_says_what_is_in_it():
    content = FileContent("First", 2, [chosen(1), chosen(2, judgement=None, quality_tier=None, is_reviewed=True)])

    first = rows(content, "training.jsonl")[0]

    assert first == {
        "_meta": {
            "name": "First",
            "file_version": 2,
            "version": "4.0.0",
            "format_spec": "brightrun-lora-v4",
            "total_conversations": 2,
            "total_training_pairs": 5,
            "quality_summary": {
                "judged_conversations": 1,
                "unjudged_conversations": 1,
                "average_quality_score": 4.0,
                "average_by_criterion": dict.fromkeys(CRITERIA, 4.0),
                "quality_tiers": {"none": 1, "production": 1},
                "human_reviewed_conversations": 1,
            },
            "scaffolding_distribution": {
                "personas": {"careful_planner": 2},
                "emotional_arcs": {"fear_to_calm": 2},
                "training_topics": {"pension": 2},
                "tiers": {"template": 2},
            },
        }
    }
    assert json.loads(written(content, "training.json"))["training_file_metadata"] == first["_meta"]


@settings(max_examples=20)
@given(seed=seeds, count=st.integers(1, 4))
def test_what_is_exchanged_is_valid_and_loses_no_field_by_way_of_the_native_format(seed, count):
    content = some_content(Random(seed), count)
    document, lines = (written(content, name) for name in ("training.json", "training.jsonl"))

    whole = json.loads(document)
    listed = [json.loads(line) for line in lines.splitlines()]

    assert all(map(SCHEMA.is_valid, [whole, *listed]))
    assert json.loads(converted(converted(document, "native"), "brightrun-v4", as_document=True)) == whole
    assert [json.loads(line) for line in converted(converted(lines, "native"), "brightrun-v4").splitlines()] == listed
    assert listed[1:] == [pair for talk in whole["conversations"] for pair in talk["training_pairs"]]
    assert len(listed) - 1 == whole["training_file_metadata"]["total_training_pairs"] == total_pairs(content)


@settings(max_examples=10)
@given(seed=seeds, count=st.integers(1, 3))
def test_all_forms_are_read_as_the_same_turns(seed, count):
    content = some_content(Random(seed), count)

    def said(name: str) -> list:
        native = converted(written(content, name), "native")
        talks = [json.loads(line)["turns"] for line in native.splitlines()]
        return [[(turn["role"], turn["content"]) for turn in turns] for turns in talks]

    assert said("native.jsonl") == said("openai.jsonl") == said("training.json") == said("training.jsonl")


@settings(max_examples=10)
@given(seed=seeds, count=st.integers(1, 3))
def test_the_same_content_gives_the_same_bytes_in_whichever_order_it_was_kept(seed, count):
    content = some_content(Random(seed), count)
    again = replace(
        content,
        conversations=[_kept(each) for each in content.conversations],
        consultant_profile=dict(reversed(content.consultant_profile.items())),
    )

    for name in FILES:
        one, other = (hashlib.sha256(written(each, name)).hexdigest() for each in (content, again))
        assert one == other


def _kept(each: FileConversation) -> FileConversation:
    """As a catalog may give it back: JSON, in which objects have no order."""
    made = msgspec.json.decode(msgspec.json.encode(each.conversation, order="sorted"), type=MadeConversation)
    judged = each.judgement and msgspec.structs.replace(
        each.judgement, scores=dict(reversed(each.judgement.scores.items()))
    )
    origin = replace(each.origin, versions=dict(reversed(each.origin.versions.items())))
    return replace(each, conversation=made, judgement=judged, origin=origin)


def test_another_content_gives_other_bytes():
    content, other = (FileContent("First", 1, [chosen(1, seed)]) for seed in (1, 2))

    assert all(written(content, name) != written(other, name) for name in FILES)


@pytest.fixture(scope="module")
def accepted() -> FileContent:
    """What is selected of a batch with repeats in it."""
    random = Random(1)
    made = [conversation(number, 4) for number in range(1, 81)]
    for number in range(0, 80, 8):
        *turns, last = made[number].turns
        near = MadeTurn("assistant", f"{last.content} {sentences(random, 1)}")
        made[number + 1] = MadeConversation("T", made[number].system, (*turns, near))
    candidates = [Candidate(item(n), each, (), judgement()) for n, each in enumerate(made, start=1)]
    endings = select(candidates).endings
    sides: dict[int, Side | None] = {n: each.side for n, each in endings.items() if each.state == "accepted"}
    assert len(sides) == 70
    origin = origin_of(item(), VERSIONED)
    return FileContent(
        "First",
        1,
        [
            FileConversation(f"c-{n}", 1, made[n - 1], origin, judgement(), "production", side)
            for n, side in sides.items()
        ],
    )


@pytest.mark.parametrize("name", FILES)
def test_what_is_accepted_is_ready_as_it_is_written(accepted, name, tmp_path):
    profile = profiled(written(accepted, name), tmp_path)

    assert profile.status == "ready"
    assert profile.statistics.conversations == 70
    assert profile.statistics.rejected_lines == profile.duplicate_conversation_ids == 0
    assert profile.nearness is not None
    assert profile.exact_duplicate_conversations == profile.nearness.near_duplicate_conversations == 0
    assert dict(profile.finding_counts) == ({"file-metadata-line": 1} if name == "training.jsonl" else {})


def test_no_conversation_is_on_both_sides(accepted):
    pairs = rows(accepted, "training.jsonl")[1:]

    sides: dict[str, set[str]] = {}
    for pair in pairs:
        sides.setdefault(pair["conversation_metadata"]["split"], set()).add(pair["conversation_id"])
    assert {side: len(ids) for side, ids in sides.items()} == {"train": 67, "validation": 3}
    assert not sides["train"] & sides["validation"]


def test_a_conversation_alone_is_raw_or_enriched(tmp_path):
    raw, enriched = json.loads(raw_json(chosen(3))), json.loads(enriched_json(chosen(3)))

    first, second = conversation(3, 2).turns
    assert raw == {
        "conversation_id": "c-3",
        "version": 1,
        "title": "Talk 3",
        "turns": [
            {"turn_number": 1, "role": "user", "content": first.content},
            {"turn_number": 2, "role": "assistant", "content": second.content},
        ],
    }
    assert SCHEMA.is_valid(enriched)
    assert enriched["input_parameters"] == {
        "persona_key": "careful_planner",
        "emotional_arc_key": "fear_to_calm",
        "training_topic_key": "pension",
        "prompt_template_key": "plain",
        "persona_version": 1,
        "emotional_arc_version": 3,
        "training_topic_version": 1,
        "prompt_template_version": 1,
    }
    assert profiled(enriched_json(chosen(3)), tmp_path).status == "ready"
