"""bpe_openai's compiled part has the shape that we expect: the first test to read after an upgrade of it."""

import pytest

from pipeline.dataset.tokens import BUNDLED
from pipeline.dataset.tokens.bpe_bindings import compiled_vocabularies


@pytest.mark.parametrize("name", BUNDLED)
def test_it_holds_each_vocabulary_and_counts_a_text_in_one_call(name):
    tokenizer = compiled_vocabularies().tokenizer_for_encoding(name)

    assert name in compiled_vocabularies().supported_encodings()
    assert (tokenizer.count("hello world"), tokenizer.count("")) == (2, 0)
