"""Fits the constants to measurements: least squares on the logarithms, held to what is expected of each constant.

A trainer with many rows does not outweigh the others. The same rows give the same constants; used by `make accuracy`.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from pipeline.training.estimates.constants import DOUBT, EXPECTED, Constants
from pipeline.training.estimates.measurements import Measurement
from pipeline.training.estimates.memory import memory_parts
from pipeline.training.estimates.step_time import step_time_s

_MEMORY_NOISE, _TIME_NOISE = 0.08, 0.12  # what even a perfect model would be off by: other versions, other clocks
_ROUNDS = 12
_NAMES = Constants.__slots__
Vector = np.ndarray[tuple[int], np.dtype[np.float64]]


def fit(measurements: Sequence[Measurement], start: Constants = EXPECTED) -> Constants:
    """The constants that describe the measurements best. Rows of the set `check` are left out."""
    rows = [row for row in measurements if row.set != "check"]
    residuals = _residuals_of(rows)
    point = np.log(np.array(list(start.as_dict().values())))
    damping = 1e-3
    here = residuals(point)
    for _ in range(_ROUNDS):
        slopes = np.stack([(residuals(point + step) - here) / 1e-4 for step in 1e-4 * np.eye(len(point))], axis=1)
        normal = slopes.T @ slopes
        move = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), -slopes.T @ here)
        there = residuals(point + move)
        if there @ there < here @ here:
            point, here, damping = point + move, there, damping / 5
        else:
            damping *= 10
        if float(np.abs(move).max()) < 1e-3:
            break
    return _constants(point)


def _residuals_of(rows: Sequence[Measurement]) -> Callable[[Vector], Vector]:
    counts = Counter(row.trainer for row in rows)
    weights = [counts[row.trainer] ** -0.25 for row in rows]
    expected = np.log(np.array(list(EXPECTED.as_dict().values())))
    doubt = np.array([DOUBT[name] for name in _NAMES])

    def residuals(point: Vector) -> Vector:
        constants = _constants(point)
        found: list[float] = list((point - expected) / doubt)
        for row, weight in zip(rows, weights, strict=True):
            if row.peak_memory_gb:
                predicted = memory_parts(row.workload, constants).total
                found.append(weight * float(np.log(predicted / row.peak_memory_gb)) / _MEMORY_NOISE)
            if row.step_time_s:
                predicted = step_time_s(row.workload, constants)
                found.append(weight * float(np.log(predicted / row.step_time_s)) / _TIME_NOISE)
        return np.array(found)

    return residuals


def _constants(point: Vector) -> Constants:
    return Constants(**dict(zip(_NAMES, map(float, np.exp(point)), strict=True)))
