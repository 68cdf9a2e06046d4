"""Presets: `presets.toml`, checked when it is read; presets of a user's own file replace those of the same name."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from pipeline.catalogues.nearest import did_you_mean
from pipeline.catalogues.reading import parse, read_entries
from pipeline.errors import UsageError
from pipeline.training.presets.preset import Preset, RateBySize, RateFormula

__all__ = ["Preset", "RateBySize", "RateFormula", "find_preset", "load_presets"]


def load_presets(own: Path | None = None) -> Mapping[str, Preset]:
    """Presets by name, the milder first. own: the user's file, if it exists.

    Raises:
        UsageError: the user's file cannot be used; names each fault.
    """
    return {preset.name: preset for preset in (*_shipped(), *read_entries(Preset, "presets", own))}


def find_preset(name: str, own: Path | None = None) -> Preset:
    """The preset of that name.

    Raises:
        UsageError: there is none, and names the nearest; or the user's file cannot be used.
    """
    presets = load_presets(own)
    if name not in presets:
        raise UsageError(f"preset: expected one of {', '.join(presets)}, found {name!r}{did_you_mean(name, presets)}")
    return presets[name]


@cache
def _shipped() -> tuple[Preset, ...]:
    return parse(Preset, "presets", (files("pipeline.training.presets") / "presets.toml").read_text("utf-8"))
