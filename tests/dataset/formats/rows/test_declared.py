"""Formats that are data: all readers agree on every variant, and to add one is to add a file and its golden case."""

import json
from random import Random

import msgspec
import pytest

from pipeline.dataset.formats.rows import BY_NAME, recognise_row
from pipeline.dataset.formats.rows.declaration import declared_in
from pipeline.dataset.formats.rows.declared import Declared
from pipeline.dataset.reading.block_verdicts import judge_block
from tests.dataset.formats.rows.format_goldens import FOLDER, cases, reading_of, written
from tests.properties.formats_reading import LIMITS, blocks, judge_exactly, read_said
from tests.properties.formats_rows import VARIANTS, Kind, declared_row
from tests.properties.formats_spoiling import line

# Formats that are code and older than the golden files; their rows stand in tests of their own.
WITHOUT_GOLDEN = {"native", "brightrun-v4", "chat", "gemini", "kto", "llamafactory-v1"}


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.stem)
def test_rows_are_read_as_the_golden_file_says(path):
    """`python -m tests.dataset.formats.rows.format_goldens` would change nothing."""
    assert path.read_text("utf-8") == written(path)
    assert path.stem in {case["read"]["format"] for case in cases(path)}


def test_every_format_has_a_golden_file():
    assert {path.stem for path in FOLDER.iterdir()} == set(BY_NAME) - WITHOUT_GOLDEN


@pytest.mark.parametrize("kind", VARIANTS, ids=lambda kind: kind.name)
def test_a_variant_is_recognised_and_read_by_a_shape(kind):
    rows = [kind.make(Random(n), n) for n in range(10)]
    (block,) = blocks(b"".join(json.dumps(row).encode() + b"\n" for row in rows[:1]))

    assert [recognise_row(row) for row in rows] == [kind.form] * len(rows)
    assert judge_block(block, LIMITS, kind.form).shape is not None


@pytest.mark.parametrize("kind", VARIANTS, ids=lambda kind: kind.name)
def test_spoilt_rows_of_a_variant_are_judged_alike(kind):
    random = Random(3)
    data = b"".join(line(random, kind, n) + b"\n" for n in range(12))

    assert read_said(data, kind.form) == judge_exactly(data, kind.form)


TOML = """
name = "riddles"
title = "riddles: riddle, hint and reveal"
rank = 60
example = '{"riddle": "What has a spout?", "reveal": "A pot."}'
becomes = "the riddle with its hint, and what it reveals"
by_type = true
spellings.reveal = ["unveiling"]

[[fields]]
field = ["setting", "scene"]
role = "system"
optional = true

[[fields]]
field = "riddle"
role = "user"
added = "hint"

[[fields]]
field = "reveal"
role = "assistant"
"""


def test_a_new_format_is_one_file(tmp_path):
    """As `docs/how-to/format.md` says: the file alone gives recognition, both readers and all variants."""
    (tmp_path / "riddles.toml").write_text(TOML, "utf-8")

    first, second = declared_in(tmp_path)

    assert isinstance(first, Declared)
    assert (first.name, second.title) == ("riddles", "riddles: riddle, hint and reveal (unveiling)")
    assert reading_of({"scene": "At tea.", "riddle": "What pours?", "hint": "Hot.", "reveal": "A pot."}, first) == {
        "format": "riddles",
        "title": "riddles: riddle, hint and reveal",
        "turns": ["system: At tea.", "user: What pours?\nHot.", "assistant*: A pot."],
    }
    for form in (first, second):
        kind = Kind("riddles", form, lambda random, n, form=form: declared_row(form, random, n))
        data = b"".join(each + b"\n" for each in kind.lines(Random(1), 20))
        (block,) = blocks(data.split(b"\n")[0] + b"\n")
        spoilt = b"".join(line(Random(n), kind, n) + b"\n" for n in range(20))

        assert judge_block(block, LIMITS, form).shape is not None
        assert all(form.fits(json.loads(each)) for each in data.splitlines())
        assert read_said(spoilt, form) == judge_exactly(spoilt, form)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ('rank = "first"', "Expected `int`, got `str` - at `$.rank`"),
        ('rank = 1\ntitel = "x"', "Object contains unknown field `titel`"),
        ('rank = 1\n[[fields]]\nfield = "a"\nholds = "words"', "Invalid enum value 'words' - at `$.fields[0].holds`"),
    ],
)
def test_a_file_that_says_anything_else_is_refused(tmp_path, change, fault):
    said = ('name = "x"', 'title = "x"', 'example = "{}"', 'becomes = "x"', change)
    (tmp_path / "x.toml").write_text("\n".join(said), "utf-8")

    with pytest.raises(msgspec.ValidationError) as error:
        declared_in(tmp_path)

    assert str(error.value) == fault
