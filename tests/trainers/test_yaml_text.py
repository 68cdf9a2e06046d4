"""Our YAML is read back as what was written, by a reader of YAML 1.1 as trainers use."""

import math

import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.trainers.yaml_text import Entry, yaml_text

SCALARS = (
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\x85\u2028\u2029\ufeff"))
)
WORDS = st.from_regex(r"[a-z][a-z_]{0,10}[a-z]", fullmatch=True)
KEYS = WORDS.filter(lambda key: isinstance(yaml.safe_load(key), str))  # a bare `no` is a switch
VALUES = (
    SCALARS
    | st.lists(SCALARS, max_size=3)
    | st.dictionaries(KEYS, SCALARS | st.dictionaries(KEYS, SCALARS, min_size=1, max_size=2), min_size=1, max_size=3)
    | st.lists(st.dictionaries(KEYS, SCALARS, min_size=1, max_size=3), min_size=1, max_size=3)
)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_what_is_written_is_read_back(content):
    text = yaml_text(["a header"], [Entry(key, value, "why") for key, value in content.items()])

    assert yaml.safe_load(text) == content


def test_small_numbers_are_numbers_to_every_reader():
    """YAML 1.1 takes 2e-05 for a text."""
    text = yaml_text([], [Entry("learning_rate", 2e-05)])

    assert text == "learning_rate: 0.00002\n"
    assert math.isclose(yaml.safe_load(text)["learning_rate"], 2e-05)


def test_comments_stand_above_what_they_explain():
    entries = [Entry("epochs", 3, "few rows"), Entry("datasets", [{"path": "a", "type": "b"}])]

    assert yaml_text(["A job."], entries) == (
        '# A job.\n\n# few rows\nepochs: 3\ndatasets:\n  - path: "a"\n    type: "b"\n'
    )
