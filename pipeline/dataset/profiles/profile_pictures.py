"""Small pictures for the asset page. Dagster shows markdown inline only below 1,000 characters."""

from base64 import b64encode
from collections.abc import Mapping

MAX_INLINE_CHARACTERS = 999
_WIDTH, _HEIGHT, _AXIS = 240, 60, 12


def words_per_turn_chart(histogram: Mapping[int, int]) -> str:
    """Markdown with a bar chart: how many turns have 0, 1, 2–3, 4–7, 8–15, … words."""
    if not histogram:
        return "no turns"
    counts = [0] * (max(histogram).bit_length() + 1)
    for words, turns in histogram.items():
        counts[words.bit_length()] += turns
    bar = _WIDTH // len(counts)
    top = max(counts)
    heights = [-(-(_HEIGHT - _AXIS) * count // top) for count in counts]
    bars = "".join(
        f"M{place * bar} {_HEIGHT - _AXIS}v-{height}h{max(1, bar - 1)}v{height}z"
        for place, height in enumerate(heights)
        if height
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" font-size="9" fill="#888">'
        f'<path fill="#4f6bed" d="{bars}"/><text y="{_HEIGHT - 2}">0</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 2}" text-anchor="end">{max(histogram):,} words</text></svg>'
    )
    return f"![words per turn](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})"
