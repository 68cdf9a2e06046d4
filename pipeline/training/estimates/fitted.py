"""The fitted constants as they are shipped: a TOML file that `make accuracy` writes."""

import tomllib
from functools import cache
from importlib.resources import files

from pipeline.training.estimates.constants import Constants

FITTED_FILE = "fitted.toml"
_DIGITS = 4


@cache
def fitted() -> Constants:
    """The constants that estimates use."""
    return Constants(**tomllib.loads((files("pipeline.training.estimates") / FITTED_FILE).read_text("utf-8")))


def fitted_text(constants: Constants) -> str:
    """The file that holds them."""
    lines = [f"{name} = {float(f'{value:.{_DIGITS}g}')}" for name, value in constants.as_dict().items()]
    return "\n".join(
        ["# Written by `make accuracy` from measurements.csv; constants.py says what each is.", *lines, ""]
    )
