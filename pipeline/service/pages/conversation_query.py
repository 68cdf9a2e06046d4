"""Which made conversations a page was asked for: read off its address, and written into the addresses of others."""

from collections.abc import Mapping
from urllib.parse import urlencode

from pipeline.dataset.findings.quality_kinds import QUALITY_KINDS
from pipeline.dataset.findings.warning_kinds import WARNINGS
from pipeline.generation.scaffold_rules import SCAFFOLD_RULES
from pipeline.generation.screening import OTHER_LANGUAGE
from pipeline.service.pages.made_names import TIERS
from pipeline.state.catalog.generation_records import MadeQuery
from pipeline.state.catalog.statuses import CONVERSATION_STATUSES, QUALITY_TIERS

CODES = (
    *(rule.kind.code for rule in SCAFFOLD_RULES),
    OTHER_LANGUAGE,
    *(kind.code for kind in (*QUALITY_KINDS, *WARNINGS)),
)
"""Of what may be found in a made conversation."""
_MOST_CHARACTERS = 200
_TEXTS = ("batch_id", "persona", "arc", "topic", "finding", "text")
LEAST_SCORE, MOST_SCORE = 1.0, 5.0


def query_of(asked: Mapping[str, str]) -> MadeQuery:
    """The query of an address; a value that cannot be asks for nothing."""
    texts = {name: _text(asked.get(name, "")) or None for name in _TEXTS}
    return MadeQuery(
        **texts,
        tier=next((each for each in TIERS if each == asked.get("tier")), None),
        quality_tier=next((each for each in QUALITY_TIERS if each == asked.get("quality_tier")), None),
        status=next((each for each in CONVERSATION_STATUSES if each == asked.get("status")), None),
        score_min=_score(asked.get("score_min", "")),
    )


def query_pairs(query: MadeQuery) -> tuple[tuple[str, str], ...]:
    """Names and values of what is asked for, as addresses and forms have them."""
    names = (*_TEXTS, "tier", "quality_tier", "status", "score_min")
    found = ((name, getattr(query, name)) for name in names)
    return tuple((name, f"{value:g}" if isinstance(value, float) else value) for name, value in found if value)


def list_url(query: MadeQuery, page: int = 1, **more: str) -> str:
    """The address of a list."""
    return with_query("/conversations", query, **({"page": str(page)} if page > 1 else {}), **more)


def with_query(path: str, query: MadeQuery, **more: str) -> str:
    """An address that says which list somebody goes through."""
    pairs = (*query_pairs(query), *more.items())
    return f"{path}?{urlencode(pairs, errors='replace')}" if pairs else path


def _text(asked: str) -> str:
    """Without what databases take in no text."""
    return asked.replace("\x00", "").strip()[:_MOST_CHARACTERS].strip()


def _score(text: str) -> float | None:
    try:
        score = float(text)
    except ValueError:
        return None
    return score if LEAST_SCORE <= score <= MOST_SCORE else None
