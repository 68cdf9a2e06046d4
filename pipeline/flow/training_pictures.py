"""The small charts of a training for the asset page: losses over its steps, cost beside what was expected."""

from collections.abc import Sequence

from pipeline.flow.job_pictures import picture
from pipeline.state.catalog.attempt_records import Series
from pipeline.state.catalog.job_records import CostRecord
from pipeline.wording import short

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 360, 120, 34, 8, 16
_COLOURS = {"loss": "#35d", "eval_loss": "#d63"}
_NAMES = {"loss": "training", "eval_loss": "validation"}
_MOST_POINTS = 60  # of a line, so that the picture is short enough to be shown inline


def loss_chart(series: Sequence[Series]) -> str | None:
    """Markdown with the losses of training and validation as lines; None where there are none."""
    shown = [each for each in series if each.name in _COLOURS and each.buckets]
    if not shown:
        return None
    lines = {each.name: _line(each) for each in shown}
    points = [point for line in lines.values() for point in line]
    last_step = max(step for step, _ in points) or 1
    low, high = min(value for _, value in points), max(value for _, value in points)
    spread = (high - low) or 1.0

    def place(step: int, value: float) -> str:
        x = _LEFT + (_WIDTH - _LEFT - 4) * step / last_step
        y = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / spread
        return f"{x:.0f} {y:.0f}"

    body = "".join(
        f'<path fill="none" stroke="{_COLOURS[name]}" stroke-width="1.5" '
        f'd="M{"L".join(place(*point) for point in line)}"/>'
        for name, line in lines.items()
    )
    marks = f'<text y="{_TOP + 4}">{short(high)}</text><text y="{_HEIGHT - _BOTTOM}">{short(low)}</text>'
    legend = "".join(
        f'<text x="{_LEFT + 70 * number}" y="{_HEIGHT - 2}" fill="{_COLOURS[name]}">{_NAMES[name]}</text>'
        for number, name in enumerate(lines)
    )
    end = f'<text x="{_WIDTH - 60}" y="{_HEIGHT - 2}">step {last_step:,}</text>'
    return picture("losses", _WIDTH, _HEIGHT, body + marks + legend + end)


def cost_chart(cost: CostRecord, estimate: CostRecord | None) -> str | None:
    """Markdown with hours and cost as they were, beside what was expected; None where neither is known."""
    rows = [
        ("cost", cost.cost_usd, _range(estimate, "cost_usd"), "$"),
        ("hours", cost.hours, _range(estimate, "hours"), ""),
    ]
    known = [(name, value, expected, unit) for name, value, expected, unit in rows if value is not None]
    if not known:
        return None
    body = "".join(_row(*row, place * 18) for place, row in enumerate(known))
    return picture("cost", 360, len(known) * 18, body)


def _line(series: Series) -> list[tuple[int, float]]:
    step = max(1, len(series.buckets) // _MOST_POINTS)
    chosen = [*series.buckets[::step], series.buckets[-1]]
    return [(bucket[1], bucket[4]) for bucket in chosen]


def _range(estimate: CostRecord | None, name: str) -> tuple[float, float] | None:
    low, high = (getattr(estimate, f"{name}_{end}", None) for end in ("low", "high"))
    return None if low is None or high is None else (low, high)


def _row(name: str, value: float, expected: tuple[float, float] | None, unit: str, top: int) -> str:
    most = max(value, expected[1] if expected else 0.0) or 1.0
    begin, end = (round(40 + 120 * each / most) for each in expected or (0.0, 0.0))
    band = f'<path fill="#bcf" d="M{begin} {top + 4}h{max(1, end - begin)}v10H{begin}z"/>' if expected else ""
    tick = round(40 + 120 * value / most)
    told = f"{unit}{short(value)}" + (f" (expected {short(expected[0])}–{short(expected[1])})" if expected else "")
    return (
        f'<text y="{top + 13}">{name}</text>{band}<path fill="#35d" d="M{tick - 1} {top + 2}h2v14h-2z"/>'
        f'<text x="166" y="{top + 13}">{told}</text>'
    )
