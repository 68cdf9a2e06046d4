"""The small chart of an estimate for the asset page: cost, hours and memory, each from low to high."""

from base64 import b64encode

from pipeline.state.catalog.job_records import CostRecord
from pipeline.wording import short

_WIDTH, _ROW, _LABEL, _BAR = 300, 18, 40, 120
_TEXT = _LABEL + _BAR + 6


def estimate_chart(estimate: CostRecord) -> str:
    """Markdown with a bar for each figure, from its low to its high, and a tick where it is expected.

    Short enough to be shown inline; see `pipeline.dataset.profiles.profile_pictures`.
    """
    rows = [
        ("cost", (estimate.cost_usd_low, estimate.cost_usd, estimate.cost_usd_high), "$"),
        ("hours", (estimate.hours_low, estimate.hours, estimate.hours_high), ""),
        ("GB", (estimate.peak_memory_gb_low, estimate.peak_memory_gb, estimate.peak_memory_gb_high), ""),
    ]
    known = [(name, figures, unit) for name, figures, unit in rows if None not in figures]
    body = "".join(
        _bar(name, [figure or 0.0 for figure in figures], unit, place * _ROW)
        for place, (name, figures, unit) in enumerate(known)
    )
    return picture("estimate", _WIDTH, len(known) * _ROW, body)


def picture(name: str, width: int, height: int, body: str) -> str:
    """Markdown with an SVG of that size in pixels."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-size="11" fill="#888">'
        f"{body}</svg>"
    )
    return f"![{name}](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})"


def _bar(name: str, figures: list[float], unit: str, top: int) -> str:
    scale = _BAR / figures[-1] if figures[-1] else 0
    begin, tick, end = (round(_LABEL + figure * scale) for figure in figures)
    span = f"M{begin} {top + 4}h{max(1, end - begin)}v10H{begin}z"
    told = f"{unit}{short(figures[1])} ({short(figures[0])}–{short(figures[2])})"
    return (
        f'<text y="{top + 13}">{name}</text><path fill="#bcf" d="{span}"/>'
        f'<path fill="#35d" d="M{tick - 1} {top + 2}h2v14h-2z"/><text x="{_TEXT}" y="{top + 13}">{told}</text>'
    )
