"""Presets: `presets.toml`, checked when it is read; a user's own file replaces presets of the same name."""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import UsageError
from pipeline.training.jobs.nearest import did_you_mean
from pipeline.training.presets.preset import Preset, RateBySize, RateFormula

__all__ = ["Preset", "RateBySize", "RateFormula", "find_preset", "load_presets"]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    presets: tuple[Preset, ...]


def load_presets(own: Path | None = None) -> tuple[Preset, ...]:
    """All presets, the milder first. own: a user's file in the form of ours.

    Raises:
        UsageError: the user's file cannot be read, or is not of that form.
    """
    presets = {preset.name: preset for preset in _bundled()}
    if own is not None:
        presets |= {preset.name: preset for preset in _read(own)}
    return tuple(presets.values())


def find_preset(name: str, presets: tuple[Preset, ...] | None = None) -> Preset:
    """The preset of that name.

    Raises:
        UsageError: there is none; names the nearest.
    """
    known = {preset.name: preset for preset in (load_presets() if presets is None else presets)}
    for preset in known.values():
        if preset.name == name:
            return preset
    raise UsageError(f"preset: expected one of {', '.join(known)}, found {name!r}{did_you_mean(name, known)}")


@cache
def _bundled() -> tuple[Preset, ...]:
    text = (files("pipeline.training.presets") / "presets.toml").read_text("utf-8")
    return _File.model_validate(tomllib.loads(text)).presets


def _read(path: Path) -> tuple[Preset, ...]:
    try:
        return _File.model_validate(tomllib.loads(path.read_text("utf-8"))).presets
    except OSError as error:
        raise UsageError(f"cannot read presets from {path}: {(error.strerror or str(error)).lower()}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"presets in {path}: expected TOML, found {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors())
        raise UsageError(f"presets in {path}: {problems}") from error
