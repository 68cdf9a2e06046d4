"""The page of how two datasets differ."""

from dataclasses import dataclass
from urllib.parse import quote

from pipeline.contract.mend_values import ChangedRow, DatasetComparison
from pipeline.service.pages.dataset_card import DatasetCard
from pipeline.service.pages.dataset_page import TONES
from pipeline.wording import count_of

_NAMED = 20  # places of rows; the API and the command have as many


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure or a kind of finding in both."""

    label: str
    before: str
    after: str
    change: str
    """The difference in words."""
    tone: str
    """Whether it is for the better."""
    dot: str = ""


@dataclass(frozen=True, slots=True)
class ComparePage:
    """The page."""

    card: DatasetCard
    before: DatasetCard
    """The older one."""
    told: str
    tiles: tuple[tuple[str, str], ...]
    figures: tuple[Compared, ...]
    findings: tuple[Compared, ...]
    added: tuple[tuple[int, str], ...]
    """Addresses of the first rows, by their places."""
    removed: tuple[tuple[int, str], ...]
    """Addresses of the first rows, by their places."""
    more_added: int
    more_removed: int
    changed: tuple[ChangedRow, ...]
    rows_url: str
    rows_before_url: str


def compare_page(card: DatasetCard, before: DatasetCard, found: DatasetComparison) -> ComparePage:
    """The page."""
    is_same = not (found.added or found.removed or found.changed)
    url, url_before = (f"/datasets/{quote(each.id)}/rows" for each in (card, before))
    told = "All accepted rows say the same." if is_same else f"{count_of(found.unchanged, 'row')} say the same in both."
    return ComparePage(
        card=card,
        before=before,
        told=told,
        tiles=(
            ("rows added", f"{found.added:,}"),
            ("rows removed", f"{found.removed:,}"),
            ("rows changed", f"{found.changed:,}"),
            ("unchanged", f"{found.unchanged:,}"),
        ),
        figures=tuple(_compared(each.name, each.before, each.after) for each in found.figures),
        findings=tuple(_finding(each.code, each.severity, each.before, each.after) for each in found.findings),
        added=tuple((row, f"{url}?row={row}") for row in found.rows_added[:_NAMED]),
        removed=tuple((row, f"{url_before}?row={row}") for row in found.rows_removed[:_NAMED]),
        more_added=found.added - min(_NAMED, len(found.rows_added)),
        more_removed=found.removed - min(_NAMED, len(found.rows_removed)),
        changed=tuple(found.rows_changed),
        rows_url=url,
        rows_before_url=url_before,
    )


def _compared(label: str, before: int, after: int) -> Compared:
    change = "the same" if before == after else f"{after - before:+,}"
    return Compared(label, f"{before:,}", f"{after:,}", change, "")


def _finding(code: str, severity: str, before: int, after: int) -> Compared:
    named = "gone" if not after else "new" if not before else f"{after - before:+,}"
    return Compared(code, f"{before:,}", f"{after:,}", named, "good" if after < before else "bad", TONES[severity])
