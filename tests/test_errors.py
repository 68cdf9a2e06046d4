"""The families of errors say who must act."""

import inspect
import re

import pytest

from pipeline import errors

KINDS = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, Exception)]


def test_the_drawing_at_the_top_is_the_hierarchy():
    """It is what people read."""
    drawing = errors.__doc__.split("\n\n")[1]

    drawn = re.findall(r"^[ │├└─]*(\w+)", drawing, re.MULTILINE)

    assert sorted(drawn) == sorted(kind.__name__ for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_exit_status_tells_who_must_act(kind):
    """1: the answer is no; 2: the person who typed; 3: the operator."""
    is_answer = kind is errors.DatasetNotReady
    assert kind.exit_code == (1 if is_answer else 2 if issubclass(kind, errors.UsageError) else 3)
    assert issubclass(kind, errors.PipelineError)
    assert kind.__doc__
