"""A tokenizer is found by name or file, counts special tokens' text as text, and says what is wrong with a file."""

import base64
import pickle
import subprocess
import sys

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from pipeline.dataset.tokens import BUNDLED, TokenizerError, load_tokenizer
from tests.dataset.tokens.texts import KINDS, write_lines

SPECIAL = "<|endoftext|><|im_start|>"
BYTES = b"".join(base64.b64encode(bytes([byte])) + b" %d\n" % byte for byte in range(256))


@pytest.fixture
def tokenizer_json(tmp_path):
    """A small vocabulary with a special token, saved with truncation and padding switched on."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["hello world, hello tokens"] * 50, trainer)
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=50)
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.fixture
def vocabulary(tmp_path):
    """Writes the bytes as a file and gives its path."""

    def write(data, name="small.tiktoken"):
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return write


def test_bundled_vocabularies_count_as_they_are_known_to():
    """Published counts of these texts; nothing is downloaded."""
    texts = ["", "hello world", "你好，世界", "🙂", "antidisestablishmentarianism"]

    assert load_tokenizer().name == "o200k_base"
    assert load_tokenizer("o200k_base").count(texts).tolist() == [0, 2, 3, 1, 6]
    assert load_tokenizer("cl100k_base").count(texts).tolist() == [0, 2, 6, 2, 6]


@pytest.mark.filterwarnings("ignore:open_binary is deprecated:DeprecationWarning")  # how bpe_openai 0.1 finds its own
@pytest.mark.parametrize("name", BUNDLED)
def test_a_tiktoken_file_of_a_bundled_vocabulary_counts_the_same(name, vocabulary):
    """Two libraries, the same vocabulary, and the pattern that the file does not hold."""
    from bpe_openai import registry

    ranks = registry.ENCODING_CONSTRUCTORS[name]()["mergeable_ranks"]
    path = vocabulary(b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items()))
    texts = [write_lines(kind, 5, 0).decode() for kind in KINDS] + ["it's  a\t \n\n test…", "e\u0301\u200d", SPECIAL]

    counts = load_tokenizer(path).count(texts).tolist()

    assert counts == load_tokenizer(name).count(texts).tolist()


def test_a_tokenizer_json_counts_without_truncation_padding_or_special_tokens(tokenizer_json):
    """Whole texts count; what spells a special token is more than one token."""
    tokenizer = load_tokenizer(str(tokenizer_json))

    counts = tokenizer.count(["", "hello world", "hello world, hello world, hello world", "<|endoftext|>"])

    assert tokenizer.name == str(tokenizer_json)
    assert counts.tolist() == [0, 2, 8, 12]


@pytest.mark.parametrize("name", BUNDLED)
def test_the_text_of_a_special_token_is_ordinary(name):
    assert load_tokenizer(name).count([SPECIAL])[0] > 10


@pytest.mark.parametrize("text", [" " * 1_200_000, "a" * 1_200_000, "ab " * 400_000])
def test_long_runs_are_counted(text, vocabulary):
    """Of letters, spaces and words: in the libraries' own interfaces one raises an error, another stops."""
    assert load_tokenizer().count([text])[0] > 0
    assert load_tokenizer(vocabulary(BYTES)).count([text])[0] == len(text)


def test_worker_processes_load_their_own(tokenizer_json):
    for name in (*BUNDLED, str(tokenizer_json)):
        assert pickle.loads(pickle.dumps(load_tokenizer(name))).name == name


def test_a_library_is_imported_when_it_is_needed():
    """The command line starts without them."""
    program = "import sys, pipeline.dataset.tokens; print({'bpe_openai', 'tiktoken', 'tokenizers'} & set(sys.modules))"

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed == "set()\n"


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_vocabulary_is_read_once(name):
    """The package's own import would read all of its vocabularies again: 0.6 s and 68 MB in every process."""
    program = (
        "import sys; from pipeline.dataset.tokens import *; "
        f"load_tokenizer({name!r}); print('bpe_openai' in sys.modules)"
    )

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed == "False\n"


def test_an_unknown_name_is_refused():
    with pytest.raises(TokenizerError) as error:
        load_tokenizer("gpt-9")

    assert error.value.exit_code == 2
    assert str(error.value) == (
        "expected o200k_base, cl100k_base or the path of a tokenizer.json or *.tiktoken file, found 'gpt-9'; "
        "with a model's folder, give the tokenizer.json in it"
    )


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    path = tmp_path / "tokenizer.json"

    with pytest.raises(TokenizerError) as error:
        load_tokenizer(str(path))

    assert str(error.value) == (
        f"cannot read the tokenizer {path}: No such file or directory; check the path, or use o200k_base"
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"", "EOF while parsing a value at line 1 column 0"),
        (b"{}", "Model missing. at line 1 column 2"),
        (b"[]", "invalid type: sequence, expected struct Tokenizer at line 1 column 2"),
    ],
)
def test_another_kind_of_json_is_refused(data, reason, vocabulary):
    path = vocabulary(data, "tokenizer.json")

    with pytest.raises(TokenizerError) as error:
        load_tokenizer(path)

    assert str(error.value) == (
        f"expected a tokenizer.json of Hugging Face's tokenizers in {path}, found something else ({reason}); "
        "save it again with save_pretrained() of a fast tokenizer"
    )
