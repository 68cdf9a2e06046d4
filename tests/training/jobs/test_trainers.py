"""The trainers' own classes take what we emit; on a CPU, with nothing downloaded.

Each check is a script of `trainers/` that runs in an environment of its own, which `tests/install_trainers.sh` sets up.
"""

import pytest
from packaging.requirements import Requirement

from pipeline.catalogues.reading import load_models
from pipeline.trainers.strict_keys import recorded_keys, recorded_lock, recorded_versions
from tests.services import LLAMA_FACTORY, MISTRAL, TRAINERS
from tests.trainers.acceptance.agreement import acceptances, disagreements
from tests.trainers.acceptance.variants import variants
from tests.training.jobs.case_values import VALUES
from tests.training.jobs.goldens import CASES, targets_of

pytestmark = pytest.mark.needs_trainers

CHECKED = ("trl", "axolotl", "together", "openai")
NOT_INSTALLED = {"llama-factory": {"bitsandbytes"}}  # its version is a solver's word
OPENAI_VALUES = {"n_epochs": 3, "batch_size": 4, "learning_rate_multiplier": "auto"}


def test_the_trainers_own_classes_take_every_job(environments, case_folders):
    """The same files as in `golden/`, with the values that the classes made of them."""
    expected = {
        f"{case_folders[name]}:{target}": OPENAI_VALUES if target == "openai" else VALUES[name]
        for name in CASES
        for target in targets_of(name)
        if target in CHECKED
    }

    assert environments.last_line(TRAINERS, "check_configs.py", *expected) == expected


def _refused(needs: list[str], locked: dict[str, str]) -> list[str]:
    """What a package asks for that the locked versions are not."""
    asked = [Requirement(each) for each in needs if "extra ==" not in each]
    return [str(each) for each in asked if each.name in locked and locked[each.name] not in each.specifier]


@pytest.mark.parametrize(
    ("environment", "targets"), [(TRAINERS, CHECKED), (LLAMA_FACTORY, ("llama-factory",))], ids=["trl", "llama-factory"]
)
def test_the_recorded_keys_are_those_of_the_classes(environments, environment, targets):
    """And the versions of `requirements.txt` are those installed, or at least what the trainer's package asks for."""
    found = environments.last_line(environment, "record_keys.py", *targets)

    for target in targets:
        assert found[target]["versions"] == recorded_versions(target)
        locked = {name: version for part in recorded_lock(target).values() for name, version in part.items()}
        assert _refused(found[target]["needs"], locked) == []
        if target != "axolotl":  # it stands in TRL's environment, beside newer packages than it asks for
            installed = {name: version.partition("+")[0] for name, version in found[target]["installed"].items()}
            assert {name: installed.get(name, version) for name, version in locked.items()} == locked
            assert locked.keys() - installed.keys() == NOT_INSTALLED.get(target, set())
        assert {part: frozenset(keys) for part, keys in found[target]["keys"].items()} == {
            part: recorded_keys(target, part) for part in found[target]["keys"]
        }


def test_acceptance_is_what_loaders_and_checkers_say_of_200_files(environments, tmp_path):
    """Each disagreement stands in `agreement.py` with its reason."""
    files = tmp_path / "files"
    files.mkdir()
    for variant in variants():
        (files / variant.name).write_bytes(variant.data)

    newest = environments.last_line(TRAINERS, "load_files.py", files)
    oldest = environments.last_line(LLAMA_FACTORY, "load_files.py", files)
    mistral = environments.last_line(MISTRAL, "check_mistral.py", files)

    found: list[str] = []
    for path in sorted(files.iterdir()):
        ours = acceptances(path, tmp_path / path.stem)
        said = {**newest["files"][path.name], **oldest["files"][path.name]}
        said |= {"newest": newest["files"][path.name]["datasets"], "oldest": oldest["files"][path.name]["datasets"]}
        said |= {"mistral": mistral["files"][path.name]}
        found += disagreements(path, ours, said)
    assert (len(list(files.iterdir())), oldest["version"]) == (len(variants()), "4.0.0")
    assert found == []


def test_axolotl_reads_judgements_and_texts(environments, models, case_folders):
    """What its own strategies make of the first row of each: the prompt apart from what is judged."""
    folders = {name: case_folders[name] / "axolotl" for name in ("preferences", "judgements", "texts")}

    found = environments.last_line(TRAINERS, "read_axolotl.py", models / "unmarked", *folders.values())

    assert {name: found[str(folder)] for name, folder in folders.items()} == {
        "preferences": {
            "prompt": "<|user|>Question 0.0: how bread keeps in town 0?</s><|assistant|>",
            "chosen": "Answer 0.0: bread keeps, 0 times.</s>",
            "rejected": "No idea, 0.</s>",
        },
        "judgements": {
            "prompt": "<|start_header_id|>user<|end_header_id|>\n\nQuestion 0.0: how bread keeps in town 0?<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
            "completion": "Answer 0.0: bread keeps, 0 times.<|eot_id|>",
            "label": False,
        },
        "texts": ["bread keeps in town 0, as told for 0 years.</s>"],
    }


LEARNED = {
    ("chat", "marked"): [
        ["Answer 0.0: bread keeps, 0 times.</s>"],
        ["Answer 1.0: rain keeps, 1 times.</s>", "Answer 1.1: rain keeps, 1 times.</s>"],
    ],
    ("chat", "unmarked"): [["Answer 0.0: bread keeps, 0 times.</s>"], ["Answer 1.0: rain keeps, 1 times.</s>"]],
    ("context-only-answers", "marked"): [
        ["Answer 0.1: bread keeps, 0 times.</s>"],
        ["Answer 1.1: rain keeps, 1 times.</s>"],
    ],
    ("tools", "none"): [
        [
            '\n<tool_call>{"name": "forecast", "arguments": {"town": "town 0", "days": 0}}</tool_call></s>',
            "It will be 0 degrees.</s>",
        ],
        [
            '\n<tool_call>{"name": "forecast", "arguments": {"town": "town 1", "days": 1}}</tool_call></s>',
            "It will be 1 degrees.</s>",
        ],
    ],
}


def test_trl_learns_the_supervised_turns_and_nothing_else(environments, models, case_folders):
    """The labels that TRL makes of our rows, decoded; whatever the model's chat template can say."""
    runs = {run: (case_folders[run[0]] / "trl/train.py", models / run[1]) for run in LEARNED}

    found = environments.last_line(TRAINERS, "learned_text.py", *(each for run in runs.values() for each in run))

    assert {run: found[f"{script} {model}"][:2] for run, (script, model) in runs.items()} == LEARNED


def test_axolotl_learns_the_supervised_turns_and_nothing_else(environments, models, case_folders):
    """The labels that Axolotl's own strategy makes of our rows, decoded."""
    folders = {name: case_folders[name] / "axolotl" for name in ("chat", "context-only-answers", "tools")}

    found = environments.last_line(TRAINERS, "learned_axolotl.py", models / "unmarked", *folders.values())

    assert {name: found[str(folder)] for name, folder in folders.items()} == {
        "chat": LEARNED["chat", "marked"],
        "context-only-answers": LEARNED["context-only-answers", "marked"],
        "tools": [
            ['{"town": "town 0", "days": 0}</s>', "It will be 0 degrees.</s>"],
            ['{"town": "town 1", "days": 1}</s>', "It will be 1 degrees.</s>"],
        ],
    }


def test_llama_factory_reads_our_files_and_learns_the_supervised_turns_alone(environments, models, case_folders):
    """Its own reader of arguments takes the file, its own loader makes the labels; it knows every template we name."""
    learned = {
        "chat": [
            "Answer 0.0: bread keeps, 0 times.<|eot_id|>",
            "Answer 1.0: rain keeps, 1 times.<|eot_id|>Answer 1.1: rain keeps, 1 times.<|eot_id|>",
        ],
        "context-only-answers": [
            "Answer 0.1: bread keeps, 0 times.<|eot_id|>",
            "Answer 1.1: rain keeps, 1 times.<|eot_id|>",
        ],
        "preferences": [
            ["Answer 0.0: bread keeps, 0 times.<|eot_id|>", "No idea, 0.<|eot_id|>"],
            ["Answer 1.0: rain keeps, 1 times.<|eot_id|>", "No idea, 1.<|eot_id|>"],
        ],
        "judgements": [
            ["Answer 0.0: bread keeps, 0 times.<|eot_id|>", False],
            ["Answer 1.1: rain keeps, 1 times.<|eot_id|>", True],
        ],
    }
    folders = {name: case_folders[name] / "llama-factory" for name in learned}

    found = environments.last_line(
        LLAMA_FACTORY,
        "check_llama_factory.py",
        models / "unmarked",
        *folders.values(),
        case_folders["texts"] / "llama-factory",
    )

    jobs = {name: found["jobs"][str(folder)] for name, folder in folders.items()}
    texts = found["jobs"][str(case_folders["texts"] / "llama-factory")]
    [first, second] = texts.pop("learned")
    assert (first + second).startswith("bread keeps in town 0, as told for 0 years.<|end_of_text|>rain keeps in town 1")
    assert texts == VALUES["texts"] | {"max_length": 63}  # it keeps one token for itself when it packs
    assert jobs == {name: VALUES[name] | {"learned": texts} for name, texts in learned.items()}
    assert {model.template for model in load_models().values()} <= set(found["templates"])
