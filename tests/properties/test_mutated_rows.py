"""Whatever a row of any format has too much, too little or of another kind: it is read or refused, and ends nothing."""

import io
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.convert.converting import convert_stream
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.dataset.mend.planting import mend_bytes
from tests.properties.mutated_rows import file_of

WORDLESS = (
    b'{"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "x", "reasoning_content": "a"},'
    b' {"role": "user", "content": ""}]}\n'
)


@given(seed=st.integers(0, 2**32))
def test_a_file_of_changed_rows_is_profiled_with_all_that_is_asked_by_default(seed):
    kind, data = file_of(Random(seed))

    for rules in (Rules(), Rules(form=kind.form, is_exact=True)):
        _profile_whole(data, rules)


@given(seed=st.integers(0, 2**32), target=st.sampled_from(["openai", "sharegpt", "native", "brightrun-v4"]))
def test_a_file_of_changed_rows_is_converted_and_mended(seed, target):
    kind, data = file_of(Random(seed))
    written: list[bytes] = []

    done = convert_stream(io.BytesIO(data), written.append, target, kind.form, Limits())
    mended = mend_bytes(data).mending

    assert done.written + done.rejected > 0
    assert mended.lines_out + mended.lines_aside <= mended.lines_in


def test_a_turn_without_words_beside_reasoning_has_tokens_like_any_other():
    _profile_whole(WORDLESS, Rules())


def test_half_a_character_in_a_role_ends_no_mending():
    turns = b'{"role": "user", "content": "a"}, {"role": "\\ud83d", "content": "b"}'

    mended = mend_bytes(b'{"messages": [' + turns + b'], "rejected_response": "c"}\n' * 2).mending

    assert (mended.lines_out, mended.lines_aside) == (0, 2)


def _profile_whole(data: bytes, rules: Rules) -> None:
    with TemporaryDirectory() as folder:
        report = profile_stream(io.BytesIO(data), Path(folder), rules).as_dict("a.jsonl")
    assert report["conversations"] + report["rejected_lines"] + report["blank_lines"] == report["lines"]
