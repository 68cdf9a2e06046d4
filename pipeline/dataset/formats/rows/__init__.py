"""Every format that can be read, and which of them a row is."""

from functools import cache, lru_cache

from pipeline.dataset.formats.rows.bedrock import BEDROCK
from pipeline.dataset.formats.rows.brightrun import BRIGHTRUN_V4
from pipeline.dataset.formats.rows.chat import CHAT_BARE, MIXED, ODD, SHAREGPT_BARE, Chat
from pipeline.dataset.formats.rows.chatgpt_export import CHATGPT_EXPORT
from pipeline.dataset.formats.rows.declaration import DECLARED
from pipeline.dataset.formats.rows.declared import Declared
from pipeline.dataset.formats.rows.flat_messages import FLAT_MESSAGES
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.gemini import GEMINI
from pipeline.dataset.formats.rows.glaive import GLAIVE
from pipeline.dataset.formats.rows.guanaco import GUANACO
from pipeline.dataset.formats.rows.hub_rows import HUB_ROWS
from pipeline.dataset.formats.rows.kto_rows import KTO
from pipeline.dataset.formats.rows.llamafactory import LLAMAFACTORY_V1
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.formats.rows.oasst import OASST
from pipeline.dataset.formats.rows.preference import OTHER_PREFERENCES, PREFERENCE
from pipeline.dataset.formats.rows.probe import asked_for
from pipeline.dataset.formats.rows.request_log import REQUEST_LOG
from pipeline.dataset.formats.rows.row_sketches import Sketch, sketch_of
from pipeline.dataset.formats.rows.segments_rows import SEGMENTS
from pipeline.dataset.formats.rows.shapes import BARE
from pipeline.dataset.formats.rows.xlam import XLAM
from pipeline.dataset.model.json_text import Json

# The first that fits a row is its format: the more particular ones come first.
FORMATS: tuple[Format, ...] = (
    LLAMAFACTORY_V1,
    PREFERENCE,
    *OTHER_PREFERENCES,
    KTO,
    GEMINI,
    BRIGHTRUN_V4,
    BEDROCK,
    XLAM,
    REQUEST_LOG,
    SEGMENTS,
    GLAIVE,
    GUANACO,
    CHATGPT_EXPORT,
    HUB_ROWS,
    OASST,
    FLAT_MESSAGES,
    *(form for form in DECLARED if isinstance(form, Chat) and form.known_by),
    *ODD,
    NATIVE,
    *(form for form in DECLARED if isinstance(form, Chat) and not form.known_by),
    *MIXED,
    *(form for form in DECLARED if isinstance(form, Declared)),
    SHAREGPT_BARE,
    CHAT_BARE,
)
_UNNAMED = set(map(id, (*ODD, SHAREGPT_BARE, CHAT_BARE)))  # to compare each with all of them takes 20 ms
# By public name; of several of one name the common one.
BY_NAME: dict[str, Format] = {form.name: form for form in reversed(FORMATS) if id(form) not in _UNNAMED}


# Those that find turns or calls within texts, so that a text must be there as a whole.
WITHIN_TEXTS = frozenset({GLAIVE.name, GUANACO.name, XLAM.name, HUB_ROWS.name, PREFERENCE.name})
_OF_LISTS = tuple(form for form in FORMATS if isinstance(form, Chat) and form.turns == BARE)  # others are objects


def recognise_row(row: Json) -> Format | None:
    """The format that a row goes by, None when it is none that we know."""
    return next((form for form in _forms_of(row) if form.fits(row)), None)


def _forms_of(row: Json) -> tuple[Format, ...]:
    """Those that the row may be of, in their order."""
    if not isinstance(row, dict):
        return _OF_LISTS if isinstance(row, list) else ()
    return _likely(sketch_of(row, *known_names())) if type(row) is dict else FORMATS


@lru_cache(4096)
def _likely(sketch: Sketch) -> tuple[Format, ...]:
    """Those that a row of this sketch may be of: the rows of a file mostly have the same."""
    held, asking = dict(sketch), _asking()
    places = {place for name in ("", *held) for place in asking.get(name, ())}
    forms = map(FORMATS.__getitem__, sorted(places))
    return tuple(form for form in forms if not isinstance(form, Chat | Declared) or form.could_be(held))


@cache
def known_names() -> tuple[frozenset[str], frozenset[str]]:
    """The fields of a row by which formats go, and those of the first object in a list."""
    parts = [part for form in FORMATS if isinstance(form, Declared) for part in form.parts]
    keys = [form.keys for form in FORMATS if isinstance(form, Chat)]
    of_rows = {*_asking(), *(name for part in parts for name in part.fields)}
    of_objects = {"role", "content", *(name for each in keys for name in (each.role, each.content))}
    return frozenset(of_rows), frozenset(of_objects.union(*(part.pair for part in parts)))


@cache
def _asking() -> dict[str, list[int]]:
    """By field, the places of the formats that fit no row without it or another one; under "" those of all others."""
    asking: dict[str, list[int]] = {}
    for place, form in enumerate(FORMATS):
        for name in asked_for(form.fits) or [""]:
            asking.setdefault(name, []).append(place)
    return asking
