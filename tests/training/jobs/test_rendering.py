"""A job's folder holds all that its trainers read: the same bytes every time, no row lost without a word."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from pipeline.errors import UsageError
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.registry import WRITTEN
from pipeline.training.jobs.rendering import Rendered, render_job
from tests.training.jobs.datasets import CONTEXT_ONLY, LONG, PLAIN, TOOLS, UNLEARNED, Ready, chat, long_question, ready
from tests.training.jobs.examples import LLAMA_8B, planned

Json = dict[str, object]


def _rows(done: Rendered, path: str) -> list[Json]:
    return [json.loads(line) for line in (done.folder / path).read_text("utf-8").splitlines()]


def _first(rows: list[object], folder: Path, target: str, **options: object) -> Json:
    """The first training row that a target gets."""
    with ready(folder, rows) as dataset:
        done = render_job(planned(dataset.facts, targets=(target,), **options), dataset.rows, folder / "job")
        return _rows(done, f"{target}/train.jsonl")[0]


@pytest.fixture
def dataset(tmp_path: Path) -> Iterator[Ready]:
    with ready(tmp_path, [*PLAIN, LONG, UNLEARNED]) as found:
        yield found


@pytest.fixture
def job(dataset: Ready) -> TrainingJob:
    return planned(dataset.facts, targets=WRITTEN, max_length=1024)


def test_same_dataset_same_job_same_bytes(dataset, job, tmp_path):
    one = render_job(job, dataset.rows, tmp_path / "one")
    other = render_job(job, dataset.rows, tmp_path / "other")

    assert one.files == other.files
    assert all((one.folder / f.path).read_bytes() == (other.folder / f.path).read_bytes() for f in one.files)


def test_rendering_twice_into_one_folder_replaces(dataset, job, tmp_path):
    assert render_job(job, dataset.rows, tmp_path / "job") == render_job(job, dataset.rows, tmp_path / "job")


def test_no_row_is_lost_without_a_word(dataset, job, tmp_path):
    done = render_job(job, dataset.rows, tmp_path / "job")

    assert done.dropped == {"answer-cut-off": 1, "nothing-supervised": 1}
    assert done.train_rows + done.validation_rows + 2 == dataset.facts.rows
    for target in ("trl", "axolotl", "llama-factory", "openai", "together"):  # a row a conversation
        kept = [_rows(done, f"{target}/{side}.jsonl") for side in ("train", "validation")]
        assert [len(rows) for rows in kept] == [done.train_rows, done.validation_rows]
        assert _rows(done, f"{target}/dropped_rows.jsonl") == [
            {"row": 81, "line": 81, "reason": "answer-cut-off"},
            {"row": 82, "line": 82, "reason": "nothing-supervised"},
        ]


def test_the_job_itself_stands_beside_its_targets(dataset, job, tmp_path):
    done = render_job(job, dataset.rows, tmp_path / "job")

    assert TrainingJob.model_validate_json((done.folder / "job.json").read_text()) == job
    assert [file.path for file in done.files if file.target == "llama-factory"] == [
        "llama-factory/dataset_info.json",
        "llama-factory/dropped_rows.jsonl",
        "llama-factory/explain.md",
        "llama-factory/requirements.txt",
        "llama-factory/train.jsonl",
        "llama-factory/train.yaml",
        "llama-factory/validation.jsonl",
    ]


def test_without_validation_rows_nothing_asks_for_them(tmp_path):
    with ready(tmp_path, PLAIN[:20]) as found:
        done = render_job(planned(found.facts, targets=WRITTEN), found.rows, tmp_path / "job")

    texts = {f.path: (done.folder / f.path).read_text() for f in done.files if not f.path.endswith((".md", ".jsonl"))}
    assert [path for path, text in texts.items() if "validation.jsonl" in text] == []
    assert 'eval_strategy: "no"' in texts["trl/config.yaml"]


def test_nothing_left_to_train_on_says_what_to_do(tmp_path):
    with ready(tmp_path, [long_question(number) for number in range(12)]) as found:
        job = planned(found.facts, max_length=512)

        with pytest.raises(UsageError) as caught:
            render_job(job, found.rows, tmp_path / "job")

    assert str(caught.value) == (
        "town_talk: expected rows with an answer within 512 tokens, found none; choose a larger max_length"
    )


ASK_0 = {"role": "user", "content": "Question 0.0: how bread keeps in town 0?"}
ASK_1 = {"role": "user", "content": "Question 0.1: how bread keeps in town 0?"}
SAY_0 = {"role": "assistant", "content": "Answer 0.0: bread keeps, 0 times."}
SAY_1 = {"role": "assistant", "content": "Answer 0.1: bread keeps, 0 times."}


@pytest.mark.parametrize(
    ("target", "row"),
    [
        ("trl", {"messages": [ASK_0, SAY_0, ASK_1, SAY_1]}),
        ("openai", {"messages": [ASK_0, SAY_0 | {"weight": 0}, ASK_1, SAY_1]}),
        ("together", {"messages": [ASK_0, SAY_0 | {"weight": 0}, ASK_1, SAY_1]}),
        ("unsloth", {"prompt": [ASK_0, SAY_0, ASK_1], "completion": [SAY_1]}),
        (
            "axolotl",
            {
                "messages": [
                    ASK_0 | {"train": False},
                    SAY_0 | {"train": False},
                    ASK_1 | {"train": False},
                    SAY_1 | {"train": True},
                ]
            },
        ),
        (
            "llama-factory",
            {
                "conversations": [
                    {"from": "human", "value": ASK_0["content"]},
                    {"from": "gpt", "value": SAY_0["content"]},
                    {"from": "human", "value": ASK_1["content"]},
                    {"from": "gpt", "value": SAY_1["content"]},
                ]
            },
        ),
    ],
)
def test_an_answer_of_weight_0_is_context_to_every_trainer(tmp_path, target, row):
    assert _first(CONTEXT_ONLY, tmp_path, target) == row


@pytest.mark.parametrize(
    ("target", "file", "line"),
    [
        ("trl", "config.yaml", '  learn_from: "last-answer"\n'),
        ("llama-factory", "train.yaml", "mask_history: true\n"),
    ],
)
def test_trainers_without_weights_learn_the_last_answer_of_a_row(tmp_path, target, file, line):
    """Two learned answers around one that is context: two rows, each with its own answer last."""
    mixed = chat(0, turns=3)
    mixed["messages"][3]["weight"] = 0
    with ready(tmp_path, [*PLAIN[1:], mixed]) as found:
        done = render_job(planned(found.facts, targets=(target,)), found.rows, tmp_path / "job")
        text = (done.folder / target / file).read_text()
        lengths = [len(next(iter(row.values()))) for row in _rows(done, f"{target}/train.jsonl")]

    assert line in text
    assert lengths[-2:] == [2, 6]


def test_calls_of_tools_reach_each_trainer_in_its_own_shape(tmp_path):
    shapes = {target: _first(TOOLS, tmp_path / target, target) for target in ("trl", "axolotl", "llama-factory")}

    arguments = {"town": "town 0", "days": 0}
    assert shapes["trl"]["messages"][2]["tool_calls"][0]["function"]["arguments"] == arguments
    assert json.loads(shapes["axolotl"]["messages"][2]["tool_calls"][0]["function"]["arguments"]) == arguments
    assert shapes["llama-factory"]["conversations"][2] == {
        "from": "function_call",
        "value": '{"name":"forecast","arguments":{"town":"town 0","days":0}}',
    }
    assert json.loads(shapes["axolotl"]["tools"]) == shapes["trl"]["tools"] == TOOLS[0]["tools"]


def test_what_a_row_cannot_hold_is_said(tmp_path):
    weighted = chat(90, turns=2)
    weighted["messages"][1]["weight"] = 0.5
    with ready(tmp_path, [*PLAIN, weighted]) as found:
        done = render_job(planned(found.facts, targets=("trl",)), found.rows, tmp_path / "job")
        text = (done.folder / "trl/explain.md").read_text()

    assert "- weights, or which answers are learned from: 1 conversation, the first in rows 81\n" in text


def test_a_name_cannot_leave_the_comment_it_stands_in(tmp_path):
    """A dataset is named by whoever uploads it, and a script is run by somebody else."""
    evil = "talk\nimport os; os.abort()\r\u2028key: value"
    with ready(tmp_path, PLAIN, name=evil) as found:
        done = render_job(planned(found.facts, targets=("trl", "unsloth")), found.rows, tmp_path / "job")
        texts = [(done.folder / path).read_text() for path in ("unsloth/train.py", "trl/config.yaml", "trl/explain.md")]

    assert [line for text in texts for line in text.splitlines() if line.startswith(("import os;", "key: value"))] == []
    assert all("talk import os; os.abort()  key: value" in text for text in texts)


def test_a_name_stays_text_in_the_explanation(tmp_path):
    """A page that draws it shows the name, and nothing that its owner wanted to have drawn."""
    evil = "<img src=x onerror=alert(1)> | [click](http://evil.example) `x` **b**"
    with ready(tmp_path, PLAIN, name=evil) as found:
        done = render_job(planned(found.facts, targets=("trl",)), found.rows, tmp_path / "job")
        tokens = (
            MarkdownIt("commonmark", {"html": True}).enable("table").parse((done.folder / "trl/explain.md").read_text())
        )

    inner = [child for token in tokens for child in token.children or []]
    assert {"html_inline", "link_open", "image", "strong_open"} & {child.type for child in inner} == set()
    assert [token.type for token in tokens if token.type == "html_block"] == []
    named = [
        "".join(child.content for child in token.children)
        for token in tokens
        if evil in str(token.content) or token.children
    ]
    assert sum(evil in text for text in named) == 2  # the heading, and the dataset


@pytest.mark.parametrize("target", ["trl", "axolotl", "llama-factory", "mlx-lm", "unsloth"])
@pytest.mark.parametrize(("template", "call_id"), [("qwen3", "c1"), ("mistral", "call00200")])
def test_ids_of_calls_are_as_the_models_template_takes_them(template, call_id, target, tmp_path):
    model = LLAMA_8B.model_copy(update={"template": template})

    row = _first(TOOLS, tmp_path, target, model=model)

    if target == "llama-factory":  # its rows name no call
        assert '"id"' not in json.dumps(row["conversations"])
        return
    messages = row.get("messages") or row["prompt"] + row["completion"]
    assert messages[2]["tool_calls"][0]["id"] == call_id
    assert {each["tool_call_id"] for each in messages if each["role"] == "tool"} <= {call_id}


def test_ids_that_the_file_did_not_have_are_no_loss(tmp_path):
    rows = json.loads(json.dumps(TOOLS))
    for message in (each for row in rows for each in row["messages"]):
        message.pop("tool_call_id", None)
        for call in message.get("tool_calls") or ():
            call.pop("id")
    with ready(tmp_path, rows) as found:
        done = render_job(planned(found.facts, targets=("llama-factory",)), found.rows, tmp_path / "job")
        text = (done.folder / "llama-factory/explain.md").read_text()

    assert "ids of tool calls" not in text
