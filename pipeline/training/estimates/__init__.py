"""How much memory, time and money a workload takes: low, expected and high, and what that rests on."""

from pipeline.catalogues.model_config import model_from_dimensions
from pipeline.training.estimates.estimate import estimate
from pipeline.training.estimates.result import Estimate, Range

__all__ = ["Estimate", "Range", "estimate", "model_from_dimensions"]
