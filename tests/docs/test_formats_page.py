"""The page of formats shows all of them, and what it shows is so."""

from pipeline.dataset.formats.mapping import Mapping, mapped_format
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.docs.formats_page import MAPPING_EXAMPLE, page
from pipeline.docs.markdown import code


def test_every_format_has_its_row():
    shown = page()

    assert [
        form.name for form in BY_NAME.values() if f"| {code(form.name)} | {code(form.example)} |" not in shown
    ] == []


def test_every_field_of_a_mapping_is_explained_and_the_example_is_one(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING_EXAMPLE, "utf-8")

    form = mapped_format(str(path))

    assert form.fits({"data": {"dialog": []}})
    assert [name for name in Mapping.model_fields if f"| `{name}` |" not in page()] == []
