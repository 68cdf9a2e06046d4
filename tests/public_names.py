"""Every name that users meet; `python -m tests.public_names` records them, once the changelog tells what changed."""

import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from fastapi.routing import APIRoute

from pipeline.catalogues.reading import load_gpus, load_models
from pipeline.cli import app as commands
from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.dataset.formats.rows import BY_NAME as FORMATS
from pipeline.definitions import build_defs
from pipeline.service.app import create_app
from pipeline.service.pages import routes
from pipeline.settings import PROJECT_DIR, Settings, load_settings
from pipeline.state.lake import SCHEMAS
from pipeline.trainers.registry import BY_NAME as TRAINERS

RECORD = Path(__file__).parent / "golden" / "public_names.txt"
CHANGELOG = PROJECT_DIR / "CHANGELOG.md"


def public_names() -> list[str]:
    """What it is and its name, as `trainer trl`, sorted."""
    return sorted(
        {
            *(f"trainer {name}" for name in TRAINERS),
            *(f"format {name}" for name in FORMATS),
            *(f"gpu {name}" for name in load_gpus()),
            *(f"model {name}" for name in load_models()),
            *(f"page {route.path}" for route in page_routes()),
            *(f"finding {code}" for code in CATALOGUE),
            *(f"setting LORA_{name.upper()}" for name in Settings.model_fields),
            *(
                f"command {each.name or each.callback.__name__}"
                for each in commands.registered_commands
                if each.callback
            ),
            *(f"group {each.name}" for each in commands.registered_groups),
            *(f"asset {key.to_user_string()}" for key in _graph().get_all_asset_keys()),
            *(f"column {table}.{field.name}" for table, schema in SCHEMAS.items() for field in schema),
            *(f"field {model}.{name}" for model, fields in _api_values().items() for name in fields),
        }
    )


def _api_values() -> dict[str, list[str]]:
    """What goes in and out of the API, by name, and the fields of each."""
    schemas = create_app(Settings.model_construct(data_dir=PROJECT_DIR)).openapi()["components"]["schemas"]
    return {name: list(schema.get("properties", {})) for name, schema in schemas.items() if "[" not in name}


def _graph():
    """Of an installation that nobody starts."""
    return build_defs(load_settings(data_dir=PROJECT_DIR / "build")).resolve_asset_graph()


def page_routes() -> list[APIRoute]:
    """Of every module of routes, those of pages and of what pages ask for."""
    modules = [import_module(f"{routes.__name__}.{name}") for _, name, _ in iter_modules(routes.__path__)]
    return [route for module in modules for route in module.router.routes if isinstance(route, APIRoute)]


def untold(changed: Iterable[str], changelog: str) -> list[str]:
    """Those of the names that the changelog does not have; of a field or a column its own name is enough."""
    return [each for each in changed if not re.search(rf"(?<![\w-]){re.escape(_own_name(each))}(?![\w-])", changelog)]


def _own_name(public_name: str) -> str:
    kind, _, name = public_name.partition(" ")
    return name.rpartition(".")[2] if kind in {"field", "column"} else name


def record() -> None:
    """Write them down.

    Raises:
        SystemExit: the changelog lacks one that is new or gone.
    """
    now = public_names()
    changed = sorted(set(now) ^ set(RECORD.read_text("utf-8").splitlines())) if RECORD.exists() else []
    if missing := untold(changed, CHANGELOG.read_text("utf-8")):
        raise SystemExit("CHANGELOG.md says nothing of " + ", ".join(missing))
    RECORD.write_text("\n".join(now) + "\n", "utf-8")


if __name__ == "__main__":
    record()
