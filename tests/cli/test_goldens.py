"""Every rendering of `lora-pipeline check`, byte for byte: `tests/golden/check/` (see `tests/cli/goldens.py`)."""

import json
import unicodedata

import pytest

from tests.cli.goldens import CASES, FOLDER, RENDERINGS, rendered


@pytest.mark.parametrize("rendering", RENDERINGS, ids=lambda rendering: rendering.name)
def test_a_report_is_what_it_was(rendering):
    assert rendered(rendering).decode() == (FOLDER / rendering.name).read_bytes().decode()


@pytest.mark.parametrize("rendering", [r for r in RENDERINGS if "colored" not in r.name], ids=lambda r: r.name)
def test_nothing_in_a_dataset_reaches_the_terminal_as_a_command(rendering):
    """No control character and nothing that turns the writing direction is ever printed raw."""
    text = (FOLDER / rendering.name).read_bytes().decode()

    controls = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs"}}

    assert controls - {"\n"} == set()


def test_json_is_one_object_a_file():
    lines = (FOLDER / "report.json").read_bytes().decode().splitlines()

    assert [json.loads(line)["path"] for line in lines] == CASES
