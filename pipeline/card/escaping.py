"""How templates make HTML of what may be hostile: each text is made visible, then escaped. And the colours we share."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.safe_text import visible


def escaping_environment(package: str, filters: Sequence[Callable[..., object]]) -> Environment:
    """The templates in a package's folder `templates/`. filters: functions, used under their names."""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {made.__name__: made for made in filters}
    return environment


@cache
def tokens() -> str:
    """The style sheet that names our colours, in light and in dark."""
    return (files("pipeline.card") / "templates" / "tokens.css").read_text("utf-8")


def _shown(value: object) -> str:
    """What stands for a value on the page; Markup is what our own templates made."""
    return value if isinstance(value, Markup) else visible(str(value))
