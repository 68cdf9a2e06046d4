"""From view models to HTML, and the two files that pages ask for; their addresses change with their content."""

from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment

from pipeline import wording
from pipeline.card import card_sentences
from pipeline.card.escaping import escaping_environment, tokens
from pipeline.dataset.model.conversation import KNOWN_ROLES

PLACES = (
    ("generation", "Generation"),
    ("conversations", "Conversations"),
    ("training-files", "Training files"),
    ("datasets", "Datasets"),
    ("jobs", "Training"),
    ("models", "Models"),
    ("costs", "Costs"),
)
"""Of the bar, in the order of the work: the first part of an address, and what it is called."""
_FILTERS = (
    wording.count_of,
    wording.cut,
    card_sentences.losses,
    wording.number,
    wording.opening,
    wording.percent,
    card_sentences.reach,
    wording.size,
    wording.compact,
    wording.sentence,
)


def render(template: str, **values: object) -> str:
    """A page, or a piece of one; `frame` is None where nobody is signed in."""
    return _templates().get_template(f"{template}.html.jinja").render(**{"frame": None, **values})


@cache
def asset(name: str) -> bytes:
    """The content of `app.css` or `app.js`.

    Raises:
        KeyError: there is no such file.
    """
    content = (files("pipeline.service.pages") / "static" / name).read_bytes() if name in MEDIA_TYPES else None
    if content is None:
        raise KeyError(name)
    return tokens().encode() + content if name == "app.css" else content


MEDIA_TYPES = {
    "app.css": "text/css",
    "app.js": "text/javascript",
    "upload.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


@cache
def _asset_urls() -> dict[str, str]:
    """By a name for templates: `app_css`."""
    return {name.replace(".", "_"): f"/static/{name}?v={sha256(asset(name)).hexdigest()[:12]}" for name in MEDIA_TYPES}


@cache
def _templates() -> Environment:
    templates = escaping_environment("pipeline.service.pages", _FILTERS)
    templates.globals |= {
        "assets": _asset_urls(),
        "verdicts": card_sentences.VERDICTS,
        "effects": card_sentences.EFFECTS,
        "known_roles": KNOWN_ROLES,
        "places": PLACES,
    }
    return templates
