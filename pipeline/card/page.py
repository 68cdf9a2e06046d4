"""Draws a card as one HTML file that needs nothing else: no network, no script.

All text is escaped (`escaping.py`); no template marks anything as safe but the style sheet, which is ours.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment
from markupsafe import Markup

from pipeline import wording
from pipeline.card import card_sentences
from pipeline.card.card import Card, Cut, Spread
from pipeline.card.charts import Bar, bars, histogram
from pipeline.card.escaping import escaping_environment, tokens
from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.finding import CATALOGUE, FindingKind, Severity
from pipeline.dataset.findings.finding_sentences import fault_of
from pipeline.dataset.findings.plain_sentences import plain_sentence
from pipeline.dataset.model.conversation import KNOWN_ROLES

WORTH_A_LOOK = 3
_SEVERITIES = tuple(Severity)
_FILTERS = (
    fault_of,
    plain_sentence,
    wording.cut,
    card_sentences.losses,
    wording.moment,
    wording.number,
    wording.opening,
    wording.percent,
    card_sentences.reach,
    card_sentences.where,
    wording.size,
)
_PAGE = "card.html.jinja"


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """All findings of a kind."""

    kind: FindingKind
    count: int
    length: float
    """Percent of the most frequent kind's count."""
    examples: tuple[FindingRecord, ...]


def render_card(card: Card) -> str:
    """The page."""
    figures, groups = card.figures, _finding_groups(card)
    return (
        _templates()
        .get_template(_PAGE)
        .render(
            card=card,
            figures=figures,
            style=_style(),
            headline=card_sentences.headline(card),
            trainers_summary=card_sentences.trainers_summary(card.acceptance),
            token_note=card_sentences.token_note(figures),
            words_note=card_sentences.words_note(figures.languages),
            verdicts=card_sentences.VERDICTS,
            effects=card_sentences.EFFECTS,
            known_roles=KNOWN_ROLES,
            words=histogram(card.words_per_turn) if card.words_per_turn is not None else None,
            turns=histogram(card.turns_per_conversation) if card.turns_per_conversation is not None else None,
            roles=bars(figures.roles, "other roles"),
            languages=_languages(card),
            cuts=_cuts(card),
            finding_groups=groups,
            worth_a_look=[group for group in groups if group.kind.severity is not Severity.NOTE][:WORTH_A_LOOK],
        )
    )


def _languages(card: Card) -> list[Bar]:
    """Their values are no counts, so only the shares are shown."""
    shares = card.figures.languages or {}
    return bars(
        {card_sentences.language_name(language): round(share * 1_000_000) for language, share in shares.items()},
        "other languages",
    )


def _cuts(card: Card) -> list[Cut]:
    """The limits up to the first that cuts nothing."""
    cuts = card.figures.truncation or ()
    first_whole = next((place for place, cut in enumerate(cuts) if not cut.rows_cut), len(cuts))
    return list(cuts[: first_whole + 1])


def _finding_groups(card: Card) -> list[FindingGroup]:
    """The gravest first, then the most frequent."""
    counts = {code: count for code, count in card.figures.finding_counts.items() if count and code in CATALOGUE}
    lengths = {code: 100 * count / max(counts.values()) for code, count in counts.items()}
    groups = [
        FindingGroup(CATALOGUE[code], count, lengths[code], tuple(e for e in card.examples if e.code == code))
        for code, count in counts.items()
    ]
    return sorted(groups, key=lambda group: (_SEVERITIES.index(group.kind.severity), -group.count))


def _spread_bars(spread: Spread) -> list[Bar]:
    """The smallest value, percentiles and the largest, as bars; none where there are no values."""
    named = {
        "shortest": spread.min,
        "half are up to": spread.p50,
        "95% are up to": spread.p95,
        "99% are up to": spread.p99,
        "longest": spread.max,
    }
    top = spread.max or 1
    return [Bar(label, value, 0, 100 * value / top) for label, value in named.items() if value is not None]


def load_templates() -> None:
    """Compile the page's templates, which the first card of a process would wait for."""
    _templates().get_template(_PAGE)


@cache
def _templates() -> Environment:
    templates = escaping_environment("pipeline.card", _FILTERS)
    templates.globals |= {"spread_bars": _spread_bars}
    return templates


@cache
def _style() -> Markup:
    return Markup(tokens() + (files("pipeline.card") / "templates" / "card.css").read_text("utf-8"))  # noqa: S704  # ours
