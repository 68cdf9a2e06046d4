"""How often sensors look."""


def at_most_every(seconds: int) -> int:
    """What to give Dagster as `minimum_interval_seconds`, so that a sensor looks each `seconds`, a multiple of 5.

    Dagster's daemon asks every 5 s which sensors are due, some milliseconds sooner or later than before. A sensor whose
    interval is exactly that is not due yet every other time: it then looks every 10 s (12 of 21 ticks, measured).
    """
    return max(1, seconds - 1)
