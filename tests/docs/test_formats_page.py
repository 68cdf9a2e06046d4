"""The page of formats shows all of them, and what it shows is so."""

import json

import pytest

from pipeline.dataset.formats.mapping import Mapping, load_mapping
from pipeline.dataset.formats.rows import BY_NAME, recognise_row
from pipeline.docs.formats_page import MAPPING_EXAMPLE, ROWS, page


def test_every_format_has_a_row():
    assert sorted(ROWS) == sorted(BY_NAME)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_recognised_as_its_format(name):
    assert recognise_row(json.loads(ROWS[name][0])).name == name


def test_every_field_of_a_mapping_is_explained_and_the_example_is_one(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING_EXAMPLE, "utf-8")

    form = load_mapping(path)

    assert form.fits({"data": {"dialog": []}})
    assert [name for name in Mapping.model_fields if f"| `{name}` |" not in page()] == []
