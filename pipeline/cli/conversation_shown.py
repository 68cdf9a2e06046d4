"""Made conversations as a terminal shows them: a row each, or whole, turn by turn, with what was found and scored."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

from pipeline.cli.common import console_for
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.printed_table import TableRow, print_table
from pipeline.safe_text import shown
from pipeline.wording import moment, short

if TYPE_CHECKING:
    from pipeline.generation.model import MadeTurn
    from pipeline.state.catalog.generation_records import Made, Review, TrainingFile, Version

COLUMNS = ("id", "status", "score", "title", "findings", "quality", "persona", "arc", "topic")
_INDENT = 4
_PIPE_WIDTH, _LEAST_WIDTH = 100, 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A conversation in one of its versions, with what else is known of it."""

    made: "Made"
    version: "Version"
    reviews: "Sequence[Review]"
    files: "Sequence[TrainingFile]"


def row(made: "Made") -> TableRow:
    """A conversation as a row of COLUMNS."""
    score = "" if made.score is None else f"{made.score:.2f}{' (stale)' if made.is_judgement_stale else ''}"
    known = (made.id, made.status, score, made.title, ", ".join(made.finding_codes), made.quality_tier or "")
    return (*known, made.persona, made.arc, made.topic)


def as_json_of(found: Shown) -> dict[str, Any]:
    """All of it, for programs."""
    return {
        **asdict(found.made),
        "shown_version": asdict(found.version),
        "reviews": [asdict(each) for each in found.reviews],
        "training_files": [{"id": each.id, "name": each.name, "version": each.version} for each in found.files],
    }


def print_conversation(found: Shown) -> None:
    """All of it, for a person to read."""
    import msgspec

    from pipeline.generation.model import MadeConversation

    content = msgspec.convert(found.version.content, MadeConversation)
    print_fields(list(_fields(found)))
    if content.system:
        _print_part("system", content.system)
    _print_findings(found.version, {None, 0})
    for number, turn in enumerate(content.turns, start=1):
        _print_part(f"{number} {turn.role}", turn.content)
        _print_wrapped(_annotations(turn), " · ")
        _print_findings(found.version, {number})
    _print_judgement(found.version)
    if found.reviews:
        rows = [
            (moment(each.created_at), each.reviewer, each.action, each.version, each.note or "")
            for each in found.reviews
        ]
        print_table(("when", "who", "did", "version", "note"), rows)


def _fields(found: Shown) -> Iterator[tuple[str, str]]:
    made, version = found.made, found.version
    yield "id", made.id
    yield "title", made.title
    yield "status", ", ".join(filter(None, (made.status, made.status_reason)))
    yield "version", f"{version.version} of {made.version}, by {version.author}, {moment(version.created_at)}"
    for name in ("persona", "arc", "topic", "tier", "quality_tier", "split"):
        if value := getattr(made, name):
            yield name, value
    if made.score is not None:
        yield "score", f"{short(made.score)}{', of a version before' if made.is_judgement_stale else ''}"
    if found.files:
        yield "in", ", ".join(f"{each.name} v{each.version} ({each.id})" for each in found.files)


def _annotations(turn: "MadeTurn") -> str:
    emotions = ", ".join(filter(None, (turn.emotion, turn.secondary_emotion)))
    figures = [
        f"{name} {short(value)}"
        for name, value in (("intensity", turn.intensity), ("valence", turn.valence))
        if value is not None
    ]
    return "; ".join(filter(None, (emotions, ", ".join(figures), turn.phase, turn.strategy, turn.missing)))


def _print_part(heading: str, text: str) -> None:
    typer.echo(f"\n{heading}")
    for line in text.splitlines():
        _print_wrapped(line)


def _print_wrapped(line: str, mark: str = "") -> None:
    """A line below a heading, broken at the width of the terminal. mark: in front of its first part."""
    from rich.text import Text

    width = shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns - _INDENT
    for part in Text(shown(line)).wrap(console_for(sys.stdout), max(_LEAST_WIDTH, width)):
        typer.echo(f"{mark:<{_INDENT}}{part.plain}".rstrip())
        mark = ""


def _print_findings(version: "Version", turns: "set[int | None]") -> None:
    for each in version.findings:
        if each.get("turn") in turns:
            _print_wrapped(f"{each['severity']} {each['code']}: {each['sentence']}", " !")


def _print_judgement(version: "Version") -> None:
    judged = dict(version.judgement or {})
    again = judged.pop("again", None) or {}
    if not judged:
        return
    evidence, missing = judged["evidence"], judged.get("missing", {})
    for name, score in judged["scores"].items():
        second = again.get("scores", {}).get(name)
        told = f"{name} {'not judged' if score is None else score}{f', judged again {second}' if second else ''}"
        _print_part(told, evidence.get(name) or missing.get(name, ""))
    reached = {True: "yes", False: "no"}.get(judged["is_arc_reached"], "not told")
    typer.echo()
    print_fields([("arc reached", reached), ("judge", judged["model"]), ("because", judged["reason"])])
