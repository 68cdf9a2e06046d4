"""A pattern that is compiled late finds what it would have found anyway, and costs nothing before."""

import pickle
import re

import pytest

from pipeline.dataset.model.late_patterns import late_pattern


def test_it_is_the_pattern_that_it_was_written_as():
    late, compiled = late_pattern(r"a(?P<n>\d)", re.IGNORECASE), re.compile(r"a(?P<n>\d)", re.IGNORECASE)

    assert late.search("xA7")["n"] == "7"
    assert late.sub(r"\g<n>", "a1 A2") == "1 2"
    assert (late.pattern, late.groupindex) == (compiled.pattern, compiled.groupindex)
    assert pickle.loads(pickle.dumps(late)) == compiled


def test_it_is_compiled_when_it_is_first_used():
    late = late_pattern("(")

    with pytest.raises(re.error):
        late.search("x")
