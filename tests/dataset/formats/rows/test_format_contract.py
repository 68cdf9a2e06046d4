"""What every format owes the others: an example, rows to be tested with, a sample, OpenAI's shape of parts."""

import json
from random import Random

import pytest

from pipeline.dataset.findings.faults import NoFaults
from pipeline.dataset.formats.rows import BY_NAME, FORMATS, recognise_row
from tests.properties.formats_rows import KINDS
from tests.samples_of_formats import ROWS


@pytest.mark.parametrize("name", BY_NAME)
def test_its_example_is_recognised_as_it_and_has_no_fault(name):
    row = json.loads(BY_NAME[name].example)

    assert recognise_row(row) == BY_NAME[name]
    assert BY_NAME[name].read(row, NoFaults()).turns
    assert BY_NAME[name].becomes


@pytest.mark.parametrize("message", [1, [], {}, *({name: "x"} for name in ("role", "from", "text", "user", "value"))])
def test_a_list_is_of_the_first_format_that_it_fits(message):
    rows = [[message], [message, message], message]
    expected = [next((form for form in FORMATS if form.fits(row)), None) for row in rows]

    assert [recognise_row(row) for row in rows] == expected


def test_every_format_has_rows_to_be_tested_with_and_a_sample():
    assert {kind.form.name for kind in KINDS} == set(BY_NAME)
    assert set(ROWS) == set(BY_NAME)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_parts_and_calls_are_kept_in_openais_shape(kind):
    """Whoever reads them asks each part for its `type`, each call for its name; no format may leave them out."""
    turns = [turn for n in range(20) for turn in kind.form.read(kind.make(Random(n), n), NoFaults()).turns]

    parts = [part for turn in turns if turn.parts for part in json.loads(turn.parts)]
    calls = [call for turn in turns if turn.tool_calls for call in json.loads(turn.tool_calls)]
    assert [part for part in parts if not isinstance(part, dict) or not isinstance(part.get("type"), str)] == []
    assert [call for call in calls if not isinstance(call.get("function", call).get("name"), str)] == []
