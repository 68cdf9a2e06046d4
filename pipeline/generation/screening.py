"""Stage 2: what is wrong with whole conversations, by the engine's own rules and by those of their scaffolds.

The engine reads them as rows of an upload, so that what it finds here is what it would find in the training file.
What only all of a batch together tell, such as duplicates, is a matter of `accepting.py`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pipeline.dataset.findings.finding import CATALOGUE, Finding
from pipeline.dataset.findings.finding_sentences import message_sentence
from pipeline.dataset.findings.groups import all_findings_of
from pipeline.dataset.frames.frames import frames_of
from pipeline.dataset.frames.warnings import warning_groups
from pipeline.dataset.quality.languages import DOMINANT_SHARE, FEWEST_TEXTS, language_of
from pipeline.dataset.quality.quality_findings import quality_groups
from pipeline.dataset.rules.kinds import Severity
from pipeline.generation.made_findings import MadeFinding
from pipeline.generation.made_rows import blocks
from pipeline.generation.model import MadeConversation, PlannedItem, Scaffolds
from pipeline.generation.scaffold_rules import SCAFFOLD_RULES, Case, case_of

OTHER_LANGUAGE = "other-language"
_TURN = re.compile(r"\$\.turns\[(\d+)\]")
_PLACES_NAMED = 3

Findings = tuple[MadeFinding, ...]


def screened(
    made: Sequence[tuple[PlannedItem, MadeConversation]], scaffolds: Scaffolds, language: str | None = None
) -> list[Findings]:
    """Of each conversation all findings, errors first.

    language: that answers are to be in, by its ISO 639-1 code; None for the one that most of the conversations have.
    """
    conversations = [conversation for _, conversation in made]
    found: list[list[MadeFinding]] = [[] for _ in made]
    for finding in _by_engine(conversations):
        found[finding.row - 1].append(_as_made(finding, has_system=bool(conversations[finding.row - 1].system)))
    for each, (item, conversation) in zip(found, made, strict=True):
        each += _by_scaffold(case_of(conversation, item, scaffolds))
    for number, finding_of_language in _by_language(conversations, language):
        found[number].append(finding_of_language)
    return [tuple(sorted(each, key=_rank)) for each in found]


def _rank(finding: MadeFinding) -> int:
    return list(Severity).index(Severity(finding.severity))


def _by_engine(conversations: Iterable[MadeConversation]) -> Iterator[Finding]:
    for verdicts, columns in blocks(conversations):
        frames = frames_of(columns)
        yield from all_findings_of([*verdicts.groups, *warning_groups(frames), *quality_groups(frames)])


def _as_made(finding: Finding, *, has_system: bool) -> MadeFinding:
    place = _TURN.match(finding.path)
    turn = int(place[1]) + (0 if has_system else 1) if place else None
    return MadeFinding(finding.code, finding.severity.value, turn, finding.message)


def _by_scaffold(case: Case) -> Iterator[MadeFinding]:
    """One finding a rule, at the first place; the next ones are named."""
    for rule in SCAFFOLD_RULES:
        shown = list(rule.look(case))
        if not shown:
            continue
        turns = sorted({each.turn + 1 for each in shown})
        first = min(shown, key=lambda each: each.turn)
        also = ", ".join(map(str, turns[1 : 1 + _PLACES_NAMED]))
        mismatch = first.mismatch._replace(detail=f"(also in turn {also})" if also else None)
        sentence = message_sentence(rule.kind.code, mismatch, rule.kind.remedy)
        yield MadeFinding(rule.kind.code, rule.kind.severity.value, turns[0], sentence)


def _by_language(conversations: Sequence[MadeConversation], language: str | None) -> Iterator[tuple[int, MadeFinding]]:
    """Which conversations have answers in another language than is wanted, by their place from 0."""
    spoken = [language_of("\n".join(t.content for t in each.turns if t.role == "assistant")) for each in conversations]
    wanted = language or _dominant(spoken)
    for number, each in enumerate(spoken):
        if wanted and each and each != wanted:
            sentence = f"expected answers in {wanted}, found {each}; read it, or draw the item anew"
            yield number, MadeFinding(OTHER_LANGUAGE, Severity.WARNING.value, None, sentence)


def _dominant(spoken: Sequence[str | None]) -> str | None:
    """The language that nearly all have; None where there are too few to tell, or none has."""
    counts = Counter(filter(None, spoken))
    if counts.total() < FEWEST_TEXTS:
        return None
    language, count = counts.most_common(1)[0]
    return language if count >= DOMINANT_SHARE * counts.total() else None


def screening_codes() -> list[str]:
    """Every code that a screening may tell: the engine's, and those of scaffolds."""
    return [*CATALOGUE, *(rule.kind.code for rule in SCAFFOLD_RULES), OTHER_LANGUAGE]
