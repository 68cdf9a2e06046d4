"""What is known of base models, GPUs, prices and presets: one data file each, checked on reading, with sources."""

from pipeline.catalogues.by_name import (
    find_gpu,
    find_model,
    find_price,
    find_token_price,
    is_stale,
    nearest,
    no_such_price,
)
from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.model_config import model_from_config, model_from_dimensions
from pipeline.catalogues.models import BaseModelSpec
from pipeline.catalogues.prices import Price
from pipeline.catalogues.reading import load_gpus, load_models, load_prices, load_token_prices
from pipeline.catalogues.token_prices import TokenPrice

__all__ = [
    "BaseModelSpec",
    "Gpu",
    "Price",
    "TokenPrice",
    "find_gpu",
    "find_model",
    "find_price",
    "find_token_price",
    "is_stale",
    "load_gpus",
    "load_models",
    "load_prices",
    "load_token_prices",
    "model_from_config",
    "model_from_dimensions",
    "nearest",
    "no_such_price",
]
