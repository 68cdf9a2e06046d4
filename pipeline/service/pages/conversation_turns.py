"""What a made conversation says, and what was found in it: turns with the quotes of its judge, findings, scores."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.contract.conversation_values import (
    ConversationDetails,
    ConversationFinding,
    ConversationJudgement,
    ConversationTurn,
)
from pipeline.service.pages.dataset_page import TONES
from pipeline.wording import sentence


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a turn's text."""

    text: str
    quote: str
    """The anchor of a quote that it is, empty for all else."""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """What is wrong."""

    code: str
    tone: str
    severity: str
    place: str
    where: str
    """The turn's anchor, empty where it is of the whole."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """A turn."""

    number: int
    role: str
    pieces: tuple[Piece, ...]
    feeling: str
    """What it is annotated with, in words."""
    means: str
    """What it is annotated with, in words."""
    missing: str
    """Why something is not known."""
    findings: tuple[FindingLine, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """A criterion with its score, and the words that it rests on."""

    criterion: str
    score: str
    length: int
    quote: str
    where: str
    """Their anchor, empty if they are not found."""
    missing: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judge said."""

    scores: tuple[Score, ...]
    reason: str
    arc: str
    by: str
    again: str
    """The scores of a second judgement, in words."""


def bubbles_of(found: ConversationDetails) -> tuple[Bubble, ...]:
    """The turns. Each quote of the judge is marked where it stands first, if no other one stands there."""
    left = _quotes(found.judgement)
    return tuple(_bubble(turn, left, found.findings) for turn in found.turns)


def finding_line(found: ConversationFinding) -> FindingLine:
    """A finding in words."""
    named = {None: "", 0: "system prompt"}
    place = named.get(found.turn, f"turn {found.turn}")
    where = f"turn-{found.turn}" if found.turn else ""
    return FindingLine(found.code, TONES[found.severity], found.severity, place, where, sentence(found.sentence))


def judged_of(found: ConversationDetails, turns: Sequence[Bubble]) -> Judged | None:
    """What the judge said; None where nobody judged. turns: with the quotes that were found."""
    judgement = found.judgement
    if judgement is None:
        return None
    marked = {piece.text: piece.quote for turn in turns for piece in turn.pieces if piece.quote}
    reached = {True: "It ends as it was to end.", False: "It does not end as it was to end.", None: ""}
    second = found.second_judgement
    again = ", ".join(f"{name} {score}" for name, score in second.scores.items() if score) if second else ""
    return Judged(
        scores=tuple(
            Score(
                criterion=criterion.capitalize(),
                score="–" if score is None else str(score),
                length=20 * (score or 0),
                quote=judgement.evidence.get(criterion, ""),
                where=marked.get(judgement.evidence.get(criterion, ""), ""),
                missing=sentence(judgement.missing.get(criterion, "")),
            )
            for criterion, score in judgement.scores.items()
        ),
        reason=judgement.reason,
        arc=reached[judgement.is_arc_reached],
        by=judgement.model,
        again=again,
    )


def _quotes(judgement: ConversationJudgement | None) -> dict[str, str]:
    """Quotes by the anchor that each has where it is found first."""
    evidence = judgement.evidence if judgement else {}
    anchors: dict[str, str] = {}
    for number, text in enumerate(evidence.values(), 1):
        if text.strip() and text not in anchors.values():
            anchors[f"quote-{number}"] = text
    return anchors


def _bubble(turn: ConversationTurn, quotes: dict[str, str], findings: Sequence[ConversationFinding]) -> Bubble:
    """Takes the quotes that it marks out of those that are left."""
    feelings = [each for each in (turn.emotion, turn.secondary_emotion) if each]
    strength = "" if turn.intensity is None else f" {turn.intensity:.1f}"
    valence = "" if turn.valence is None else f", valence {turn.valence:+.1f}"
    return Bubble(
        number=turn.turn_number,
        role=turn.role,
        pieces=tuple(_marked(turn.content, quotes)),
        feeling=f"{', '.join(feelings)}{strength}{valence}" if feelings else "",
        means=" · ".join(filter(None, (turn.strategy, turn.phase))),
        missing=turn.missing or "",
        findings=tuple(finding_line(each) for each in findings if each.turn == turn.turn_number),
    )


def _marked(text: str, quotes: dict[str, str]) -> Iterator[Piece]:
    """The text in pieces; each quote is marked where it stands first, if no other one stands there."""
    places = sorted((start, anchor) for anchor, found in quotes.items() if (start := text.find(found)) >= 0)
    at = 0
    for start, anchor in places:
        if start < at:
            continue
        end = start + len(quotes[anchor])
        if start > at:
            yield Piece(text[at:start], "")
        yield Piece(text[start:end], anchor)
        quotes.pop(anchor)
        at = end
    if at < len(text):
        yield Piece(text[at:], "")
