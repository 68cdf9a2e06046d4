"""The page of what mending would change in a dataset, and of the files that can be taken home."""

from dataclasses import dataclass
from urllib.parse import quote

from pipeline.contract.converted_format import ConvertedFormat
from pipeline.contract.mend_values import MendCount, MendExample, MendPreview
from pipeline.service.pages.dataset_card import DatasetCard
from pipeline.wording import count_of, sentence

_FORMATS = {
    ConvertedFormat.OPENAI: "OpenAI chat",
    ConvertedFormat.SHAREGPT: "ShareGPT",
    ConvertedFormat.NATIVE: "Native",
    ConvertedFormat.BRIGHTRUN_V4: "BrightRun v4",
    ConvertedFormat.ALPACA: "Alpaca",
    ConvertedFormat.PROMPT_COMPLETION: "Prompt and completion",
    ConvertedFormat.PREFERENCE: "Preference pairs",
    ConvertedFormat.KTO: "KTO judgements",
}


@dataclass(frozen=True, slots=True)
class Download:
    """A file to take home."""

    label: str
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class MendPage:
    """The page."""

    card: DatasetCard
    headline: str
    """Whether mending helps."""
    told: str
    tone: str
    mended: tuple[MendCount, ...]
    rejected: tuple[MendCount, ...]
    remaining: tuple[MendCount, ...]
    examples: tuple[MendExample, ...]
    downloads: tuple[Download, ...]
    refused: str = ""
    """Why nothing can be mended here."""


def mend_page(card: DatasetCard, preview: MendPreview | None, refused: str = "") -> MendPage:
    """The page. preview: None where there is none, and `refused` says why."""
    why = refused or (preview.refusal or "" if preview else "")
    can_mend = preview is not None and not why and preview.lines_out > 0
    return MendPage(
        card=card,
        headline=_headline(preview) if preview and not why else "Nothing can be mended here",
        told=_told(preview) if preview and not why else "",
        tone="good" if can_mend and preview and preview.is_ready else "warning",
        mended=tuple(preview.mended) if preview else (),
        rejected=tuple(preview.rejected) if preview else (),
        remaining=tuple(preview.remaining) if preview and preview.lines_out else (),
        examples=tuple(preview.examples) if preview else (),
        downloads=_downloads(card.id, can_mend=can_mend),
        refused=sentence(why),
    )


def _headline(preview: MendPreview) -> str:
    if not preview.lines_changed and not preview.lines_aside:
        return "There is nothing to mend"
    return "Mended, it would be ready" if preview.is_ready else "Mended, it would still not be ready"


def _told(preview: MendPreview) -> str:
    return (
        f"Of {count_of(preview.lines_in, 'row')}: {preview.lines_out:,} kept, {preview.lines_changed:,} of them "
        f"changed; {preview.lines_aside:,} put aside, {preview.lines_rejected:,} because of an error."
    )


def _downloads(dataset_id: str, *, can_mend: bool) -> tuple[Download, ...]:
    api = f"/api/datasets/{quote(dataset_id)}"
    mended = Download("Mended file", "in the format of the upload", f"{api}/mended")
    converted = (
        Download(f"As {label}", "accepted rows, converted", f"{api}/converted?to={to.value}")
        for to, label in _FORMATS.items()
    )
    original = Download("Original", "as it was uploaded", f"{api}/original")
    return (*((mended,) if can_mend else ()), *converted, original)
