"""A module says by its name which one it is: the same name twice is a command, a route, or another front of a thing."""

from collections import defaultdict
from pathlib import Path

from tests.installation import PROJECT_DIR

ROOMS = ("pipeline", "assets", "resources", "sensors")
# Doors are called as what they open: `cli/costs.py` is `lora-pipeline costs`, `routes/quotas.py` answers for quotas.
DOORS = {"cli", "routes", "pages", "resources"}


def test_no_two_modules_have_one_name():
    places: dict[str, list[Path]] = defaultdict(list)
    for room in ROOMS:
        for path in (PROJECT_DIR / room).rglob("*.py"):
            if not path.name.startswith("__") and not DOORS & set(path.relative_to(PROJECT_DIR).parts[:-1]):
                places[path.name].append(path.relative_to(PROJECT_DIR))

    assert len(places) > 500
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
